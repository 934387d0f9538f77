"""What the house does to a dispute: each act asks first, has a name, and is audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextareaWidget

from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import ActionLink, Table
from partners.models import User
from partners.services import audit
from roaming.admin.dispute_story import money
from roaming.models import Dispute
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import dispute_effects as effects
from roaming.services import dispute_owner, disputes
from roaming.services.disputes import Actor


class WordsForm(forms.Form):
    """What both sides will read."""

    text = forms.CharField(
        label="In words",
        min_length=5,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="Both sides read it. Name no driver.",
    )


class DecisionForm(WordsForm):
    """What the record is worth, and why."""

    amount = forms.DecimalField(
        label="The record is worth",
        max_digits=18,
        # As many as a claim has: the CSO is right at exactly its claim.
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    text = forms.CharField(
        label="Grounds",
        min_length=20,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="Both sides read them: what you looked at, and why it decides.",
    )
    field_order = ("amount", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """How one verb is asked for."""

    label: str
    title: str
    sentence: str
    button: str
    done: str
    form_class: type[forms.Form] = WordsForm
    is_dangerous: bool = False


_ACTS: Mapping[str, _Act] = {
    "mediate": _Act(
        label="Take into mediation…",
        title="Take {number} into mediation?",
        sentence="You become its owner. Both sides are told; you have ten days to decide, and the"
        " absolute end of the dispute goes on counting. This cannot be undone.",
        button="Take it into mediation",
        done="{number} is in mediation.",
    ),
    "decide": _Act(
        label="Decide…",
        title="Decide {number}?",
        sentence="The decision cannot be undone by you: it takes effect after five days unless a"
        " side appeals, and an appeal is decided by somebody else.",
        button="Decide",
        done="{number} is decided; both sides have five days to appeal.",
        form_class=DecisionForm,
        is_dangerous=True,
    ),
    "stop_clock": _Act(
        label="Stop the clock…",
        title="Stop the clock of {number}?",
        sentence="No deadline passes until you start it again; the time it stands is added to"
        " every deadline.",
        button="Stop the clock",
        done="The clock of {number} stands still.",
    ),
    "start_clock": _Act(
        label="Start the clock…",
        title="Start the clock of {number} again?",
        sentence="Every deadline moves by as long as the clock stood still.",
        button="Start the clock",
        done="The clock of {number} runs again.",
    ),
    "message": _Act(
        label="Write to both sides…",
        title="Write to both sides of {number}",
        sentence="The message becomes part of the dispute's story and cannot be taken back.",
        button="Send",
        done="Both sides are told.",
    ),
    "own": _Act(
        label="Make it mine…",
        title="Become the owner of {number}?",
        sentence="Staff see that you look after it. Partners do not, and no deadline changes.",
        button="Make it mine",
        done="You are the owner of {number}.",
    ),
}


def may_act(request) -> bool:
    return request.user.has_perm("roaming.change_dispute")


def links(dispute: Dispute, *, user: User) -> list[ActionLink]:
    """The buttons of what the table lets the house do now."""
    return [
        ActionLink(
            act.label,
            reverse("admin:roaming_dispute_act", args=[dispute.pk, verb]),
            act.is_dangerous,
        )
        for verb, act in _ACTS.items()
        if _is_possible(dispute, verb) and not (verb == "own" and dispute.owner_id == user.pk)
    ]


def ask_to(request, model_admin, dispute: Dispute, verb: str):
    act = _ACTS.get(verb)
    if act is None:
        raise Http404

    def do(answers) -> str:
        return _do(request, dispute, verb, answers)

    return ask(
        request,
        model_admin,
        dispute,
        Question(
            title=act.title.format(number=dispute.number),
            sentence=act.sentence
            if _is_possible(dispute, verb)
            else "This is not possible at the present stage.",
            button=act.button,
            act=do,
            effect=[_what_amounts_mean(dispute)] if verb == "decide" else [],
            form_class=act.form_class,
            is_dangerous=act.is_dangerous,
            is_possible=_is_possible(dispute, verb),
        ),
    )


def _is_possible(dispute: Dispute, verb: str) -> bool:
    if verb == "own":
        return dispute.closed_at is None
    sides, _ = rules.TRANSITIONS.get((dispute.stage, verb), (frozenset(), ""))
    if verb in ("stop_clock", "start_clock"):
        is_stopped = dispute.clock_stopped_at is not None
        return rules.HOUSE in sides and is_stopped == (verb == "start_clock")
    return rules.HOUSE in sides


def _do(request, dispute: Dispute, verb: str, answers) -> str:
    now, text = timezone.now(), answers["text"]
    by = Actor(side=rules.HOUSE, name=request.user.get_username())
    try:
        with transaction.atomic():
            if verb in ("own", "mediate"):
                dispute_owner.assign(dispute.pk, request.user)
            if verb != "own":
                amount: Decimal | None = answers.get("amount")
                disputes.act(dispute.pk, verb, by=by, now=now, amount=amount, text=text)
            audit.record(
                f"dispute.{verb}",
                dispute,
                actor=by.name,
                at=now,
                reason=text,
                before={"stage": dispute.stage},
                after={"amount": str(answers["amount"])} if answers.get("amount") else None,
            )
    except DisputeRefused as refused:
        raise NotPossible(str(refused)) from refused
    return _ACTS[verb].done.format(number=dispute.number)


def _what_amounts_mean(dispute: Dispute) -> Table:
    low, high = effects.floor(dispute), effects.claim(dispute)
    currency = dispute.currency
    lower = "The record is credited" if dispute.is_after_acceptance else "The record falls"
    part = "credited and sent again" if dispute.is_after_acceptance else "replaced"
    rows = [
        (money(high, currency), "The CSO is right", "The record stands"),
        ("in between", "Each in part", f"The record is {part} at that amount"),
        (
            money(low, currency),
            "The CSP is right",
            lower if low == 0 else f"The record is {part} at that amount",
        ),
    ]
    if dispute.offered_amount not in (None, low, high):
        offer = money(dispute.offered_amount, currency)
        rows.insert(1, (offer, "As the CSO offered", "Its last answer stands"))
    return Table("What an amount means", ("Worth", "Who is right", "Then"), rows, frozenset({0}))
