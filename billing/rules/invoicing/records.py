"""What each cleared record brings to an invoice: the readable twin of ``sql/invoiced_sdrs.sql``."""

from collections.abc import Iterable
from datetime import date, tzinfo
from typing import NamedTuple
from uuid import UUID

from billing.rules.cleared import Cleared


class Asked(NamedTuple):
    """What an invoice holds: of whom to whom (None: of anybody), which kind, where and when."""

    invoice_id: UUID
    window_id: UUID
    seller_id: UUID | None
    buyer_id: UUID | None
    leg: str
    price_basis: str
    is_credit: bool
    kind: str
    country: str
    day: date

    def holds(self, row: Cleared, *, kind: str, on: date) -> bool:
        return (
            self.seller_id in (None, row.seller_partner)
            and self.buyer_id in (None, row.buyer_partner)
            and (self.price_basis, self.is_credit) == (row.price_basis, row.is_credit)
            and (self.kind, self.country, self.day) == (kind, row.charge_country, on)
        )


class Invoiced(NamedTuple):
    """A record's part on an invoice, signed as cleared."""

    invoice_id: UUID
    sdr_id: UUID
    leg: str
    kind: str
    amount_minor: int


def invoiced_records(
    asked: Iterable[Asked], rows: Iterable[Cleared], *, zone: tzinfo
) -> list[Invoiced]:
    """The records of one window on the invoices that ask for them; sorted as inserted."""
    questions = list(asked)
    found = []
    for row in rows:
        if row.seller_partner == row.buyer_partner:
            continue
        day = row.ended_at.astimezone(zone).date()
        parts = {
            "ELECTRICITY": row.price_minor - row.parking_minor - row.reservation_minor,
            "PARKING": row.parking_minor,
            "RESERVATION": row.reservation_minor,
        }
        for kind, amount in parts.items():
            if amount or kind == "ELECTRICITY":
                found += [
                    Invoiced(one.invoice_id, row.id, one.leg, kind, amount)
                    for one in questions
                    if one.holds(row, kind=kind, on=day)
                ]
    return sorted(found, key=lambda one: (one.sdr_id, one.leg, one.kind))
