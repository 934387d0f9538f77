"""Dun what is overdue, once a day: each level once, told with what is open and its interest.

The second dunning suspends the clearing of what the debtor buys. Drawing the guarantee and
excluding a partner are proposed here and done by two persons (defaults, partner states).
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.conf import settings as django_settings
from django.db.models import Sum

from billing.models import DunningStep, ExposureReading, Objection, Position, Settlement
from billing.queries_payments import money_of
from billing.rules.dunning import SUSPENDS, Overdue, Rate, due_levels, interest_minor
from billing.services import exposure
from billing.services.bank.letters import write_letter
from billing.services.payments.states import due_date, local_date, refresh
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.queries import clearing_house

BY = "dunning"
LOOK_BACK = timedelta(days=400)


def dun(settlement: Settlement, *, now: datetime) -> list[DunningStep]:
    """Take the levels that the debts of an issued settlement have reached; a second time none."""
    return in_transaction(lambda: _dun(settlement.pk, now))


def due_settlements(*, now: datetime) -> list[Settlement]:
    """Issued settlements in which something may be overdue.

    None where partners pay each other: the house does not see what was paid, and duns nobody.
    """
    if django_settings.MONEY_FLOW == "INSTRUCTION_ONLY":
        return []
    rows = Settlement.objects.filter(
        state=Settlement.State.ISSUED, issued_at__gt=now - LOOK_BACK, issued_at__lt=now
    )
    return list(rows.select_related("window__group").order_by("pk"))


def _dun(settlement_id: UUID, now: datetime) -> list[DunningStep]:
    settlement = (
        Settlement.objects.select_for_update(no_key=True, of=("self",))
        .select_related("window__group")
        .get(pk=settlement_id)
    )
    today = local_date(settlement, now)
    if today <= due_date(settlement):
        return []
    refresh(settlement, cause="the clock", now=now)
    steps = [
        step
        for position, debt in debts_of(settlement, today)
        for step in _steps(position, debt, today, now)
    ]
    DunningStep.objects.bulk_create(steps)
    for step in steps:
        if step.level == SUSPENDS:
            _suspend(step.position, now=now)
    # Who was not looked at for days reaches several levels at once: the last one is told.
    for step in {step.position_id: step for step in steps}.values():
        write_letter(step, rates=_rates(), now=now)
    return steps


def debts_of(settlement: Settlement, today: date) -> Iterator[tuple[Position, Overdue]]:
    """What is not paid of each debt of an issued settlement, and what is disputed of it."""
    house = clearing_house().pk
    positions = settlement.positions.select_related("partner", "settlement__window__group")
    by_key = positions.in_bulk()
    disputed = _disputed(settlement)
    for key, money in money_of(settlement, on=today).items():
        open_minor = -money.due_minor - money.received_minor - money.covered_minor
        if money.partner_id != house and money.due_minor < 0 < open_minor:
            yield (
                by_key[key],
                Overdue(
                    due_on=due_date(settlement),
                    open_minor=open_minor,
                    disputed_minor=disputed[money.partner_id],
                ),
            )


def _disputed(settlement: Settlement) -> dict[UUID, int]:
    """What partners object to, as far as they say how much of it."""
    rows = Objection.objects.filter(document__settlement=settlement, state=Objection.State.OPEN)
    found: dict[UUID, int] = defaultdict(int)
    sums = rows.order_by().values_list("partner").annotate(minor=Sum("amount_minor"))
    found.update({row[0]: abs(row[1] or 0) for row in sums})
    return found


def _steps(position: Position, debt: Overdue, today: date, now: datetime) -> Iterator[DunningStep]:
    taken = set(position.dunning.values_list("level", flat=True))
    for level in due_levels(debt, taken=taken, today=today):
        yield DunningStep(
            id=uuid7_at(now),
            position=position,
            level=level,
            overdue_date=debt.due_on,
            open_minor=debt.dunned_minor,
            interest_minor=_interest(debt, today),
            told_at=now,
        )


def _interest(debt: Overdue, today: date) -> int:
    """Zero where the ECB's rate of that time is not entered: it is never guessed."""
    try:
        return interest_minor(debt, rates=main_rates(), until=today)
    except ValueError:
        return 0


def _rates() -> list[Rate]:
    try:
        return main_rates()
    except ValueError:
        return []


def main_rates() -> list[Rate]:
    """The ECB's main refinancing rates as configured: ``2025-06-11=2.15,2026-…``.

    :raises ValueError: one of them is no day and no percentage.
    """
    rates = []
    for text in filter(None, django_settings.MAIN_REFINANCING_RATES.split(",")):
        day, _, percent = text.strip().partition("=")
        try:
            rates.append(Rate(from_on=date.fromisoformat(day), percent=Decimal(percent)))
        except InvalidOperation as error:
            raise ValueError(f"{text} is no day with a percentage.") from error
    return rates


def _suspend(position: Position, *, now: datetime) -> None:
    """Let what the debtor buys wait, unless it waits already; a person lifts it."""
    group = position.settlement.window.group
    readings = ExposureReading.objects.filter(group=group, partner=position.partner)
    reading = readings.order_by("-read_at").first()
    if reading is None:
        exposure.read_exposures(group, now=now)
        reading = readings.order_by("-read_at").first()
    if reading is not None and exposure.open_block(reading) is None:
        exposure.block_by_hand(
            reading,
            by=BY,
            reason=f"second dunning: overdue since {due_date(position.settlement)}",
            now=now,
        )
