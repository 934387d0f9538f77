"""A party's checklist: what stands, who saw which evidence when, and how it goes live."""

from functools import partial

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextInputWidget

from partners.admin.confirm import NoAnswers, NotPossible, Question, ReasonForm, ask
from partners.admin.people import decided_at
from partners.admin.story import (
    BAD,
    GOOD,
    INFO,
    WARN,
    ActionLink,
    Badge,
    Facts,
    Note,
    Step,
    Story,
    Table,
    Timeline,
    link,
)
from partners.models import AuditEvent, ChecklistStep, Environment, LiveActivation, Party
from partners.services import going_live
from partners.services.approvals import NotDecidable, is_approver
from partners.services.going_live import NotReady, Stands

_PAGE = "admin:partners_party_checklist"
decided_at("Party", _PAGE)


class EvidenceForm(forms.Form):
    """What was seen: said so that another finds it again."""

    evidence = forms.CharField(
        min_length=5,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Document, number and date, or where it is filed.",
    )


class Checklist:
    """The pages of one party's checklist, below the party's own."""

    def __init__(self, model_admin):
        self.admin = model_admin

    def urls(self):
        view = self.admin.admin_site.admin_view
        name = "partners_party_checklist"
        return [
            path("<uuid:party_id>/checklist/", view(self.page), name=name),
            path("<uuid:party_id>/checklist/ask/", view(self.ask_view), name=f"{name}_ask"),
            path(
                "<uuid:party_id>/checklist/approve/",
                view(self.approve_view),
                name=f"{name}_approve",
            ),
            path(
                "<uuid:party_id>/checklist/refuse/", view(self.refuse_view), name=f"{name}_refuse"
            ),
            path(
                "<uuid:party_id>/checklist/<str:item>/confirm/",
                view(self.confirm_view),
                name=f"{name}_confirm",
            ),
            path(
                "<uuid:party_id>/checklist/<str:item>/withdraw/",
                view(self.withdraw_view),
                name=f"{name}_withdraw",
            ),
        ]

    def page(self, request, party_id):
        party = self._party(request, party_id, self.admin.has_view_permission)
        return self.admin.tell(request, party, _story(request, self.admin, party))

    def confirm_view(self, request, party_id, item: str):
        party, stands = self._item(request, party_id, item)
        question = Question(
            title=f"Confirm: {stands.name}?",
            sentence=stands.todo or "It is confirmed already.",
            button="I have seen it",
            form_class=EvidenceForm,
            is_possible=stands.step is None and stands.has_fact,
            act=partial(_do, "Confirmed.", going_live.confirm, request, party, item),
        )
        return self._asked(request, party, question)

    def withdraw_view(self, request, party_id, item: str):
        party, stands = self._item(request, party_id, item)
        question = Question(
            title=f"Withdraw: {stands.name}?",
            sentence="What was confirmed is kept, but counts no more; a request to go live that"
            " waits is for what stood before and has to be made anew.",
            button="Withdraw",
            is_dangerous=True,
            is_possible=stands.step is not None,
            act=partial(_do, "Withdrawn.", going_live.withdraw, request, party, item),
        )
        return self._asked(request, party, question)

    def ask_view(self, request, party_id):
        party = self._party(request, party_id, self.admin.has_change_permission)
        stands = going_live.checklist(party, now=timezone.now())
        lacking = ", ".join(one.name for one in stands if one.todo)
        question = Question(
            title=f"Ask for LIVE for {party.code}?",
            sentence=f"It cannot go live yet. It lacks: {lacking}."
            if lacking
            else "A second person sees exactly these steps and lets it go live, or not.",
            button="Ask a second person",
            effect=[_table(party, stands)],
            is_possible=not lacking,
            form_class=ReasonForm,
            act=partial(
                _do, "Asked: a second person decides now.", going_live.request, request, party
            ),
        )
        return self._asked(request, party, question)

    def approve_view(self, request, party_id):
        party = self._party(request, party_id, self.admin.has_view_permission)
        if not _may_approve(request):
            raise PermissionDenied
        asked = going_live.open_request(party, now=timezone.now())
        question = Question(
            title=f"Let {party.code} go live?",
            sentence="Its LIVE party is opened now, with the same owner. Its connection, mandates"
            " and agreements in LIVE are approved by themselves.",
            button="Let it go live",
            effect=[_table(party, going_live.checklist(party, now=timezone.now()))],
            form_class=NoAnswers,
            is_possible=asked is not None,
            act=partial(_approve, request, party),
        )
        return self._asked(request, party, question)

    def refuse_view(self, request, party_id):
        party = self._party(request, party_id, self.admin.has_view_permission)
        if not _may_approve(request):
            raise PermissionDenied
        question = Question(
            title=f"Refuse to let {party.code} go live?",
            sentence="It stays in TEST, and who asked reads why in what happened. It can be asked"
            " for again.",
            button="Refuse",
            is_dangerous=True,
            is_possible=going_live.open_request(party, now=timezone.now()) is not None,
            act=partial(_refuse, request, party),
        )
        return self._asked(request, party, question)

    def _asked(self, request, party: Party, question: Question):
        return ask(request, self.admin, party, question, back_url=reverse(_PAGE, args=[party.pk]))

    def _item(self, request, party_id, item: str) -> tuple[Party, Stands]:
        party = self._party(request, party_id, self.admin.has_change_permission)
        for stands in going_live.checklist(party, now=timezone.now()):
            if stands.item == item:
                return party, stands
        raise Http404

    def _party(self, request, party_id, may) -> Party:
        party = self.admin.get_object(request, str(party_id))
        if not may(request, party):
            raise PermissionDenied
        if party is None or party.environment != Environment.TEST:
            raise Http404
        return party


def _do(done: str, act, request, party: Party, *rest) -> str:
    """``rest``: the item, where the act is about one, and what the form said."""
    *item, answers = rest
    try:
        act(party, *item, by=request.user, now=timezone.now(), **answers)
    except NotReady as error:
        raise NotPossible(str(error)) from error
    return done


def _approve(request, party: Party, answers) -> str:
    try:
        going_live.approve(party.pk, checker=request.user, now=timezone.now())
    except (NotReady, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return f"{party.code} is live."


def _refuse(request, party: Party, answers) -> str:
    try:
        going_live.refuse(
            party.pk, reason=answers["reason"], checker=request.user, now=timezone.now()
        )
    except (NotReady, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return f"{party.code} stays in TEST."


def _may_approve(request) -> bool:
    return is_approver(request.user, going_live.RIGHT)


def _story(request, model_admin, party: Party) -> Story:
    now = timezone.now()
    stands = going_live.checklist(party, now=now)
    live = going_live.activation_of(party)
    return Story(
        [
            _next_step(request, party, stands, live),
            Facts(
                "",
                [
                    ("Party", link(party)),
                    ("Role", party.get_role_display()),
                    ("Live as", link(live.live_party, live.live_party.code) if live else None),
                    ("Live since", live.activated_at if live else None),
                    ("Asked for by", live.approval.maker if live else None),
                    ("Let go live by", live.approval.checker if live else None),
                ],
            ),
            _table(party, stands, may_change=not live and _may_change(request, model_admin)),
            *_timeline(party),
        ],
        [] if live else _actions(request, model_admin, party, stands),
    )


def _may_change(request, model_admin) -> bool:
    return model_admin.has_change_permission(request)


def _next_step(request, party: Party, stands: list[Stands], live: LiveActivation | None) -> Note:
    if live:
        return Note(
            "Approve its LIVE connection and mandates, and put its agreements in force.",
            GOOD,
            "It is live",
        )
    lacking = [one.name for one in stands if one.todo]
    if lacking:
        return Note(f"It lacks: {', '.join(lacking)}.", WARN, "It cannot go live yet")
    asked = going_live.open_request(party, now=timezone.now())
    if asked is None:
        return Note("Every step stands: ask a second person to let it go live.", INFO)
    if asked.maker_id == request.user.pk:
        return Note("You asked for it. A second person must look at it and let it.", WARN)
    who = "You can decide." if _may_approve(request) else "An approver decides."
    return Note(f"{asked.maker} asked for LIVE: “{asked.reason}”. {who}", WARN)


def _table(party: Party, stands: list[Stands], *, may_change: bool = False) -> Table:
    rows = [
        (
            one.name,
            _state(one),
            one.step.evidence if one.step else one.todo,
            one.step.confirmed_by if one.step else "",
            one.step.confirmed_at if one.step else "",
            *([_act(party, one)] if may_change else []),
        )
        for one in stands
    ]
    headers = ("Step", "State", "Evidence, or what to do", "Seen by", "When")
    return Table("Checklist", (*headers, "") if may_change else headers, rows)


def _state(one: Stands) -> Badge:
    if one.step and one.todo:
        return Badge("holds no more", BAD)
    return Badge("confirmed", GOOD) if one.step else Badge("lacking", WARN)


def _act(party: Party, one: Stands):
    if one.step is None and not one.has_fact:
        return ""
    name, text = ("withdraw", "Withdraw…") if one.step else ("confirm", "Confirm…")
    url = reverse(f"{_PAGE}_{name}", args=[party.pk, one.item])
    return format_html('<a class="ch-link" href="{}">{}</a>', url, text)


def _actions(request, model_admin, party: Party, stands: list[Stands]) -> list[ActionLink]:
    if any(one.todo for one in stands):
        return []
    asked = going_live.open_request(party, now=timezone.now())
    if asked is None:
        may_ask = _may_change(request, model_admin)
        return [ActionLink("Ask for LIVE…", reverse(f"{_PAGE}_ask", args=[party.pk]))] * may_ask
    if asked.maker_id == request.user.pk or not _may_approve(request):
        return []
    approve, refuse = (
        reverse(f"{_PAGE}_{name}", args=[party.pk]) for name in ("approve", "refuse")
    )
    return [
        ActionLink("Look at it and let it go live…", approve),
        ActionLink("Refuse…", refuse, is_dangerous=True),
    ]


def _timeline(party: Party) -> list[Timeline]:
    names = dict(ChecklistStep.Item.choices)
    events = AuditEvent.objects.filter(
        object_type="partners.Party", object_id=str(party.pk), action__startswith="party."
    ).order_by("at", "pk")
    steps = [
        Step(
            event.at,
            event.action.removeprefix("party.").replace("_", " "),
            " ".join(
                part
                for part in (
                    str(names.get((event.after or {}).get("item", ""), "")),
                    event.reason,
                    f"by {event.actor}",
                )
                if part
            ),
        )
        for event in events
    ]
    return [Timeline("What happened", steps)] if steps else []
