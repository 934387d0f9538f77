"""What a buyer is told of a new price: old, new, and what last month would have cost by both."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from partners.models import RoamingAgreement
from roaming.intake.volumes import month_before, month_span
from roaming.models import SdrState
from roaming.queries_tariffs import Version
from roaming.rules.rating.figures import MICRO_DIGITS, plain_text_of, text_of
from roaming.rules.rating.tariff import Kind, Tariff
from roaming.services.rating import price_by

# More records than this say no more about an average; the newest ones are taken.
MOST_RECORDS = 5_000
_CHUNK = 1_000
_STATES = ("DELIVERED", "ACCEPTED", "DISPUTED")
_UNITS = {Kind.ENERGY: "kWh", Kind.TIME: "h", Kind.PARKING_TIME: "h", Kind.FLAT: "session"}
_CENT = Decimal("0.01")


def effect_of(
    old: Version | None, new: Version, agreement: RoamingAgreement, *, now: datetime
) -> dict[str, Any]:
    """As told and stored: JSON without floats; amounts on the agreement's price basis."""
    zone = agreement.group.time_zone
    month = month_before(now, zone)
    told: dict[str, Any] = {
        "currency": new.currency,
        "basis": agreement.price_basis,
        "new_version": new.number,
        "new_prices": prices_told(new.read),
        "old_version": old.number if old else None,
        "old_prices": prices_told(old.read) if old else [],
        "month": month,
    }
    if old is None:
        return told
    starts_at, ends_at = month_span(month, zone)
    states = list(
        SdrState.objects.filter(
            seller=agreement.seller,
            buyer=agreement.buyer,
            state__in=_STATES,
            ended_at__gte=starts_at,
            ended_at__lt=ends_at,
        ).order_by("-id")[: MOST_RECORDS + 1]
    )
    return (
        told
        | _totals(states[:MOST_RECORDS], old, new, agreement)
        | {"is_sample": len(states) > MOST_RECORDS}
    )


def prices_told(tariff: Tariff) -> list[dict[str, Any]]:
    """The unit prices of a tariff, element by element."""
    return [
        {
            "element": index,
            "component": one.kind.value,
            "price": text_of(one.price_micro, MICRO_DIGITS),
            "unit": _UNITS[one.kind],
            "vat_percent": (
                None if one.vat_micro is None else text_of(one.vat_micro, MICRO_DIGITS - 2)
            ),
        }
        for index, element in enumerate(tariff.elements)
        for one in element.components
    ]


def _totals(
    states: list[SdrState], old: Version, new: Version, agreement: RoamingAgreement
) -> dict[str, Any]:
    """Records that named this tariff, or none, priced by both versions."""
    count, before, after = 0, Decimal(0), Decimal(0)
    names = {"", new.tariff_id.casefold()}
    for start in range(0, len(states), _CHUNK):
        chunk = states[start : start + _CHUNK]
        by_old, by_new = price_by(chunk, (old, new), environment=agreement.environment)
        for (asked, first), (_, second) in zip(by_old, by_new, strict=True):
            if asked.sdr.tariff_id.casefold() in names and first and second:
                count += 1
                before += first.rated.amount
                after += second.rated.amount
    told: dict[str, Any] = {
        "records": count,
        "old_amount": plain_text_of(before),
        "new_amount": plain_text_of(after),
    }
    if count:
        told["average_difference"] = plain_text_of(((after - before) / count).quantize(_CENT))
    if before:
        percent = ((after - before) * 100 / before).quantize(_CENT)
        told["difference_percent"] = plain_text_of(percent)
    return told
