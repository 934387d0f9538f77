"""What the portal's pages of disputes show, in the words of the side that looks."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django import forms
from django.utils.translation import gettext, gettext_noop

from roaming.models import Dispute, DisputeEvent, Match, Sdr, SdrState
from roaming.queries import Reader
from roaming.queries_chain import lines_of as chain_lines
from roaming.rules import dispute as rules
from roaming.views.dispute_forms import VERBS, FileForm, VerbAsked

_ASKED_FROM = {
    "CSP": gettext_noop("the provider"),
    "CSO": gettext_noop("the operator"),
    "BOTH": gettext_noop("both sides"),
}
_DONE = {
    "open": gettext_noop("Opened"),
    "confirm": gettext_noop("Confirmed"),
    "accept": gettext_noop("Accepted"),
    "reject": gettext_noop("Rejected"),
    "partial": gettext_noop("Offered a part"),
    "agree": gettext_noop("Agreed"),
    "contest": gettext_noop("Contested"),
    "withdraw": gettext_noop("Withdrawn"),
    "appeal": gettext_noop("Appealed"),
    "message": gettext_noop("Message"),
    "attach": gettext_noop("File added"),
    "mediate": gettext_noop("Taken into mediation"),
    "decide": gettext_noop("Decided"),
    "stop_clock": gettext_noop("Clock stopped"),
    "start_clock": gettext_noop("Clock started again"),
    "remind": gettext_noop("Reminded of the deadline"),
    "expire": gettext_noop("Deadline passed"),
    "drop": gettext_noop("Dropped, never confirmed"),
    "replace": gettext_noop("Replaced by a record of the agreed amount"),
    "overtake": gettext_noop("The operator corrected the record itself"),
    "split": gettext_noop("The undisputed part stands"),
}


class Line(NamedTuple):
    """A dispute in the list."""

    dispute_id: UUID
    number: str
    sdr_id: str
    counterparty: str
    reason: str
    disputed_amount: Decimal | None
    currency: str
    stage: str
    is_closed: bool
    is_your_turn: bool
    deadline_at: datetime | None


class StepTold(NamedTuple):
    """One step or message."""

    at: datetime
    title: str
    who: str
    amount: Decimal | None
    text: str


class Offered(NamedTuple):
    """A verb that the viewer may do now, with its empty form."""

    verb: str
    asked: VerbAsked
    form: forms.Form


def lines_of(rows: list[Dispute], *, owned: set[UUID]) -> list[Line]:
    ids = [row.record_id for row in rows if row.record_id]
    names = dict(Sdr.objects.filter(id__in=ids).values_list("id", "sdr_id"))
    return [_line(row, names, owned) for row in rows]


def _line(dispute: Dispute, names: dict[UUID, str], owned: set[UUID]) -> Line:
    other = dispute.buyer if dispute.seller_id in owned else dispute.seller
    turn = rules.waits_for(dispute.stage, is_confirmed=dispute.is_confirmed)
    party = {rules.CSO: dispute.seller_id, rules.CSP: dispute.buyer_id}.get(turn)
    return Line(
        dispute_id=dispute.pk,
        number=dispute.number,
        sdr_id=names.get(dispute.record_id, "") if dispute.record_id else "",
        counterparty=other.code,
        reason=f"{dispute.reason} {gettext(rules.REASONS[dispute.reason].title)}",
        disputed_amount=dispute.disputed_amount,
        currency=dispute.currency,
        stage=_stage(dispute),
        is_closed=dispute.closed_at is not None,
        is_your_turn=party in owned and dispute.closed_at is None,
        deadline_at=None if dispute.closed_at else dispute.deadline_at,
    )


def detail_of(
    dispute: Dispute, *, sides: frozenset[str], state: SdrState | None, reader: Reader
) -> dict[str, object]:
    """Everything of one dispute's page but the notes of this request."""
    reason = rules.REASONS[dispute.reason]
    sdr = Sdr.objects.get(sender=state.sender_id, id=state.id) if state else None
    turn = rules.waits_for(dispute.stage, is_confirmed=dispute.is_confirmed)
    chain = chain_lines(dispute.record_id, reader=reader) if dispute.record_id else []
    return {
        "dispute": dispute,
        "sdr": sdr,
        "match": _match(dispute),
        "reason": reason,
        "asked_from": gettext(_ASKED_FROM[reason.asked_from]),
        "stage": _stage(dispute),
        "is_your_turn": turn in sides and dispute.closed_at is None,
        "next_step": _next_step(dispute),
        "steps": [_step(event) for event in dispute.events.all()],
        "files": dispute.attachments.order_by("id"),
        "offered": _offered(dispute, sides),
        "file_form": FileForm() if _may(dispute, "attach", sides) else None,
        "chain": chain if len(chain) > 1 else [],
        "chain_sum": sum((line.counted_amount for line in chain), Decimal(0)),
    }


def words_of(form: forms.Form) -> list[str]:
    """What is wrong with a form, with the field's name."""
    return [
        f"{form.fields[name].label or name.capitalize()}: {error}"
        if name in form.fields
        else str(error)
        for name, errors in form.errors.items()
        for error in errors
    ]


def _stage(dispute: Dispute) -> str:
    return _plainly(rules.stage_in_words(dispute.stage, is_confirmed=dispute.is_confirmed))


def _next_step(dispute: Dispute) -> str:
    step = rules.next_step(
        dispute.stage,
        dispute.outcome,
        is_confirmed=dispute.is_confirmed,
        is_replaced=dispute.replacement_id is not None,
    )
    return _plainly(step)


def _plainly(text: str) -> str:
    """Partners' people are operators and providers, not abbreviations."""
    return gettext(plain_words(text))


def plain_words(text: str) -> str:
    """The English of it; catalogs translate this."""
    return text.replace("CSO", "operator").replace("CSP", "provider")


def _match(dispute: Dispute) -> Match | None:
    if dispute.record_id is None:
        return None
    matches = Match.objects.filter(seller=dispute.seller_id, is_current=True)
    return matches.filter(record_id=dispute.record_id, counter_id__isnull=False).first()


def _step(event: DisputeEvent) -> StepTold:
    who = {
        "CSP": gettext("Provider"),
        "CSO": gettext("Operator"),
        "HOUSE": gettext("Clearing house"),
    }.get(event.side, "")
    title = gettext(_DONE.get(event.verb, event.verb.capitalize()))
    return StepTold(event.at, title, who, event.amount, event.text)


def _offered(dispute: Dispute, sides: frozenset[str]) -> list[Offered]:
    return [
        Offered(verb, asked, asked.form_class(auto_id=f"{verb}_%s"))
        for verb, asked in VERBS.items()
        if _may(dispute, verb, sides)
    ]


def _may(dispute: Dispute, verb: str, sides: Iterable[str]) -> bool:
    allowed, _ = rules.TRANSITIONS.get((dispute.stage, verb), (frozenset(), ""))
    if verb == "confirm" and dispute.is_confirmed:
        return False
    if verb in ("accept", "reject", "partial") and not dispute.is_confirmed:
        return False
    return bool(allowed & set(sides))
