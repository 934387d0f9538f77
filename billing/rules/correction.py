"""What putting a settled record right comes to: one credit and one replacement.

The credit takes back exactly what was cleared, commission included; the replacement is cleared at
the new claim with the rate of the same agreement version. Minor units.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
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
