"""The fees of a window: one line per component, payer, payee and calendar month.

What a month costs is a function of all that was counted for it, and a line is what that comes to
now, less what earlier windows charged for the month. So tiers, floor and cap hold over a month of
weekly windows; a late record finds the tiers of its own month; and a credit in a later window
takes back exactly what its original brought. The order of records is irrelevant.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from billing.rules.fees.facts import FeeRecord, LostDispute, Membership, month_of
from billing.rules.fees.record import (
    Share,
    fee_of_record,
    is_charged,
    payers,
    quantity_of,
    rounded,
)
from billing.rules.fees.scope import chosen, chosen_for_member
from billing.rules.fees.terms import OF_MEMBERS, OF_RECORDS, FeeComponent
from billing.rules.fees.tiers import Step, steps


class LineKey(NamedTuple):
    """``payee`` None is the house; ``month`` None is a fee of no month (ONE_OFF)."""

    component: UUID
    payer: UUID
    payee: UUID | None
    month: date | None


class Count(NamedTuple):
    """What was counted and charged for one key so far. ``exact`` and ``charged`` in minor units;
    with tiers ``exact`` is not kept, because the quantity says it."""

    quantity: Decimal = Decimal(0)
    exact: Decimal = Decimal(0)
    records: int = 0
    charged_minor: int = 0


NOTHING = Count()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """A line of a fee document, with what it takes to add it up again.

    ``amount_minor`` = ``after.charged_minor`` − ``before.charged_minor``; the former is
    ``after.exact`` rounded half-up, at most the cap, and at least the floor in a month that is
    over. With tiers the steps add up to the exact fee of ``after.quantity``. ``records`` of this
    window are behind it. Below zero it is given back.
    """

    component: FeeComponent
    payer: UUID
    payee: UUID | None
    month: date | None
    before: Count
    after: Count
    steps: tuple[Step, ...] = ()

    @property
    def key(self) -> LineKey:
        return LineKey(self.component.id, self.payer, self.payee, self.month)

    @property
    def quantity(self) -> Decimal:
        return self.after.quantity - self.before.quantity

    @property
    def records(self) -> int:
        return self.after.records - self.before.records

    @property
    def amount_minor(self) -> int:
        return self.after.charged_minor - self.before.charged_minor


def fees_of_window(
    components: Iterable[FeeComponent],
    *,
    records: Iterable[FeeRecord] = (),
    memberships: Iterable[Membership] = (),
    disputes: Iterable[LostDispute] = (),
    counted: Mapping[LineKey, Count] | None = None,
    months_over: Collection[date] = (),
) -> list[FeeLine]:
    """The fees of all that a window holds, sorted; all in its one currency.

    ``counted`` is what earlier windows left (see ``carry``). ``months_over`` names the months, by
    their first day, for which no further window of their own is to come: their floors fall due,
    for everybody who was charged something in them. ``components`` has all that ``counted`` names,
    those that have ended too.

    :raises AmbiguousFees: two components fit equally well.
    :raises KeyError: a component of a month that is over is not among them.
    """
    components = list(components)
    before = dict(counted or {})
    now: dict[LineKey, Count] = {}
    _count_records(components, records, now)
    _count_disputes(components, disputes, now)
    _count_members(components, memberships, before, now)
    by_id = {component.id: component for component in components}
    keys = {*now, *(key for key in before if key.month in months_over)}
    lines = [
        _line(
            by_id[key.component],
            key,
            before.get(key, NOTHING),
            now.get(key, NOTHING),
            is_month_over=key.month in months_over,
        )
        for key in keys
    ]
    said = [line for line in lines if line.amount_minor or line.quantity or line.records]
    return sorted(said, key=_order)


def carry(counted: Mapping[LineKey, Count], lines: Iterable[FeeLine]) -> dict[LineKey, Count]:
    """What the next window has to be told: the counts after these lines."""
    return {**counted, **{line.key: line.after for line in lines}}


def _count_records(
    components: list[FeeComponent], records: Iterable[FeeRecord], now: dict[LineKey, Count]
) -> None:
    of_records = [one for one in components if one.kind in OF_RECORDS]
    for record in records:
        for component in chosen(
            of_records, seller=record.seller, buyer=record.buyer, on=record.service_date
        ):
            if not is_charged(component, record):
                continue
            month = month_of(record.service_date)
            quantity = quantity_of(component, record)
            for payer, payee, exact in _shares(component, record):
                key = LineKey(component.id, payer, payee, month)
                _add(now, key, Count(quantity, exact, 1))


def _shares(component: FeeComponent, record: FeeRecord) -> list[Share]:
    if component.has_tiers:
        return [Share(payer, payee, Decimal(0)) for payer, payee, _ in payers(component, record)]
    return list(fee_of_record(component, record))


def _count_disputes(
    components: list[FeeComponent], disputes: Iterable[LostDispute], now: dict[LineKey, Count]
) -> None:
    of_disputes = [one for one in components if one.kind == "DISPUTE_LOST"]
    for lost in disputes:
        for component in chosen(
            of_disputes, seller=lost.seller, buyer=lost.buyer, on=lost.closed_date
        ):
            key = LineKey(component.id, lost.loser, None, month_of(lost.closed_date))
            _add(now, key, Count(Decimal(1), component.rate, 1))


def _count_members(
    components: list[FeeComponent],
    memberships: Iterable[Membership],
    before: Mapping[LineKey, Count],
    now: dict[LineKey, Count],
) -> None:
    """A monthly fee once a month, a one-off fee once, however many windows ask for it."""
    of_members = [one for one in components if one.kind in OF_MEMBERS]
    for member in memberships:
        for component in chosen_for_member(of_members, partner=member.partner, on=member.month):
            month = member.month if component.kind == "MONTHLY" else None
            key = LineKey(component.id, member.partner, None, month)
            if key not in before and key not in now:
                now[key] = Count(Decimal(1), component.rate, 0)


def _add(now: dict[LineKey, Count], key: LineKey, more: Count) -> None:
    so_far = now.get(key, NOTHING)
    now[key] = Count(
        so_far.quantity + more.quantity,
        so_far.exact + more.exact,
        so_far.records + more.records,
    )


def _line(
    component: FeeComponent, key: LineKey, before: Count, now: Count, *, is_month_over: bool
) -> FeeLine:
    quantity = before.quantity + now.quantity
    parts: tuple[Step, ...] = ()
    exact = before.exact + now.exact
    if component.has_tiers:
        parts = steps(component.tiers, component.tier_mode, quantity, factor=component.factor)
        exact = sum((part.amount for part in parts), Decimal(0))
    return FeeLine(
        component=component,
        payer=key.payer,
        payee=key.payee,
        month=key.month,
        before=before,
        after=Count(
            quantity,
            exact,
            before.records + now.records,
            charge_of_month(component, exact, is_month_over=is_month_over),
        ),
        steps=parts,
    )


def charge_of_month(component: FeeComponent, exact: Decimal, *, is_month_over: bool) -> int:
    """What a payer owes for a month: rounded, at most the cap; once over, at least the floor."""
    minor = int(rounded(exact))
    if component.cap_minor is not None:
        minor = min(minor, component.cap_minor)
    if component.floor_minor is not None and is_month_over:
        minor = max(minor, component.floor_minor)
    return minor


def _order(line: FeeLine) -> tuple[str, str, str, str, str]:
    component = line.component
    return (
        component.code,
        str(line.payer),
        str(line.payee or ""),
        str(line.month or ""),
        str(component.id),
    )
