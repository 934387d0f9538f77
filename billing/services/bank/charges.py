"""Interest and lump sum for what is paid late: worked out by rule, posted by a person.

Dr 1300 or 1200 of the debtor / Cr 4190. Interest is on what is open, without the disputed part;
what was charged before is taken off, so that no day is charged twice.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings as django_settings
from django.db.models import QuerySet, Sum

from billing.models import DunningCharge, Position, Settlement, Transfer
from billing.rules.dunning import Overdue, charged_now, interest_minor, lump_sum_minor
from billing.services.bank.books import claims_accounts
from billing.services.bank.dunning import debts_of, main_rates
from billing.services.ledger import Entry, Side, post
from billing.services.payments.states import local_date
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.queries import clearing_house
from partners.services import audit

INCOME = "4190"


class NotChargeable(Exception):
    """Nothing can be charged (any more); the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What would be charged for a position today; ``note`` says why interest is left out."""

    position: Position
    debt: Overdue
    until_date: date
    interest_minor: int
    lump_sum_minor: int
    note: str = ""

    @property
    def total_minor(self) -> int:
        return self.interest_minor + self.lump_sum_minor


def unpaid_charges(position: Position) -> QuerySet[DunningCharge]:
    """What was charged for the position and not paid yet."""
    return DunningCharge.objects.filter(position=position, allocation__isnull=True)


def due_now(position: Position, *, now: datetime) -> Due:
    """Work out what may be charged.

    :raises NotChargeable: the house moves no money, the debt is not late, or all was charged.
    """
    if django_settings.MONEY_FLOW == "INSTRUCTION_ONLY":
        raise NotChargeable(
            "Partners pay each other (MONEY_FLOW is INSTRUCTION_ONLY): late payment is between"
            " them."
        )
    settlement = position.settlement
    today = local_date(settlement, now)
    debt = next((debt for row, debt in debts_of(settlement, today) if row == position), None)
    if debt is None or not debt.dunned_minor or today <= debt.due_on:
        raise NotChargeable("Nothing of it is late, or what is open is disputed.")
    due = _worked_out(position, debt, today)
    if not due.total_minor:
        raise NotChargeable(f"All of it was charged until {today}. {due.note}".strip())
    return due


def _worked_out(position: Position, debt: Overdue, today: date) -> Due:
    earlier = DunningCharge.objects.filter(position=position)
    sums = dict(earlier.order_by().values_list("kind").annotate(minor=Sum("amount_minor")))
    note, interest = "", 0
    try:
        whole = interest_minor(debt, rates=main_rates(), until=today)
        interest = charged_now(whole, earlier_minor=sums.get(DunningCharge.Kind.INTEREST, 0))
    except ValueError as error:
        note = f"Interest is left out: {error} Enter it in MAIN_REFINANCING_RATES."
    is_first = DunningCharge.Kind.LUMP_SUM not in sums
    return Due(
        position=position,
        debt=debt,
        until_date=today,
        interest_minor=interest,
        lump_sum_minor=lump_sum_minor(position.settlement.currency) if is_first else 0,
        note=note,
    )


def charge(position_id: UUID, *, by: str, reason: str, now: datetime) -> list[DunningCharge]:
    """Post what is due now: interest until today, and the lump sum the first time.

    :raises NotChargeable: see ``due_now``.
    """
    return in_transaction(lambda: _charge(position_id, by, reason, now))


def _charge(position_id: UUID, by: str, reason: str, now: datetime) -> list[DunningCharge]:
    position = Position.objects.select_related("settlement__window__group").get(pk=position_id)
    Settlement.objects.select_for_update(no_key=True).get(pk=position.settlement_id)
    due = due_now(position, now=now)
    kinds = DunningCharge.Kind
    amounts = [(kinds.INTEREST, due.interest_minor), (kinds.LUMP_SUM, due.lump_sum_minor)]
    rows = [
        DunningCharge(
            id=uuid7_at(now),
            position=position,
            kind=kind,
            amount_minor=minor,
            until_date=due.until_date,
            reason=reason[:500],
            charged_by=by[:150],
            charged_at=now,
        )
        for kind, minor in amounts
        if minor
    ]
    for row, transfer in zip(rows, post([_entry(row) for row in rows], now=now), strict=True):
        row.transfer = transfer
    DunningCharge.objects.bulk_create(rows)
    audit.record(
        "dunning.charged",
        position,
        actor=by,
        at=now,
        reason=reason,
        after={str(row.kind): row.amount_minor for row in rows},
    )
    return rows


def _entry(row: DunningCharge) -> Entry:
    position = row.position
    owed, _ = claims_accounts(position)
    return Entry(
        event_key=f"dunning-charge:{row.pk}",
        kind=Transfer.Kind.INTEREST,
        debit=Side(owed, position.partner_id),
        credit=Side(INCOME, clearing_house().pk),
        amount_minor=row.amount_minor,
        currency=position.settlement.currency,
        environment=position.settlement.environment,
        window_id=position.settlement.window_id,
        reason=row.reason,
    )
