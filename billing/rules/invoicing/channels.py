"""States that take invoices over a channel of their own, which we lack: there we do not issue.

Dated rows, as of what was known on 2026-11-22 (finance.md 3.4). An invoice that is valid only with
the number of such a channel must be issued by a side that has it; its XML is offered.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

# Which supplies it takes: all of sellers there, or only those between two sides there.
Reach: TypeAlias = Literal["SELLER", "DOMESTIC"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Valid on ``from_date`` ≤ day < ``until_date``."""

    country: str
    name: str
    reach: Reach
    from_date: date
    until_date: date | None = None
    source: str

    def takes(self, *, seller: str, buyer: str, on: date) -> bool:
        if on < self.from_date or (self.until_date and on >= self.until_date):
            return False
        return seller == self.country and (self.reach == "SELLER" or buyer == self.country)


CHANNELS = (
    Channel(
        country="IT",
        name="SdI",
        reach="SELLER",
        from_date=date(2022, 7, 1),
        source="D.Lgs. 127/2015, cross-border since 2022-07-01",
    ),
    Channel(
        country="RO",
        name="RO e-Factura",
        reach="DOMESTIC",
        from_date=date(2024, 1, 1),
        source="OUG 115/2023",
    ),
    Channel(
        country="BE",
        name="Peppol",
        reach="DOMESTIC",
        from_date=date(2026, 1, 1),
        source="law of 2024-02-06",
    ),
    Channel(
        country="PL",
        name="KSeF",
        reach="SELLER",
        from_date=date(2026, 2, 1),
        source="VAT act as amended 2025-08-05",
    ),
    Channel(
        country="FR",
        name="plateforme agréée",
        reach="DOMESTIC",
        from_date=date(2026, 9, 1),
        source="loi de finances 2024, art. 91",
    ),
)


def missing_channel(*, seller: str, buyer: str, on: date) -> Channel | None:
    """The channel that an invoice between companies of two states must take, if there is one."""
    return next((one for one in CHANNELS if one.takes(seller=seller, buyer=buyer, on=on)), None)
