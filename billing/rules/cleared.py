"""A cleared record as VAT and fees look at it: the readable twins of ``sql/supplies.sql`` and
``sql/fee_records.sql``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from uuid import UUID

from billing.rules.fees.facts import FeeRecord
from billing.rules.netting import BUYER
from billing.rules.supplies import Supplied


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """One row of the sub-ledger; parking and reservation are parts of the claim."""

    id: UUID
    seller_partner: UUID
    buyer_partner: UUID
    ended_at: datetime
    claim_minor: int
    payout_minor: int
    beneficiary: str
    energy_kwh: Decimal
    parking_minor: int = 0
    reservation_minor: int = 0
    charge_country: str = ""
    price_basis: str = "EXCL_TAX"
    is_of_correction: bool = False

    @property
    def price_minor(self) -> int:
        """What the buyer pays: the claim, or the reduced price."""
        return self.payout_minor if self.beneficiary == BUYER else self.claim_minor

    @property
    def is_credit(self) -> bool:
        """It takes money or energy back."""
        return self.claim_minor < 0 or self.energy_kwh < 0


def supplies_of(rows: Iterable[Cleared], *, zone: tzinfo) -> list[Supplied]:
    """Add up what was supplied per pair, local day, kind, country and price basis; sorted.

    Credits are added up apart: they are taxed apart, and go on credit notes. A record counts
    once, with its electricity, and so does its energy. Own network supplies nothing.
    """
    sums: dict[tuple[UUID, UUID, date, str, str, str, bool], list] = {}
    for row in rows:
        if row.seller_partner == row.buyer_partner:
            continue
        electricity = row.price_minor - row.parking_minor - row.reservation_minor
        for kind, amount, sdrs, energy in (
            ("ELECTRICITY", electricity, 1, row.energy_kwh),
            ("PARKING", row.parking_minor, 0, Decimal(0)),
            ("RESERVATION", row.reservation_minor, 0, Decimal(0)),
        ):
            if kind != "ELECTRICITY" and not amount:
                continue
            day = row.ended_at.astimezone(zone).date()
            pair = (row.seller_partner, row.buyer_partner)
            at = (*pair, day, kind, row.charge_country, row.price_basis, row.is_credit)
            known = sums.setdefault(at, [0, Decimal(0), 0])
            for place, value in enumerate((sdrs, energy, amount)):
                known[place] += value
    return [
        Supplied(*at[:6], figures[0], figures[1], figures[2], at[6])
        for at, figures in sorted(sums.items())
    ]


def fee_record_of(row: Cleared, *, zone: tzinfo, window_starts_at: datetime) -> FeeRecord:
    """A credit is what takes money or energy back; late is what ended before its window began."""
    return FeeRecord(
        id=row.id,
        seller=row.seller_partner,
        buyer=row.buyer_partner,
        service_date=row.ended_at.astimezone(zone).date(),
        amount_minor=row.price_minor,
        energy_kwh=row.energy_kwh,
        is_credit=row.is_credit,
        is_late=row.ended_at < window_starts_at and not row.is_of_correction,
        is_correction=row.is_of_correction and row.claim_minor >= 0,
    )
