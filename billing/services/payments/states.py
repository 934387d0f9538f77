"""Where the money of each position stands: read from what moved, written with each change.

Nobody sets a state. Whoever moved money (a payment, an entry of the bank, a default) calls
``refresh``, which reads all of it again and notes what changed and why.
"""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from billing.models import PositionEvent, PositionState, Settlement
from billing.queries_own_payments import due_date_of
from billing.queries_payments import Money, money_of
from billing.rules.payment_states import PositionFacts, position_state
from clearinghouse.uuid7 import uuid7_at


def local_date(settlement: Settlement, at: datetime) -> date:
    """The calendar day of an instant where the group settles."""
    return at.astimezone(ZoneInfo(settlement.window.group.time_zone)).date()


def due_date(settlement: Settlement) -> date:
    """Until when pay-ins of an issued settlement are due: a TARGET day."""
    return due_date_of(settlement)


def refresh(settlement: Settlement, *, cause: str, now: datetime) -> list[PositionState]:
    """Write where each position of an issued settlement stands; return what changed.

    Call it inside the transaction that moved the money. The first call opens the rows. The
    clearing house's own position has none: nobody pays it to itself.
    """
    Settlement.objects.select_for_update(no_key=True).get(pk=settlement.pk)
    due, today = due_date_of(settlement), local_date(settlement, now)
    positions = settlement.positions.filter(partner__is_clearing_house=False)
    ids = list(positions.order_by("pk").values_list("pk", flat=True))
    known = {row.pk: row for row in PositionState.objects.select_for_update().filter(pk__in=ids)}
    changed, events = [], []
    for position_id, money in money_of(settlement, on=today).items():
        if position_id not in ids:
            continue
        row = known.get(position_id)
        state = _state(row, money, due=due, today=today)
        settled = settled_minor(money)
        if row is None:
            opened = min(abs(money.due_minor), settled)
            row = PositionState(
                position_id=position_id,
                state=state,
                due_minor=money.due_minor,
                settled_minor=opened,
                due_date=due,
                changed_at=now,
            )
            row.save(force_insert=True)
            events.append(_event(row, "", opened, cause, now))
        elif (row.state, row.settled_minor) != (state, min(abs(row.due_minor), settled)):
            before, was = row.state, row.settled_minor
            row.state, row.settled_minor = state, min(abs(row.due_minor), settled)
            row.version, row.changed_at = row.version + 1, now
            row.save(update_fields=["state", "settled_minor", "version", "changed_at"])
            events.append(_event(row, before, row.settled_minor - was, cause, now))
        else:
            continue
        changed.append(row)
    PositionEvent.objects.bulk_create(events)
    return changed


def refresh_all(settlements: Iterable[Settlement], *, cause: str, now: datetime) -> int:
    """Refresh several; how many positions changed. For the clock: OVERDUE comes by itself."""
    return sum(len(refresh(one, cause=cause, now=now)) for one in settlements)


def _state(row: PositionState | None, money: Money, *, due: date, today: date) -> str:
    """The state of what moved. What an unwinding took away or turned stays as it was."""
    if row is not None and row.due_minor * money.due_minor <= 0 and row.due_minor:
        return "DEFAULTED" if money.is_defaulted else row.state
    facts = PositionFacts(
        due_minor=money.due_minor,
        due_date=due,
        is_defaulted=money.is_defaulted,
        funded_minor=money.received_minor,
        covered_minor=money.covered_minor,
        instructed_minor=money.sent_minor,
        booked_minor=money.booked_minor,
    )
    return position_state(facts, today)


def settled_minor(money: Money) -> int:
    """What of it is done: paid in and covered, or paid out as booked by the bank."""
    if money.due_minor > 0:
        return money.booked_minor
    return money.received_minor + money.covered_minor


def _event(
    row: PositionState, before: str, amount_minor: int, cause: str, now: datetime
) -> PositionEvent:
    return PositionEvent(
        id=uuid7_at(now),
        position_id=row.position_id,
        version=row.version,
        from_state=before,
        to_state=row.state,
        amount_minor=amount_minor,
        cause=cause[:200],
        at=now,
    )
