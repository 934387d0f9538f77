"""What a partner did by party, site and supply month: the slow twin of ``sql/statement_sites.sql``.

A site is what the seller named: location, town and country; nobody's registry is asked.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

BUYER = "BUYER"


class SiteRecord(NamedTuple):
    """A cleared record with its site; money in minor units, ``month`` "2026-10"."""

    seller: tuple[UUID, str, str]
    buyer: tuple[UUID, str, str]
    site: tuple[str, str, str]
    month: str
    is_billed: bool
    energy_kwh: Decimal
    claim_minor: int
    commission_minor: int
    beneficiary: str


class SiteKey(NamedTuple):
    """A line by what names it; empty strings where lines are summed."""

    partner: UUID
    party: str
    role: str
    site: tuple[str, str, str]
    month: str


class SiteSum(NamedTuple):
    """``left_out`` above 0: so many lines are summed here."""

    sdrs: int
    billed_sdrs: int
    energy_kwh: Decimal
    sold_minor: int
    bought_minor: int
    commission_minor: int
    left_out: int

    @property
    def net_minor(self) -> int:
        return self.sold_minor - self.bought_minor + self.commission_minor


_NOTHING = SiteSum(0, 0, Decimal(0), 0, 0, 0, 0)
_UNNAMED = ("", "", "")


def site_lines(records: Iterable[SiteRecord], *, most: int) -> list[tuple[SiteKey, SiteSum]]:
    """The ``most`` largest lines of each partner, and what is left of each of its parties."""
    lines: dict[SiteKey, SiteSum] = defaultdict(lambda: _NOTHING)
    for record in records:
        for key, figures in _sides(record):
            lines[key] = _added(lines[key], figures)
    told: dict[SiteKey, SiteSum] = defaultdict(lambda: _NOTHING)
    places: dict[UUID, int] = defaultdict(int)
    for key, figures in sorted(lines.items(), key=_by_size):
        places[key.partner] += 1
        if places[key.partner] > most:
            key = key._replace(site=_UNNAMED, month="")
            figures = figures._replace(left_out=1)
            # One of these sums never meets a line without a site: that one has a month.
        told[key] = _added(told[key], figures)
    return sorted(told.items(), key=_in_print)


def _sides(record: SiteRecord) -> Iterable[tuple[SiteKey, SiteSum]]:
    energy = record.energy_kwh if record.is_billed else Decimal(0)
    counts = (1, int(record.is_billed), energy)
    is_own = record.seller[0] == record.buyer[0]
    goes_to_buyer = record.beneficiary == BUYER
    kept = 0 if is_own and goes_to_buyer else -record.commission_minor
    sold = 0 if is_own else record.claim_minor
    yield SiteKey(*record.seller, record.site, record.month), SiteSum(*counts, sold, 0, kept, 0)
    if not is_own:
        reduced = record.commission_minor if goes_to_buyer else 0
        yield (
            SiteKey(*record.buyer, record.site, record.month),
            SiteSum(*counts, 0, record.claim_minor, reduced, 0),
        )


def _added(one: SiteSum, other: SiteSum) -> SiteSum:
    return SiteSum(
        one.sdrs + other.sdrs,
        one.billed_sdrs + other.billed_sdrs,
        one.energy_kwh + other.energy_kwh,
        one.sold_minor + other.sold_minor,
        one.bought_minor + other.bought_minor,
        one.commission_minor + other.commission_minor,
        one.left_out + other.left_out,
    )


def _by_size(line: tuple[SiteKey, SiteSum]) -> tuple:
    key, figures = line
    size = abs(figures.sold_minor) + abs(figures.bought_minor)
    return -size, -figures.sdrs, key.party, key.role, key.site, key.month


def _in_print(line: tuple[SiteKey, SiteSum]) -> tuple:
    key, figures = line
    return key.partner, key.party, key.role, figures.left_out > 0, key.site, key.month
