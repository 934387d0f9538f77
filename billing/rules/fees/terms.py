"""What a fee costs, whom it falls on, and from when to when: the terms of one component.

A component is one row of a price list. Those with the same ``code`` are prices of one fee, of
which the most specific one takes a record (see ``scope``); those with other codes add up.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal, TypeAlias
from uuid import UUID

Kind: TypeAlias = Literal[
    "PER_SDR", "BP_OF_AMOUNT", "PER_KWH", "MONTHLY", "ONE_OFF", "LATE_SDR", "DISPUTE_LOST"
]
# CSO and CSP are the two sides of the record. PARTICIPANT pays a MONTHLY or ONE_OFF fee, which has
# no record, LOSER a DISPUTE_LOST one.
Payer: TypeAlias = Literal["CSO", "CSP", "SPLIT", "PARTICIPANT", "LOSER"]
Direction: TypeAlias = Literal["ANY", "AS_SELLER", "AS_BUYER"]
TierMode: TypeAlias = Literal["NONE", "GRADUATED", "VOLUME"]
Rounding: TypeAlias = Literal["PER_SDR", "PER_WINDOW"]
# CLEARING_HOUSE: the fee is a service of the house. BUYER: it is a reduction of the seller's price.
Beneficiary: TypeAlias = Literal["CLEARING_HOUSE", "BUYER"]

OF_RECORDS = frozenset({"PER_SDR", "BP_OF_AMOUNT", "PER_KWH", "LATE_SDR"})
OF_MEMBERS = frozenset({"MONTHLY", "ONE_OFF"})
# These follow the trade itself, so that a credit takes them back. A fee for handling a record is
# not undone by a credit: the record was handled.
REVERSED_BY_CREDIT = frozenset({"BP_OF_AMOUNT", "PER_KWH"})
BASIS_POINT = Decimal("0.0001")


class WrongTerms(ValueError):
    """These terms cannot be charged; the message says what to change, ``field`` where."""

    def __init__(self, code: str, field: str, told: str):
        self.field, self.told = field, told
        super().__init__(f"{code}: {told}")


@dataclass(frozen=True, slots=True)
class Tier:
    """``rate`` from ``from_quantity`` on, this included: of SDRs, minor units or kWh."""

    from_quantity: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """On which records a component falls; None names nobody, and so takes everybody.

    ``direction`` is that of ``partner``, or of either side where no partner is named.
    """

    partner: UUID | None = None
    direction: Direction = "ANY"
    counterparty: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeComponent:
    """The terms of one fee, on the days ``from_date`` ≤ day < ``until_date``.

    ``rate`` is in minor units of the window's currency: per SDR, per kWh, per month, once. Of
    BP_OF_AMOUNT it is basis points: 100 is 1 %. ``cso_share`` is the fraction of a SPLIT that the
    CSO pays. ``min_minor`` and ``max_minor`` bound the fee of one record before it is split;
    ``floor_minor`` and ``cap_minor`` what one payer pays for this component in a calendar month.
    With tiers ``rate`` is not used, and what was used before is counted per payer and month.
    """

    id: UUID
    code: str
    kind: Kind
    payer: Payer
    from_date: date
    until_date: date | None = None
    rate: Decimal = Decimal(0)
    cso_share: Decimal | None = None
    min_minor: int | None = None
    max_minor: int | None = None
    floor_minor: int | None = None
    cap_minor: int | None = None
    tier_mode: TierMode = "NONE"
    tiers: tuple[Tier, ...] = ()
    rounding: Rounding = "PER_SDR"
    beneficiary: Beneficiary = "CLEARING_HOUSE"
    scope: Scope = Scope()

    def __post_init__(self) -> None:
        """:raises WrongTerms: the terms contradict each other."""
        for field, told in _wrong(self):
            raise WrongTerms(self.code, field, told)

    def holds_on(self, day: date) -> bool:
        return self.from_date <= day and (self.until_date is None or day < self.until_date)

    @property
    def has_tiers(self) -> bool:
        return self.tier_mode != "NONE"

    @property
    def factor(self) -> Decimal:
        """What turns quantity × rate into minor units."""
        return BASIS_POINT if self.kind == "BP_OF_AMOUNT" else Decimal(1)


def _wrong(terms: FeeComponent) -> list[tuple[str, str]]:
    """Each contradiction with the field at which it is mended."""
    checks = (
        ("payer", not _payer_fits(terms), f"a fee {terms.kind} is not paid by {terms.payer}."),
        (
            "cso_share",
            (terms.payer == "SPLIT") != (terms.cso_share is not None),
            "a split needs its share.",
        ),
        (
            "cso_share",
            terms.cso_share is not None and not 0 <= terms.cso_share <= 1,
            "the share of the CSO is a fraction from 0 to 1.",
        ),
        ("tiers", terms.has_tiers != bool(terms.tiers), "tiers and their mode go together."),
        ("tiers", bool(terms.tiers) and not _tiers_rise(terms), "tiers begin at 0 and rise."),
        (
            "tier_mode",
            terms.has_tiers and not (terms.kind in OF_RECORDS and _is_whole(terms)),
            "tiers are of records, rounded per window, without a least or most per record.",
        ),
        (
            "tier_mode",
            terms.has_tiers and terms.payer == "SPLIT",
            "give each side of a split its own tiers.",
        ),
        ("rate", _is_negative(terms), "a rate is not negative."),
        ("max_minor", _crosses(terms.min_minor, terms.max_minor), "the least is above the most."),
        ("cap_minor", _crosses(terms.floor_minor, terms.cap_minor), "the floor is above the cap."),
        (
            "beneficiary",
            terms.beneficiary == "BUYER"
            and not (terms.payer == "CSO" and terms.kind in OF_RECORDS),
            "a price reduction is of records, and the CSO bears it.",
        ),
        (
            "floor_minor",
            terms.beneficiary == "BUYER" and terms.floor_minor is not None,
            "a price reduction has no floor: where nothing is sold there is no price to reduce.",
        ),
        (
            "until_date",
            terms.until_date is not None and terms.until_date <= terms.from_date,
            "it ends after it begins.",
        ),
    )
    return [(field, told) for field, is_wrong, told in checks if is_wrong]


def _payer_fits(terms: FeeComponent) -> bool:
    if terms.kind in OF_MEMBERS:
        return terms.payer == "PARTICIPANT"
    if terms.kind == "DISPUTE_LOST":
        return terms.payer == "LOSER"
    return terms.payer in ("CSO", "CSP", "SPLIT")


def _tiers_rise(terms: FeeComponent) -> bool:
    starts = [tier.from_quantity for tier in terms.tiers]
    return starts[0] == 0 and all(low < high for low, high in pairwise(starts))


def _is_whole(terms: FeeComponent) -> bool:
    unbounded = terms.min_minor is None and terms.max_minor is None
    return unbounded and terms.rounding == "PER_WINDOW"


def _is_negative(terms: FeeComponent) -> bool:
    return any(rate < 0 for rate in (terms.rate, *(tier.rate for tier in terms.tiers)))


def _crosses(least: int | None, most: int | None) -> bool:
    return least is not None and most is not None and least > most
