"""What a person is asked before a payment of the bank is placed by hand."""

from functools import partial
from uuid import UUID

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.amounts import amount
from billing.admin.bank_words import (
    SUGGESTION_HEADERS,
    WHY,
    counterparty_of,
    money_of,
    said_by,
    suggestion_rows,
)
from billing.admin.close import name_of
from billing.models import BankEntry
from billing.services.bank import deciding
from billing.services.bank.books import open_files, open_payments
from billing.services.bank.deciding import Decision, NotPlaceable
from clearinghouse.retry import in_transaction
from partners.admin.confirm import NotPossible, Question, ReasonForm
from partners.admin.story import WARN, Facts, Note, Table
from partners.models import Partner

MATCH, UNALLOCATED, PAID_BACK, CHARGES, OWN = "match", "unallocated", "paid-back", "charges", "own"
# Verb: its button on the page, and whether it is for what came in, went out, or both.
VERBS = {
    MATCH: ("Match…", None),
    UNALLOCATED: ("To 2890…", True),
    PAID_BACK: ("Gave back…", False),
    CHARGES: ("Bank charges…", False),
    OWN: ("Own money…", None),
}


def may_decide(request) -> bool:
    """Say what money on the bank account is for."""
    return request.user.has_perm("billing.change_bankentry")


def verbs_of(entry: BankEntry) -> list[str]:
    """What can be decided about a payment that is not placed."""
    if entry.state not in (BankEntry.State.NEW, BankEntry.State.EXCEPTION):
        return []
    return [name for name, (_, way) in VERBS.items() if way in (None, entry.is_credit)]


class TargetForm(ReasonForm):
    """What it is for: a debt that is open, or a payment that was sent."""

    target = forms.ChoiceField(label="Is for", widget=UnfoldAdminSelectWidget)
    field_order = ("target", "reason")
    choices: list[tuple[str, str]] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = self.choices  # type: ignore[attr-defined]


class PartnerForm(ReasonForm):
    """Whose it is."""

    partner = forms.ModelChoiceField(Partner.objects.none(), widget=UnfoldAdminSelectWidget)
    field_order = ("partner", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Partner.objects.filter(is_clearing_house=False).order_by("name")
        self.fields["partner"].queryset = rows  # type: ignore[attr-defined]


class MaybePartnerForm(PartnerForm):
    """Whose it is, where that is known."""

    partner = forms.ModelChoiceField(
        Partner.objects.none(),
        required=False,
        empty_label="Nobody knows",
        widget=UnfoldAdminSelectWidget,
    )


def question_of(request, entry: BankEntry, verb: str) -> Question:
    """The page of a verb; it says why where it cannot be done."""
    problem = [] if verb in verbs_of(entry) else [Note("It is placed already.", tone=WARN)]
    title, sentence, form = _asked(entry, verb)
    if form is TargetForm:
        choices = [] if problem else _choices(entry)
        form = type("TargetFormOfOne", (TargetForm,), {"choices": choices})
        if not choices and not problem:
            problem = [Note("Nothing is open that it could be for.", tone=WARN)]
    return Question(
        title=title,
        sentence=sentence,
        button=title.removesuffix("?"),
        effect=[*problem, *story_of(entry)],
        form_class=form,
        is_possible=not problem,
        is_dangerous=verb != MATCH,
        act=partial(_act, request, entry, verb),
    )


def story_of(entry: BankEntry) -> list[object]:
    """The payment, why it waits, and what it may be for."""
    waits = getattr(entry, "exception", None)
    sections: list[object] = []
    if waits is not None and waits.resolved_at is None:
        sections.append(Note(WHY.get(waits.code, waits.code), tone=WARN, title="Waits"))
    sections.append(
        Facts(
            "Payment",
            [
                ("Amount", money_of(entry)),
                ("Counterparty", counterparty_of(entry)),
                ("Its account", entry.counterparty_account),
                ("Said", said_by(entry)),
                ("Booked", entry.booked_date),
                ("Return reason", entry.return_reason),
            ],
        )
    )
    if waits is not None and waits.suggestions and waits.resolved_at is None:
        rows = suggestion_rows(waits.suggestions, entry.currency)
        sections.append(Table("Suggestions", SUGGESTION_HEADERS, rows, frozenset({2})))
    return sections


def _asked(entry: BankEntry, verb: str) -> tuple[str, str, type[forms.Form]]:
    money = money_of(entry)
    if verb == MATCH:
        told = (
            "It pays the debt as far as it reaches; what is too much goes to 2890 of the partner."
            if entry.is_credit and not entry.is_reversal
            else "Only a payment of exactly this amount can be chosen."
        )
        return f"Match {money}?", told, TargetForm
    if verb == UNALLOCATED:
        told = "It stays a liability until it is paid back or agreed what it is for."
        return f"Book {money} on 2890?", told, MaybePartnerForm
    if verb == PAID_BACK:
        told = "It takes from 2890 what the partner had paid too much."
        return f"Did {money} give something back?", told, PartnerForm
    if verb == CHARGES:
        return f"Book {money} as bank charges?", "It goes to 6900.", ReasonForm
    return (
        f"Set {money} aside as own money?",
        "Nothing is posted: it is not of the clearing. The reason stays with your name.",
        ReasonForm,
    )


def _choices(entry: BankEntry) -> list[tuple[str, str]]:
    """Suggested ones first."""
    now = timezone.now()
    waits = getattr(entry, "exception", None)
    first = [one["target"] for one in waits.suggestions] if waits is not None else []
    if entry.is_credit and not entry.is_reversal:
        found = in_transaction(
            lambda: deciding.open_positions(entry.environment, entry.currency, now=now)
        )
        choices = [
            (
                f"position:{row.pk}",
                f"{row.partner}, {name_of(row.settlement.window)}:"
                f" {amount(minor, entry.currency)} open",
            )
            for row, minor in found
        ]
    else:
        choices = [
            (f"payment:{row.pk}", f"{row.end_to_end_id}: {row.partner}")
            for row in open_payments(entry, now=now)
        ]
        if not entry.is_credit:
            choices += [
                (f"file:{row.pk}", f"Payment file {row.message_id}, all that has not left")
                for row in open_files(entry, now=now)
            ]
    ranks = {key: place for place, key in enumerate(first)}
    return sorted(choices, key=lambda one: ranks.get(one[0].partition(":")[2], len(ranks)))


def _act(request, entry: BankEntry, verb: str, answers) -> str:
    decision = Decision(
        by=request.user.get_username(), reason=answers["reason"], now=timezone.now()
    )
    try:
        _decide(entry, verb, answers, decision)
    except NotPlaceable as error:
        raise NotPossible(f"Nothing was posted: {error}") from error
    return "Set aside." if verb == OWN else "Posted."


_PLACES = {
    "position": deciding.to_position,
    "payment": deciding.to_payment,
    "file": deciding.to_file,
}


def _decide(entry: BankEntry, verb: str, answers, decision: Decision) -> None:
    if verb == MATCH:
        kind, _, key = answers["target"].partition(":")
        _PLACES[kind](entry.pk, UUID(key), decision)
    elif verb == UNALLOCATED:
        partner = answers["partner"]
        deciding.to_unallocated(entry.pk, partner.pk if partner else None, decision)
    elif verb == PAID_BACK:
        deciding.paid_back(entry.pk, answers["partner"].pk, decision)
    elif verb == CHARGES:
        deciding.to_charges(entry.pk, decision)
    else:
        deciding.own_money(entry.pk, decision)
