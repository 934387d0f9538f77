"""What came in for the positions of a settlement, what is final of it, and what is on its way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from billing.models import (
    Allocation,
    BankMatch,
    DefaultCase,
    Payment,
    Position,
    Settlement,
    WriteOff,
)
from billing.rules.payment_dates import Channel, final_date
from billing.rules.payment_states import GONE, Told, follow_up
from partners.models import BankAccount, SettlementGroup


@dataclass(slots=True, kw_only=True)
class Money:
    """What moved for one position, in minor units.

    ``due_minor``: + the partner gets, − it pays; after a default was unwound what is left of it.
    ``received_minor`` came in and was not given back, ``final_minor`` of it cannot be any more.
    ``covered_minor`` was paid for it: from cover, or written off. ``under_way_minor``: payments
    proposed, sent or booked that did not come back; ``sent_minor``: of these, those that left us;
    ``booked_minor``: those that left the bank.
    """

    position_id: UUID
    partner_id: UUID
    due_minor: int
    received_minor: int = 0
    final_minor: int = 0
    covered_minor: int = 0
    under_way_minor: int = 0
    sent_minor: int = 0
    booked_minor: int = 0
    is_defaulted: bool = False
    is_of_house: bool = False


def money_of(settlement: Settlement, *, on: date) -> dict[UUID, Money]:
    """What moved for each position until now; final is what is final on that day."""
    rows = Position.objects.filter(settlement=settlement).select_related("partner")
    found = {
        row.pk: Money(
            position_id=row.pk,
            partner_id=row.partner_id,
            due_minor=row.due_minor,
            is_of_house=row.partner.is_clearing_house,
        )
        for row in rows
    }
    _receive(found, on=on)
    _pay(found)
    for position, minor in _sums(WriteOff.objects.filter(position__in=found), "position"):
        found[position].covered_minor += minor
    for position, minor in _sums(_allocations(found), "position"):
        # It came in long ago, too much for what it was meant for then.
        found[position].received_minor += minor
        found[position].final_minor += minor
    _default(found, settlement)
    return found


def _allocations(positions: Iterable[UUID]) -> QuerySet[Allocation]:
    """What 2890 paid of the debts themselves, without what was charged for their lateness."""
    return Allocation.objects.filter(position__in=list(positions), charge__isnull=True)


def _receive(found: dict[UUID, Money], *, on: date) -> None:
    """Receipts less what was taken back again. What came as a debit is final later."""
    matches = BankMatch.objects.filter(purpose__in=["PAY_IN", "RETURN"]).annotate(
        of=Coalesce("position", "payment__position")
    )
    rows = matches.filter(of__in=found).values_list(
        "of",
        "purpose",
        "amount_minor",
        "payment__purpose",
        "entry__booked_date",
        "entry__value_date",
    )
    for position, purpose, minor, paid_as, booked, valued in rows:
        if purpose == "RETURN" and paid_as in _PAID_OUT:
            continue
        money = found[position]
        if purpose == "RETURN":
            money.received_minor -= minor
            money.final_minor -= minor
            continue
        money.received_minor += minor
        channel = Channel.SDD_B2B if paid_as == Payment.Purpose.COLLECTION else Channel.SCT
        day = booked or valued
        if day is not None and final_date(channel, day) <= on:
            money.final_minor += minor
    for money in found.values():
        money.received_minor = max(0, money.received_minor)
        money.final_minor = max(0, money.final_minor)


_PAID_OUT = (Payment.Purpose.PAYOUT, Payment.Purpose.PAY_BACK, Payment.Purpose.COVER_OUT)


def _pay(found: dict[UUID, Money]) -> None:
    rows = live_payments().filter(position__in=found)
    for position, state, minor in rows.values_list("position", "state", "amount_minor"):
        money = found[position]
        money.under_way_minor += minor
        if state != Payment.State.PROPOSED:
            money.sent_minor += minor
        if state == Payment.State.BOOKED:
            money.booked_minor += minor


def _default(found: dict[UUID, Money], settlement: Settlement) -> None:
    """What was covered, or what each is due after the defaulter was taken out.

    A central counterparty pays the others all the same: the loss is its own.
    """
    by_partner = {money.partner_id: money for money in found.values()}
    is_ccp = settlement.window.group.model == SettlementGroup.Model.CCP
    for case in settlement.defaults.order_by("handled_at", "pk"):
        money = by_partner.get(case.partner_id)
        if money is None:
            continue
        money.is_defaulted = True
        if case.outcome == DefaultCase.Outcome.UNWOUND:
            money.due_minor = 0
            for partner, minor in case.positions.items():
                by_partner[UUID(partner)].due_minor = minor
        else:
            drawn = sum(minor for _, minor in case.draws)
            money.covered_minor += case.owed_minor if is_ccp else drawn


def live_payments() -> QuerySet[Payment]:
    """Payments that were not refused, given back or cancelled."""
    return Payment.objects.exclude(state__in=GONE)


def final_pot(money: Iterable[Money], *, house: UUID) -> int:
    """What creditors can be paid from: final pay-ins up to what each owes, and what covers them.

    What the clearing house owes itself is there.
    """
    pot = 0
    for row in money:
        if row.due_minor < 0:
            owed = -row.due_minor
            is_own = row.partner_id == house
            pot += owed if is_own else min(owed, row.final_minor + row.covered_minor)
    return pot


def waits_for_bank_data(positions: Iterable[UUID]) -> set[UUID]:
    """Positions whose last payout came back for its account, where no newer account is known.

    Until the partner's new account is effective nothing is proposed for them again.
    """
    found: set[UUID] = set()
    payouts = Payment.objects.filter(
        position__in=list(positions), purpose=Payment.Purpose.PAYOUT
    ).order_by("position", "-id")
    for payment in payouts.distinct("position"):
        is_back = payment.state in ("REJECTED", "RETURNED")
        if is_back and follow_up(payment.reason_code) is Told.BANK_DATA:
            newer = BankAccount.objects.filter(
                partner=payment.partner_id, currency=payment.currency
            ).exclude(iban=payment.iban)
            if not newer.filter(ends_at__isnull=True).exists():
                found.add(payment.position_id)  # type: ignore[arg-type]
    return found


def bank_data_tasks() -> QuerySet[Payment]:
    """Payouts that came back for their account: the partner must name a new one."""
    codes = [code for code in _BANK_DATA_CODES if follow_up(code) is Told.BANK_DATA]
    return Payment.objects.filter(
        Q(state="REJECTED") | Q(state="RETURNED"), purpose="PAYOUT", reason_code__in=codes
    )


_BANK_DATA_CODES = ("AC01", "AC04", "AC06", "AC13", "RC01")


def _sums(rows: QuerySet, name: str) -> list[tuple[UUID, int]]:
    grouped = rows.order_by().values_list(name).annotate(minor=Sum("amount_minor"))
    return [(row[0], int(row[1])) for row in grouped]
