"""From cleared records to who pays whom: pair sums, transfers, positions.

The slow, readable twin of ``sql/post_transfers.sql``; that of ``sql/net_positions.sql`` is
``rules.positions``. Beneficiary CLEARING_HOUSE: the commission is a fee that the seller pays the
house. Beneficiary BUYER: it is a price reduction, and the house has no part in it. A record sold to
oneself moves no energy money, only its fee.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

CLEARING_HOUSE = "CLEARING_HOUSE"
BUYER = "BUYER"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedRow:
    """A cleared record as far as netting looks at it; money in minor units."""

    seller: UUID
    buyer: UUID
    seller_partner: UUID
    buyer_partner: UUID
    claim_minor: int
    payout_minor: int
    beneficiary: str = CLEARING_HOUSE

    @property
    def is_own_network(self) -> bool:
        return self.seller_partner == self.buyer_partner

    @property
    def owed_minor(self) -> int:
        """What the buyer owes the seller: the claim, or the reduced price."""
        if self.is_own_network:
            return 0
        return self.payout_minor if self.beneficiary == BUYER else self.claim_minor

    @property
    def fee_minor(self) -> int:
        """What the seller owes the house."""
        return 0 if self.beneficiary == BUYER else self.claim_minor - self.payout_minor


class Pair(NamedTuple):
    """Two parties and who owned them at service end."""

    seller: UUID
    buyer: UUID
    seller_partner: UUID
    buyer_partner: UUID


class PairSum(NamedTuple):
    """``owed_minor``: buyer to seller; ``fee_minor``: seller to house; over ``sdrs`` records."""

    owed_minor: int
    fee_minor: int
    sdrs: int


class Posting(NamedTuple):
    """One transfer: a positive amount from the debit to the credit account's partner."""

    kind: str
    debit: UUID
    credit: UUID
    amount_minor: int
    sdrs: int


class PartnerPosition(NamedTuple):
    """What a partner gets (+) or pays (−): net adds up the figures."""

    partner: UUID
    receivable_minor: int
    payable_minor: int
    fees_minor: int
    vat_minor: int = 0
    fee_vat_minor: int = 0
    adjustments_minor: int = 0
    carried_minor: int = 0
    exchanged_minor: int = 0

    @property
    def net_minor(self) -> int:
        owed = self.receivable_minor - self.payable_minor + self.vat_minor
        return (
            owed
            - self.fees_minor
            - self.fee_vat_minor
            + self.adjustments_minor
            + self.carried_minor
            + self.exchanged_minor
        )


def pair_sums(rows: Iterable[ClearedRow]) -> dict[Pair, PairSum]:
    """Add up what each pair of parties owes."""
    sums: dict[Pair, PairSum] = defaultdict(lambda: PairSum(0, 0, 0))
    for row in rows:
        pair = Pair(row.seller, row.buyer, row.seller_partner, row.buyer_partner)
        owed, fee, sdrs = sums[pair]
        sums[pair] = PairSum(owed + row.owed_minor, fee + row.fee_minor, sdrs + 1)
    return dict(sums)


def postings(
    rows: Iterable[ClearedRow],
    *,
    house: UUID,
    is_ccp: bool = False,
    blocked: Collection[tuple[UUID, UUID]] = (),
) -> list[Posting]:
    """The ledger rows of a window, sorted: ENERGY buyer → seller, COMMISSION seller → house.

    CCP: PURCHASE house → seller and SALE buyer → house in place of ENERGY. A sum below zero
    (credits outweigh) goes the other way; zero is not posted. ``blocked``: pairs (supplier,
    customer) whose tax is undecided; nothing of theirs is posted.
    """
    found = []
    for pair, total in pair_sums(rows).items():
        legs = [("COMMISSION", pair.seller_partner, house, total.fee_minor)]
        if is_ccp:
            legs.append(("PURCHASE", house, pair.seller_partner, total.owed_minor))
            legs.append(("SALE", pair.buyer_partner, house, total.owed_minor))
        else:
            legs.append(("ENERGY", pair.buyer_partner, pair.seller_partner, total.owed_minor))
        legs = [leg for leg in legs if (leg[2], leg[1]) not in blocked]
        for kind, debit, credit, amount in legs:
            if amount > 0:
                found.append(Posting(kind, debit, credit, amount, total.sdrs))
            elif amount < 0:
                found.append(Posting(kind, credit, debit, -amount, total.sdrs))
    return sorted(found)


def positions(rows: Iterable[ClearedRow], *, house: UUID) -> list[PartnerPosition]:
    """One position per partner with a record and one for the house; sorted; Σ net = 0."""
    figures: dict[UUID, list[int]] = defaultdict(lambda: [0, 0, 0])
    _ = figures[house]
    for row in rows:
        figures[row.seller_partner][0] += row.owed_minor
        figures[row.buyer_partner][1] += row.owed_minor
        figures[row.seller_partner][2] += row.fee_minor
        figures[house][0] += row.fee_minor
    return sorted(PartnerPosition(partner, *sums) for partner, sums in figures.items())


def positions_sha256(rows: Iterable[PartnerPosition]) -> str:
    """Hash the positions in one spelling: JSON, sorted by partner id, sorted keys, no spaces."""
    spelled = json.dumps(
        [
            {**row._asdict(), "partner": str(row.partner), "net_minor": row.net_minor}
            for row in sorted(rows, key=lambda row: str(row.partner))
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(spelled.encode()).hexdigest()
