"""Where a partner stands in its life: the next steps with what they lack, and what each allows."""

from datetime import datetime, time, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners import queries
from partners.admin.confirm import NotPossible, Question, ReasonForm, ask
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
)
from partners.models import Partner, PartnerState
from partners.rules.life import CLOSING, EFFECTS, LEFT, STEPS, Effect, Stand, StepRefused, standing
from partners.services import life

PAGE = "admin:partners_partner_life"
_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
STATE_TONES = {
    "ACTIVE": GOOD,
    "ONBOARDING": INFO,
    "PROSPECT": INFO,
    "SUSPENDED": BAD,
    "LEAVING": WARN,
    LEFT: WARN,
}
TOLD = {LEFT: "LEAVING, service ended", "": "NO STATE YET"}


class _Words(NamedTuple):
    """What the page of a step asks."""

    button: str
    question: str
    sentence: str
    is_dangerous: bool = False


_STEPS = {
    "PROSPECT": _Words(
        "Note it as a prospect",
        "Note {} as a prospect?",
        "It may be spoken with; nothing of it is served.",
    ),
    "ONBOARDING": _Words(
        "Begin its onboarding",
        "Begin the onboarding of {}?",
        "It may try everything in TEST. It is ACTIVE once two persons let a party of it go live.",
    ),
    "ACTIVE": _Words(
        "Make it active",
        "Make {} active?",
        "Its parties are served from now on; records that were held for it are checked again.",
    ),
    "SUSPENDED": _Words(
        "Suspend",
        "Suspend {}?",
        "From now on no session of it begins, its records are held and payouts wait. Who is"
        " charging now may finish.",
        is_dangerous=True,
    ),
    "LEAVING": _Words(
        "It leaves",
        "Note that {} leaves?",
        "It is served to the end of the last day, in Brussels. What started before settles,"
        " whenever its record comes; clients are revoked at that midnight.",
        is_dangerous=True,
    ),
    "CLOSED": _Words(
        "Close for good",
        "Close {} for good?",
        "Nothing of it can be changed any more; its people still read its documents. This cannot"
        " be taken back.",
        is_dangerous=True,
    ),
}
_AGAIN = _Words(
    "Change the last day",
    "Let {} leave on another day?",
    "The day that was noted before counts no more.",
)
_STAYS = _Words("It stays", "Does {} stay?", "The notice is withdrawn; it is ACTIVE as before.")


class NoticeForm(ReasonForm):
    """Until when it is served."""

    last_day = forms.DateField(
        label="Last day of service",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="The whole day is served, in Brussels.",
    )
    field_order = ("last_day", "reason")


class LifePages:
    """The pages of one partner's life, below the partner's own."""

    def __init__(self, model_admin):
        self.admin = model_admin

    def urls(self):
        view = self.admin.admin_site.admin_view
        name = "partners_partner_life"
        return [
            path("<uuid:partner_id>/life/", view(self.page), name=name),
            path("<uuid:partner_id>/life/<slug:to>/", view(self.step_view), name=f"{name}_step"),
        ]

    def page(self, request, partner_id):
        partner = self._partner(request, partner_id, self.admin.has_view_permission)
        return self.admin.tell(request, partner, _story(request, self.admin, partner))

    def step_view(self, request, partner_id, to: str):
        partner = self._partner(request, partner_id, self.admin.has_change_permission)
        now = timezone.now()
        to = to.upper()
        if to not in EFFECTS or to == LEFT:
            raise Http404
        stand = queries.current_stand(partner, now=now)
        words = _words(stand.state, to)
        lacking = life.lacks(partner, to, now=now)
        is_possible = to in life.possible_steps(partner, now=now) and not lacking
        question = Question(
            title=words.question.format(partner.name),
            sentence=words.sentence if is_possible else _why_not(stand.state, to, lacking),
            button=words.button,
            effect=[
                *(_closing(partner, now) if to == PartnerState.State.CLOSED else []),
                _change(_stands(stand, now), to),
            ],
            form_class=NoticeForm if to == PartnerState.State.LEAVING else ReasonForm,
            is_dangerous=words.is_dangerous,
            is_possible=is_possible,
            act=partial(_take, request, partner, to),
        )
        return ask(
            request, self.admin, partner, question, back_url=reverse(PAGE, args=[partner.pk])
        )

    def _partner(self, request, partner_id, may) -> Partner:
        partner = self.admin.get_object(request, str(partner_id))
        if not may(request, partner):
            raise PermissionDenied
        if partner is None or partner.is_clearing_house:
            raise Http404
        return partner


# What other rooms offer: a label, and the URL name of a page that takes the partner's id.
_OFFERED: list[tuple[str, str]] = []


def also_offer(label: str, page: str) -> None:
    """Let ``page`` of another room be reached from a partner's life."""
    if (label, page) not in _OFFERED:
        _OFFERED.append((label, page))


def end_of(day) -> datetime:
    """The first instant after a day in Brussels."""
    return datetime.combine(day + timedelta(days=1), time(), _ZONE)


def _take(request, partner: Partner, to: str, answers) -> str:
    last_day = answers.get("last_day")
    try:
        life.step(
            partner,
            to,
            reason=answers["reason"],
            actor=request.user.get_username(),
            now=timezone.now(),
            service_ends_at=end_of(last_day) if last_day else None,
        )
    except StepRefused as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return f"{partner.name} is {to}."


def _words(before: str, to: str) -> _Words:
    if before == "LEAVING":
        return {"LEAVING": _AGAIN, "ACTIVE": _STAYS}.get(to, _STEPS[to])
    return _STEPS[to]


def _why_not(before: str, to: str, lacking: list[str]) -> str:
    if to == PartnerState.State.CLOSED and to in STEPS[before]:
        return "Not yet: see below what is open."
    if lacking and to in STEPS[before]:
        return f"Not yet. {' '.join(lacking)}"
    return f"{before or 'A new partner'} does not become {to} now."


def _story(request, model_admin, partner: Partner) -> Story:
    now = timezone.now()
    stand = queries.current_stand(partner, now=now)
    stands = _stands(stand, now)
    steps = life.possible_steps(partner, now=now)
    return Story(
        [
            _next(partner, stand.state, now),
            Facts(
                "Today",
                [
                    ("Stands", Badge(TOLD.get(stands, stands), STATE_TONES.get(stands, ""))),
                    ("Since", stand.starts_at),
                    ("Service ends", stand.service_ends_at),
                    *_cells(EFFECTS[stands]),
                ],
            ),
            *(_closing(partner, now) if stand.state == "LEAVING" else []),
            _timeline(partner),
            _effects(stands),
        ],
        [
            *_actions(request, model_admin, partner, stand.state, steps),
            *(ActionLink(label, reverse(page, args=[partner.pk])) for label, page in _OFFERED),
        ],
    )


def _stands(stand: Stand, now: datetime) -> str:
    return standing(stand.state, service_ends_at=stand.service_ends_at, at=now)


def next_step(partner: Partner, now: datetime) -> str:
    """Where it stands and what comes next, in a line for the partner's own page."""
    stand = queries.current_stand(partner, now=now)
    note = _next(partner, stand.state, now)
    stands = _stands(stand, now)
    parts = (TOLD.get(stands, stands), note.title, note.text)
    return ". ".join(str(part).rstrip(".") for part in parts if part) + "."


# What usually comes next; who is ACTIVE has nothing to do.
_USUAL = {
    "": "PROSPECT",
    "PROSPECT": "ONBOARDING",
    "ONBOARDING": "ACTIVE",
    "SUSPENDED": "ACTIVE",
    "LEAVING": "CLOSED",
}


def _next(partner: Partner, state: str, now: datetime) -> Note:
    to = _USUAL.get(state)
    if to is None:
        if state == "CLOSED":
            return Note("Its life here has ended. Its documents stay readable.", INFO)
        return Note("It is served. Nothing has to be done.", GOOD)
    title = f"Next: {_words(state, to).button.lower()}"
    if state == "LEAVING":
        waiting = [CLOSING[one.item] for one in life.open_ends(partner, now=now) if one.todo]
        if waiting:
            return Note(f"Still open: {'; '.join(waiting)}.", WARN, title)
    elif lacking := life.lacks(partner, to, now=now):
        return Note(" ".join(lacking), WARN, title)
    return Note("Nothing is lacking for it.", GOOD, title)


def _actions(request, model_admin, partner: Partner, state: str, steps) -> list[ActionLink]:
    if not model_admin.has_change_permission(request, partner):
        return []
    return [
        ActionLink(
            f"{_words(state, to).button}…",
            reverse(f"{PAGE}_step", args=[partner.pk, to.lower()]),
            _words(state, to).is_dangerous,
        )
        for to in steps
    ]


def _closing(partner: Partner, now: datetime) -> list[Table]:
    """The checklist of the last step."""
    rows = [
        (
            CLOSING[one.item],
            Badge("open", WARN) if one.todo else Badge("done", GOOD),
            one.todo or one.told,
        )
        for one in life.open_ends(partner, now=now)
    ]
    return [Table("Before it is closed", ("Item", "State", "What to do"), rows)]


def _timeline(partner: Partner) -> Timeline:
    rows = partner.states.order_by("-starts_at")
    return Timeline(
        "Its life",
        [
            Step(row.starts_at, row.state, _of_step(row), STATE_TONES.get(row.state, ""))
            for row in rows
        ],
    )


def _of_step(row: PartnerState) -> str:
    ends_at = row.service_ends_at
    until = f"Served until {ends_at.astimezone(_ZONE):%Y-%m-%d %H:%M}. " if ends_at else ""
    return f"{until}{row.reason} (by {row.actor})"


def _cells(effect: Effect) -> list[tuple[str, str]]:
    return [
        ("Authorization", effect.authorization),
        ("Intake", effect.intake),
        ("Clearing", effect.clearing),
        ("Payout", effect.payout),
        ("Portal and systems", effect.portal),
    ]


def _effects(stands: str) -> Table:
    """The whole table; where the partner stands is marked by a word."""
    names = [name for name, _ in _cells(EFFECTS[stands])]
    rows = [
        (
            Badge(f"{TOLD.get(state, state)} (now)", GOOD) if state == stands
            else TOLD.get(state, state),
            *(text for _, text in _cells(effect)),
        )
        for state, effect in EFFECTS.items()
        if state
    ]  # fmt: skip
    return Table("What each state does", ("State", *names), rows, is_folded=True)


def _change(before: str, to: str) -> Table:
    """What the step changes, cell by cell."""
    rows = [
        (name, old, new)
        for (name, old), (_, new) in zip(_cells(EFFECTS[before]), _cells(EFFECTS[to]), strict=True)
    ]
    return Table("What changes", ("", "Now", f"As {to}"), rows)
