"""What putting a settled record right comes to: one credit and one replacement.

The credit takes back exactly what was cleared, commission included; the replacement is cleared at
the new claim with the rate of the same agreement version. Minor units.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from clearinghouse.money import payout_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A settled record as it counts now: as cleared, or as corrected last."""

    id: UUID
    seller_partner: UUID
    buyer_partner: UUID
    claim_minor: int
    payout_minor: int
    commission_rate: Decimal
    beneficiary: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A record's old and new claim and payout."""

    settled: Settled
    new_claim_minor: int
    new_payout_minor: int

    @property
    def owed_minor(self) -> int:
        """What the buyer owes more (+) or less (−); own network owes nothing."""
        if self.settled.seller_partner == self.settled.buyer_partner:
            return 0
        if self.settled.beneficiary == "BUYER":
            return self.new_payout_minor - self.settled.payout_minor
        return self.new_claim_minor - self.settled.claim_minor

    @property
    def fee_minor(self) -> int:
        """What the seller owes the house more or less."""
        if self.settled.beneficiary == "BUYER":
            return 0
        new = self.new_claim_minor - self.new_payout_minor
        return new - (self.settled.claim_minor - self.settled.payout_minor)


def difference(settled: Settled, new_claim_minor: int) -> Difference:
    """Price a settled record anew at its own commission rate."""
    payout = payout_minor(new_claim_minor, rate=settled.commission_rate)
    return Difference(settled, new_claim_minor, payout)


def per_partner(differences: Iterable[Difference]) -> dict[UUID, int]:
    """What each partner gets (+) or pays (−) by a run before tax; its fees to the house off."""
    found: dict[UUID, int] = defaultdict(int)
    for one in differences:
        found[one.settled.seller_partner] += one.owed_minor - one.fee_minor
        found[one.settled.buyer_partner] -= one.owed_minor
    return dict(sorted(found.items()))


class Posted(NamedTuple):
    """One side of a correction as it is cleared; parts of the claim with its sign."""

    claim_minor: int
    payout_minor: int
    parking_minor: int
    reservation_minor: int
    energy_kwh: Decimal


def posted(
    one: Difference, *, parking_minor: int, reservation_minor: int, energy_kwh: Decimal
) -> tuple[Posted, Posted]:
    """The credit and the replacement; the readable twin of ``sql/post_corrections.sql``.

    ``parking_minor`` and ``reservation_minor`` are those of the record as it was cleared first:
    each side has as much of them as its claim can hold.
    """
    figures = (
        (-1, one.settled.claim_minor, one.settled.payout_minor),
        (1, one.new_claim_minor, one.new_payout_minor),
    )
    sides = []
    for sign, claim, payout in figures:
        parking = min(claim, parking_minor)
        reservation = min(claim - parking, reservation_minor)
        sides.append(
            Posted(
                sign * claim,
                sign * payout,
                sign * parking,
                sign * reservation,
                sign * energy_kwh,
            )
        )
    return sides[0], sides[1]
