"""The rows of the SDR annex: the readable twin of ``sql/annex_3.sql``.

Values are as they stand in the file: "" where nothing is stated.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple
from uuid import UUID

from billing.rules.cleared import Cleared

_FORMULA = tuple("=+@\t\r\n-")
_ITEMS = ("ENERGY", "TIME", "PARKING", "RESERVATION", "FEE")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexRecord:
    """A cleared record with what the seller said of it.

    ``texts`` by the names of the annex's columns, as received; ``items``: kind, amount and, in
    hours where it is parking, quantity. ``tariff_version``: of the newest rating at its clearing.
    """

    cleared: Cleared
    is_billed: bool
    commission_minor: int
    supply_month: date | None
    currency: str
    cso: str
    csp: str
    acceptance: str
    texts: Mapping[str, str]
    started_at: datetime
    ended_at: datetime
    charging_started_at: datetime | None = None
    charging_ended_at: datetime | None = None
    items: Sequence[tuple[str, Decimal, Decimal | None]] = ()
    tariff_version: int | None = None


class Tax(NamedTuple):
    """What was decided of one kind of supply on one local day."""

    supplier: UUID
    customer: UUID
    price_basis: str
    is_credit: bool
    kind: str
    country: str
    day: date
    category: str
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexWindow:
    """``house``: who stands between seller and buyer, None where nobody does."""

    starts_at: datetime
    zone: tzinfo
    digits: int
    house: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A record as one of its two partners reads it; ``leg`` is whose invoice it is told of."""

    partner: UUID
    direction: str
    leg: str
    supplier: UUID
    customer: UUID
    record: AnnexRecord


def annex_rows(
    records: Iterable[AnnexRecord],
    window: AnnexWindow,
    *,
    taxes: Collection[Tax],
    invoices: Mapping[tuple[UUID, str], Collection[str]],
) -> list[tuple[UUID, dict[str, str]]]:
    """Each partner's rows in their order, by column; ``invoices``: numbers by record and leg."""
    sides = [side for record in records for side in _sides(record, window)]
    sides.sort(key=lambda one: (one.partner, one.record.cleared.ended_at, one.record.cleared.id))
    return [
        (
            side.partner,
            {
                **{name: _harmless(text) for name, text in side.record.texts.items()},
                **_amounts(side.record, window),
                **_times(side.record, window),
                **_taxed(side, window, taxes, invoices),
            },
        )
        for side in sides
    ]


def _sides(record: AnnexRecord, window: AnnexWindow) -> list[_Side]:
    seller, buyer = record.cleared.seller_partner, record.cleared.buyer_partner
    sold = _Side(
        partner=seller,
        direction="OWN" if seller == buyer else "SOLD",
        leg="BOUGHT" if window.house else "DIRECT",
        supplier=seller,
        customer=window.house or buyer,
        record=record,
    )
    bought = _Side(
        partner=buyer,
        direction="BOUGHT",
        leg="SOLD" if window.house else "DIRECT",
        supplier=window.house or seller,
        customer=buyer,
        record=record,
    )
    return [sold] if seller == buyer else [sold, bought]


def _amounts(record: AnnexRecord, window: AnnexWindow) -> dict[str, str]:
    row = record.cleared
    sums = {
        kind: sum(amounts, Decimal(0)) if amounts else None
        for kind in _ITEMS
        for amounts in [[amount for of, amount, _ in record.items if of == kind]]
    }
    booked = {
        "claim_amount": row.claim_minor,
        "commission_amount": record.commission_minor,
        "payout_amount": row.payout_minor,
    }
    return {
        "energy_kwh": _plain(row.energy_kwh),
        **{f"{kind.lower()}_amount": _plain(found) for kind, found in sums.items()},
        **{name: f"{Decimal(minor).scaleb(-window.digits):f}" for name, minor in booked.items()},
        "currency": record.currency,
        "price_basis": row.price_basis,
        "acceptance": record.acceptance,
        "is_correction": _told(row.is_of_correction),
        "tariff_version": "" if record.tariff_version is None else str(record.tariff_version),
    }


def _times(record: AnnexRecord, window: AnnexWindow) -> dict[str, str]:
    row = record.cleared
    parked = [hours for of, _, hours in record.items if of == "PARKING" and hours is not None]
    month = record.supply_month or row.ended_at.astimezone(window.zone).date()
    parking = _minutes(record.charging_ended_at, record.ended_at)
    return {
        "started_at": record.started_at.isoformat(timespec="seconds"),
        "ended_at": record.ended_at.isoformat(timespec="seconds"),
        "supply_month": f"{month:%Y-%m}",
        "is_late": _told(row.ended_at < window.starts_at),
        "charging_minutes": _hundredths(
            _minutes(record.charging_started_at, record.charging_ended_at)
        ),
        "parking_minutes": _hundredths(sum(parked, Decimal(0)) * 60 if parked else parking),
    }


def _taxed(
    side: _Side,
    window: AnnexWindow,
    taxes: Collection[Tax],
    invoices: Mapping[tuple[UUID, str], Collection[str]],
) -> dict[str, str]:
    """Category and rate of each part once, electricity first; and the invoice, or why none."""
    row = side.record.cleared
    first: dict[tuple[str, Decimal], int] = {}
    parts = {
        "ELECTRICITY": row.price_minor - row.parking_minor - row.reservation_minor,
        "PARKING": row.parking_minor,
        "RESERVATION": row.reservation_minor,
    }
    day = row.ended_at.astimezone(window.zone).date()
    for place, (kind, minor) in enumerate(parts.items()):
        key = (side.supplier, side.customer, row.price_basis, row.is_credit)
        for tax in taxes:
            if minor and tax[:7] == (*key, kind, row.charge_country, day):
                first.setdefault((tax.category, tax.rate), place)
    found = sorted(first, key=lambda one: (first[one], *one))
    numbers = sorted(set(invoices.get((row.id, side.leg), ())))
    note = "ISSUED_LATER" if found else "NOT_TAXED_HERE"
    if not side.record.is_billed:
        note = "NOT_BILLED"
    if side.direction == "OWN":
        note = "OWN_NETWORK"
    return {
        "cso": side.record.cso,
        "csp": side.record.csp,
        "direction": side.direction,
        "vat_category": "/".join(category for category, _ in found),
        "vat_rate": "/".join(_plain(rate) for _, rate in found),
        "invoice_number": _harmless("/".join(numbers)),
        "invoice_note": "" if numbers else note,
    }


def _harmless(text: str) -> str:
    """What a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Decimal | None) -> str:
    """Without zeros at its end, and never with an exponent."""
    return "" if value is None else f"{value.normalize() + 0:f}"


def _hundredths(value: Decimal | None) -> str:
    return _plain(value and value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _minutes(start: datetime | None, end: datetime | None) -> Decimal | None:
    if start is None or end is None:
        return None
    return Decimal((end - start) // timedelta(microseconds=1)) / 60_000_000


def _told(is_so: bool) -> str:
    return "true" if is_so else "false"
