"""A seller's own invoices (A0): it tells number, file and records; we check that they agree.

A report is taken whole or not at all: its amounts are those of the supplies, its records are
exactly those behind them, and no record is in two active invoices.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError

from billing.models import (
    Invoice,
    InvoicedSdr,
    InvoiceSupply,
    InvoicingMode,
    IssuingBlock,
    ReportedInvoice,
    Settlement,
    TaxedSupply,
)
from billing.queries_invoices import waiting_for_invoice
from billing.rules.invoicing.drafts import Draft, drafts_of
from billing.services.invoice_contents import InvoicingFacts, gather_facts, sums_of
from billing.services.invoice_news import tell_both_sides
from billing.services.invoicing import note_records_of, seller_issues, supply_period
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner
from roaming.models import Sdr

CREDIT_NOTE = Invoice.TypeCode.CREDIT_NOTE
_SHOWN = 20


class NotReported(Exception):
    """The report does not agree with what was settled; ``errors`` name what differs."""

    def __init__(self, code: str, detail: str, errors: Iterable[dict[str, str]] = ()):
        self.code, self.errors = code, list(errors)
        super().__init__(detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the seller says of its invoice; amounts in minor units, never negative."""

    settlement_id: UUID
    buyer_name: str
    type_code: str
    number: str
    issue_date: date
    due_date: date | None
    net_minor: int
    vat_minor: int
    gross_minor: int
    sdr_ids: tuple[str, ...]
    file_name: str
    media_type: str
    content: bytes
    channel_reference: str = ""


def report(seller: Partner, told: Reported, *, environment: str, by: str, now: datetime) -> Invoice:
    """Take a seller's own invoice over its supplies of one settlement to one buyer.

    :raises NotReported: SETTLEMENT_UNKNOWN, BUYER_UNKNOWN, NOTHING_TO_INVOICE, ISSUED_BY_US,
        AMOUNTS_DIFFER, RECORDS_DIFFER, or INVOICE_KNOWN.
    """
    try:
        return in_transaction(lambda: _report(seller, told, environment, by, now))
    except IntegrityError as error:
        raise NotReported(
            "INVOICE_KNOWN",
            f"{told.number} is known already, or its records are on another invoice.",
        ) from error


def _report(seller: Partner, told: Reported, environment: str, by: str, now: datetime) -> Invoice:
    settlement = _settlement(told, environment)
    buyer = _buyer(settlement, seller, told)
    supplies = _supplies(settlement, seller, buyer, told)
    facts = gather_facts(settlement, supplies, now=now)
    drafts = _drafts_told(_drafts(supplies), told)
    _refuse_ours(drafts, facts)
    invoice = _write(seller, buyer, drafts, told, facts)
    _compare_records(invoice, told)
    ReportedInvoice.objects.create(
        invoice=invoice,
        file_name=told.file_name,
        media_type=told.media_type,
        content=told.content,
        sha256=hashlib.sha256(told.content).hexdigest(),
        channel_reference=told.channel_reference,
        reported_by=by[:150],
        reported_at=now,
    )
    _resolve(settlement, invoice, drafts, now=now)
    tell_both_sides([invoice], now=now)
    return invoice


def _settlement(told: Reported, environment: str) -> Settlement:
    found = (
        Settlement.objects.filter(
            pk=told.settlement_id, environment=environment, state=Settlement.State.ISSUED
        )
        .select_related("window__group")
        .first()
    )
    if found is None:
        raise NotReported("SETTLEMENT_UNKNOWN", "There is no such issued settlement of yours.")
    return found


def _buyer(settlement: Settlement, seller: Partner, told: Reported) -> Partner:
    """The buyer by its short name, among those the seller sold to in this settlement."""
    buyers = Partner.objects.filter(
        pk__in=settlement.supplies.filter(supplier=seller).values("customer"), name=told.buyer_name
    )
    if (buyer := buyers.first()) is None:
        raise NotReported(
            "BUYER_UNKNOWN", "You sold nothing to a buyer of that name in this settlement."
        )
    return buyer


def _supplies(
    settlement: Settlement, seller: Partner, buyer: Partner, told: Reported
) -> list[TaxedSupply]:
    open_ = waiting_for_invoice(
        settlement.supplies.filter(supplier=seller, customer=buyer, is_service=False)
    )
    takes_back = told.type_code == CREDIT_NOTE
    found = list(open_.filter(net_minor__lt=0) if takes_back else open_.filter(net_minor__gt=0))
    if not found:
        raise NotReported(
            "NOTHING_TO_INVOICE",
            "Nothing of this settlement waits for a document of this type to this buyer.",
        )
    return found


def _drafts(supplies: list[TaxedSupply]) -> list[Draft]:
    if not (drafts := drafts_of(sums_of(supplies))):
        raise NotReported("NOTHING_TO_INVOICE", "VAT is not decided in this settlement's group.")
    return drafts


def _drafts_told(drafts: list[Draft], told: Reported) -> list[Draft]:
    """The drafts that the report is about: one of them, or all of them together."""
    stated = (told.net_minor, told.vat_minor, told.gross_minor)
    for chosen in [*([one] for one in drafts), drafts]:
        net, vat = sum(one.net_minor for one in chosen), sum(one.vat_minor for one in chosen)
        if (net, vat, net + vat) == stated:
            return chosen
    raise NotReported(
        "AMOUNTS_DIFFER",
        "The amounts are not those of your supplies; errors lists what may be invoiced.",
        [
            {
                "code": "AMOUNTS_DIFFER",
                "field": "net_minor",
                "message": f"net {one.net_minor}, VAT {one.vat_minor},"
                f" gross {one.net_minor + one.vat_minor}",
            }
            for one in drafts[:_SHOWN]
        ],
    )


def _refuse_ours(drafts: list[Draft], facts: InvoicingFacts) -> None:
    """What we issue ourselves is not reported, unless we were kept from it or were refused."""
    ids = {one.id for draft in drafts for one in draft.supplies}
    blocked = IssuingBlock.objects.filter(settlement=facts.settlement, resolved_at__isnull=True)
    kept_from = {UUID(id_) for block in blocked for id_ in block.supplies}
    refused = InvoiceSupply.objects.filter(supply__in=ids).values_list("supply_id", flat=True)
    if ids <= kept_from | set(refused) or all(seller_issues(draft, facts) for draft in drafts):
        return
    raise NotReported("ISSUED_BY_US", "By your invoicing terms the clearing house issues this one.")


def _write(
    seller: Partner, buyer: Partner, drafts: list[Draft], told: Reported, facts: InvoicingFacts
) -> Invoice:
    starts, ends = supply_period(drafts, facts)
    invoice = Invoice.objects.create(
        id=uuid7_at(facts.now),
        document=None,
        settlement=facts.settlement,
        environment=facts.settlement.environment,
        mode=InvoicingMode.SELLER,
        type_code=told.type_code,
        number=told.number,
        seller=seller,
        buyer=buyer,
        currency=facts.settlement.currency,
        price_basis=drafts[0].key.price_basis,
        issue_date=told.issue_date,
        due_date=told.due_date,
        supply_starts_at=starts,
        supply_ends_at=ends,
        sdrs=sum(draft.sdrs for draft in drafts),
        net_minor=told.net_minor,
        vat_minor=told.vat_minor,
        gross_minor=told.gross_minor,
        created_at=facts.now,
    )
    InvoiceSupply.objects.bulk_create(
        InvoiceSupply(invoice=invoice, supply_id=one.id)
        for draft in drafts
        for one in draft.supplies
    )
    note_records_of(invoice.pk, drafts, facts)
    return invoice


def _compare_records(invoice: Invoice, told: Reported) -> None:
    """The records named are exactly those behind the supplies; each once."""
    behind = InvoicedSdr.objects.filter(invoice=invoice).values_list("sdr_id", flat=True)
    ours = set(Sdr.objects.filter(id__in=set(behind)).values_list("sdr_id", flat=True))
    twice = [name for name, times in Counter(told.sdr_ids).items() if times > 1]
    faults = [
        *(_fault("is named twice", name) for name in sorted(twice)),
        *(_fault("is not named", name) for name in sorted(ours - set(told.sdr_ids))),
        *(_fault("is not behind these amounts", name) for name in sorted(set(told.sdr_ids) - ours)),
    ]
    if faults:
        raise NotReported(
            "RECORDS_DIFFER",
            f"{len(faults)} records differ from those of the supplies; errors lists the first.",
            faults[:_SHOWN],
        )


def _fault(what: str, name: str) -> dict[str, str]:
    return {"code": "RECORDS_DIFFER", "field": "sdr_ids", "message": f"{name} {what}"}


def _resolve(
    settlement: Settlement, invoice: Invoice, drafts: list[Draft], *, now: datetime
) -> None:
    ids = {str(one.id) for draft in drafts for one in draft.supplies}
    for block in IssuingBlock.objects.filter(settlement=settlement, resolved_at__isnull=True):
        if set(block.supplies) <= ids:
            block.resolved_by, block.resolved_at = invoice, now
            block.save(update_fields=["resolved_by", "resolved_at"])
