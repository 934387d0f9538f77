"""What stands behind a statement's figures: taxes by document group, limits, persons, the ledger.

Set-based: one query for all partners of a settlement, none per partner.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

from billing.documents.content import (
    ExposureFacts,
    LedgerHead,
    NettedDocument,
    ReleaseFacts,
    VatLine,
)
from billing.models import ExposureReading, Invoice, LedgerSeal, Settlement, TaxedSupply
from partners.models import User


class _Group(NamedTuple):
    supply: Literal["SOLD", "BOUGHT", "FEES"]
    country_code: str
    category: str
    rate: str
    ground: str


def vat_lines(settlement: Settlement) -> dict[UUID, list[VatLine]]:
    """Per partner its taxed supplies by document group, signed as it feels them."""
    sums: dict[UUID, dict[_Group, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in TaxedSupply.objects.filter(settlement=settlement):
        rate = f"{row.rate.normalize():f}"
        facts = (row.place_country_code, row.category, rate, row.ground)
        sold: Literal["SOLD", "FEES"] = "FEES" if row.is_service else "SOLD"
        bought: Literal["BOUGHT", "FEES"] = "FEES" if row.is_service else "BOUGHT"
        for partner, group, sign in (
            (row.supplier_id, _Group(sold, *facts), 1),
            (row.customer_id, _Group(bought, *facts), -1),
        ):
            pair = sums[partner][group]
            pair[0] += row.net_minor
            pair[1] += sign * row.vat_minor
    return {
        partner: [
            VatLine(**group._asdict(), basis_minor=basis, vat_minor=vat)
            for group, (basis, vat) in sorted(groups.items(), key=_in_print)
        ]
        for partner, groups in sums.items()
    }


def _in_print(line: tuple[_Group, list[int]]) -> tuple:
    group = line[0]
    return ("SOLD", "BOUGHT", "FEES").index(group.supply), *group[1:]


_KINDS: dict[str, Literal["INVOICE", "CREDIT_NOTE", "SELF_BILLED", "SELF_BILLED_CREDIT"]] = {
    "380": "INVOICE",
    "381": "CREDIT_NOTE",
    "389": "SELF_BILLED",
    "261": "SELF_BILLED_CREDIT",
}


def netted_documents(settlement: Settlement) -> dict[UUID, list[NettedDocument]]:
    """Per partner the invoices and credit notes of the settlement, signed as it feels them.

    What is blocked or is issued by the seller itself (A0) comes later, and is not among them.
    """
    documents = defaultdict(list)
    for row in Invoice.objects.filter(settlement=settlement).order_by("number", "pk"):
        for partner, gets in ((row.seller_id, 1), (row.buyer_id, -1)):
            sign = -gets if row.is_credit else gets
            documents[partner].append(
                NettedDocument(
                    number=row.number,
                    kind=_KINDS[row.type_code],
                    issued_date=row.issue_date,
                    net_minor=sign * row.net_minor,
                    vat_minor=sign * row.vat_minor,
                    gross_minor=sign * row.gross_minor,
                )
            )
    return documents


def exposures(settlement: Settlement, partners: Iterable[UUID]) -> dict[UUID, ExposureFacts]:
    """The newest reading of each partner in the settlement's group."""
    newest = (
        ExposureReading.objects.filter(group=settlement.window.group_id, partner__in=list(partners))
        .order_by("partner_id", "-read_at")
        .distinct("partner_id")
    )
    return {
        row.partner_id: ExposureFacts(
            exposure_minor=row.exposure_minor, limit_minor=row.limit_minor, read_at=row.read_at
        )
        for row in newest
    }


def release_of(settlement: Settlement) -> ReleaseFacts | None:
    """The persons who released the settlement; None where it closed without two."""
    approval = settlement.approval
    if approval is None or approval.checker is None or approval.decided_at is None:
        return None
    return ReleaseFacts(
        maker=_name(approval.maker),
        checker=_name(approval.checker),
        released_at=approval.decided_at,
    )


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def ledger_head() -> LedgerHead | None:
    """The last seal; what the closing itself posts is sealed after it commits."""
    last = LedgerSeal.objects.order_by("-sequence").first()
    if last is None:
        return None
    return LedgerHead(sequence=last.sequence, chain_sha256=last.chain_sha256)
