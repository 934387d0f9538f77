"""Is a new tariff an increase, and from when does it count for a buyer? (finance.md §2, our terms.)

"No increase" is said only where it is certain: no session could cost more than before. What cannot
be compared is taken for an increase, and the CSP is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from roaming.rules.rating.figures import MICRO
from roaming.rules.rating.tariff import (
    NO_RESTRICTIONS,
    Component,
    Element,
    Kind,
    PriceLimit,
    Restrictions,
    Tariff,
)

# Kinds whose totals are rounded up together, by what step_size says.
_STEP_GROUPS: tuple[tuple[Kind, ...], ...] = (
    (Kind.ENERGY,),
    (Kind.TIME, Kind.PARKING_TIME),
    (Kind.FLAT,),
)
Shape = tuple[tuple[Restrictions, tuple[Kind, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a version means for one buyer. ``waits``: not before ``counts_from_at`` without consent.

    ``notice_ends_at``: from then on it counts whether the CSP consents or not.
    """

    is_increase: bool
    waits: bool
    notice_ends_at: datetime
    counts_from_at: datetime


def notice_of(
    *, is_increase: bool, told_at: datetime, valid_from_at: datetime, days: int, zone: ZoneInfo
) -> Notice:
    """From when a version counts for a buyer that was told of it at ``told_at``.

    Notice is whole local days, the day of telling the first of them; no days (dynamic prices): the
    instant itself. An increase that begins earlier waits, a decrease never does.
    """
    ends_at = notice_end(told_at, days=days, zone=zone)
    waits = is_increase and valid_from_at < ends_at
    return Notice(
        is_increase=is_increase,
        waits=waits,
        notice_ends_at=ends_at,
        counts_from_at=ends_at if waits else valid_from_at,
    )


def notice_end(told_at: datetime, *, days: int, zone: ZoneInfo) -> datetime:
    """Local midnight after the last of ``days`` days of notice."""
    if not days:
        return told_at
    day = told_at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.min, zone)


def is_increase(old: Tariff, new: Tariff, *, incl_tax: bool = False) -> bool:
    """Could any session cost more under ``new``? Compared without VAT, or with it.

    Another currency is an increase: nothing can be compared.
    """
    if old.currency != new.currency or _limits_rise(old, new, incl_tax=incl_tax):
        return True
    if _shape(old) == _shape(new):
        return _same_shape_rises(old, new, incl_tax=incl_tax)
    return not _is_below(old, new, incl_tax=incl_tax)


def increases_any(olds: Iterable[Tariff], new: Tariff, *, incl_tax: bool = False) -> bool:
    """Is it an increase against any of the versions that it would replace?"""
    return any(is_increase(old, new, incl_tax=incl_tax) for old in olds)


def _shape(tariff: Tariff) -> Shape:
    return tuple(
        (element.restrictions, tuple(one.kind for one in _sorted(element)))
        for element in tariff.elements
    )


def _sorted(element: Element) -> list[Component]:
    return sorted(element.components, key=lambda one: one.kind.value)


def _same_shape_rises(old: Tariff, new: Tariff, *, incl_tax: bool) -> bool:
    """Price by price: none is higher, and no step rounds up to more."""
    free = {group: _is_free(new, group) for group in _STEP_GROUPS}
    pairs = chain.from_iterable(
        zip(_sorted(before), _sorted(after), strict=True)
        for before, after in zip(old.elements, new.elements, strict=True)
    )
    for before, after in pairs:
        if _price(after, incl_tax=incl_tax) > _price(before, incl_tax=incl_tax):
            return True
        if free[_group(after.kind)]:
            continue
        # What is free takes no part in rounding: a price that appears or goes moves the others.
        if bool(before.price_micro) != bool(after.price_micro):
            return True
        if _step_rises(before, after):
            return True
    return False


def _step_rises(before: Component, after: Component) -> bool:
    if before.step_size == after.step_size:
        return False
    is_refund = before.price_micro < 0 or after.price_micro < 0
    return is_refund or before.step_size % after.step_size != 0


def _is_below(old: Tariff, new: Tariff, *, incl_tax: bool) -> bool:
    """Is the dearest price of each kind in ``new`` at most the cheapest in ``old``?"""
    told = [one for tariff in (old, new) for element in tariff.elements for one in _sorted(element)]
    reserves = any(
        element.restrictions.reservation is not None
        for tariff in (old, new)
        for element in tariff.elements
    )
    if reserves or any(one.price_micro < 0 for one in told):
        return False
    cheapest = _cheapest(old, incl_tax=incl_tax)
    for element in new.elements:
        for one in element.components:
            if _price(one, incl_tax=incl_tax) > cheapest.get(one.kind, 0):
                return False
    return all(_rounds_as_little(old, new, group) for group in _STEP_GROUPS)


def _cheapest(tariff: Tariff, *, incl_tax: bool) -> Mapping[Kind, int]:
    """The least that a unit of each kind costs; a kind that may find no element is free."""
    found: dict[Kind, int] = {}
    certain: set[Kind] = set()
    for element in tariff.elements:
        for one in element.components:
            price = _price(one, incl_tax=incl_tax)
            found[one.kind] = min(price, found.get(one.kind, price))
            if element.restrictions == NO_RESTRICTIONS:
                certain.add(one.kind)
    return {kind: price for kind, price in found.items() if kind in certain}


def _rounds_as_little(old: Tariff, new: Tariff, group: tuple[Kind, ...]) -> bool:
    """Nothing is priced, or the same kinds always are and the new steps are the finest."""
    if _is_free(new, group):
        return True
    after = [one for element in new.elements for one in element.components if one.kind in group]
    always = [_always_priced(tariff, group) for tariff in (old, new)]
    return (
        all(one.step_size == 1 for one in after)
        and always[0] is not None
        and always[0] == always[1]
    )


def _always_priced(tariff: Tariff, group: tuple[Kind, ...]) -> frozenset[Kind] | None:
    """Kinds of the group that cost something in every session; ``None``: of some it depends."""
    cheapest = _cheapest(tariff, incl_tax=False)
    named = {one.kind for element in tariff.elements for one in element.components} & set(group)
    priced = {kind for kind in named if cheapest.get(kind, 0)}
    sometimes = {
        one.kind
        for element in tariff.elements
        for one in element.components
        if one.kind in group and one.price_micro and one.kind not in priced
    }
    return None if sometimes else frozenset(priced)


def _is_free(tariff: Tariff, group: tuple[Kind, ...]) -> bool:
    return not any(
        one.price_micro
        for element in tariff.elements
        for one in element.components
        if one.kind in group
    )


def _group(kind: Kind) -> tuple[Kind, ...]:
    return next(group for group in _STEP_GROUPS if kind in group)


def _price(component: Component, *, incl_tax: bool) -> int:
    """Per unit, in millionths of millionths."""
    vat = component.vat_micro or 0
    return component.price_micro * (MICRO + vat if incl_tax else MICRO)


def _limits_rise(old: Tariff, new: Tariff, *, incl_tax: bool) -> bool:
    least = _limit(new.min_price, incl_tax=incl_tax)
    if least is not None and least > (_limit(old.min_price, incl_tax=incl_tax) or 0):
        return True
    most_before = _limit(old.max_price, incl_tax=incl_tax)
    most_after = _limit(new.max_price, incl_tax=incl_tax)
    return most_before is not None and (most_after is None or most_after > most_before)


def _limit(limit: PriceLimit | None, *, incl_tax: bool) -> int | None:
    if limit is None:
        return None
    return limit.incl_micro if incl_tax else limit.excl_micro
