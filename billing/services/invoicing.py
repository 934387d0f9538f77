"""Writes the invoices and credit notes of a settlement, in the transaction that issues it.

Each taxed supply stands on one document, or in an IssuingBlock that says what to do, or is the
seller's own to invoice (A0). Netting changes none of it: every document is gross. Files are
rendered afterwards, from what was frozen here.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.models import Q

from billing.documents.content import content_sha256
from billing.documents.invoice_content import InvoiceContent, Preceding, to_json
from billing.documents.invoice_rules import faults_of
from billing.models import (
    Document,
    Invoice,
    InvoiceSupply,
    InvoicingTerms,
    IssuingBlock,
    PrecedingInvoice,
    Settlement,
    TaxedSupply,
)
from billing.queries_invoices import waiting_for_invoice
from billing.rules.invoicing.channels import missing_channel
from billing.rules.invoicing.drafts import (
    SELLER_ISSUES,
    Draft,
    drafts_of,
    mode_of,
    series_of,
    type_of,
)
from billing.rules.invoicing.records import Asked
from billing.services.invoice_contents import (
    InvoicingFacts,
    compose,
    gather_facts,
    numbered,
    period_of,
    sums_of,
)
from billing.services.invoice_news import tell_both_sides
from billing.services.invoice_numbers import issuer_codes, take_for
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at

_SQL = Path(__file__).resolve().parent.parent / "sql"


class NotIssuable(Exception):
    """The reason of an issuing block still holds, or it was resolved already."""


@dataclass(slots=True)
class _Ready:
    """A document that may be issued, but for its number."""

    id: UUID
    draft: Draft
    mode: str
    type_code: str
    content: InvoiceContent
    preceding: list[tuple[UUID, Preceding]]


def issue_invoices(
    settlement: Settlement, *, statements: dict[UUID, str] | None = None, now: datetime
) -> list[Invoice]:
    """Number and freeze the documents of a settlement's supplies; call it when it is issued.

    ``statements`` are the numbers of the partners' statements, which list these documents and are
    frozen after them; without them those that were issued count. Their series is locked before
    those of invoices. What may not be issued becomes an IssuingBlock.
    """
    supplies = list(waiting_for_invoice(TaxedSupply.objects.filter(settlement=settlement)))
    facts = gather_facts(settlement, supplies, statements=statements, now=now)
    drafts = drafts_of(sums_of(supplies))
    # Credit notes name invoices, which may be of this very settlement.
    return [
        invoice
        for takes_back in (False, True)
        for invoice in _issue([d for d in drafts if d.key.takes_back is takes_back], facts)
    ]


def issue_blocked(block: IssuingBlock, *, now: datetime) -> Invoice:
    """Issue what was blocked, once its reason is gone; call it inside a transaction.

    :raises NotIssuable: it is resolved, or the reason still holds; the message says what to do.
    """
    block = IssuingBlock.objects.select_for_update().get(pk=block.pk)
    if block.resolved_at:
        raise NotIssuable(f"It was resolved by {block.resolved_by}.")
    supplies = list(waiting_for_invoice(TaxedSupply.objects.filter(pk__in=block.supplies)))
    facts = gather_facts(block.settlement, supplies, now=now)
    ready, reasons = _judged(drafts_of(sums_of(supplies)), facts)
    if reasons or not ready:
        raise NotIssuable(reasons[0][2] if reasons else "The seller issues it (A0).")
    (invoice,) = _write(ready, facts)
    block.resolved_by, block.resolved_at = invoice, now
    block.save(update_fields=["resolved_by", "resolved_at"])
    return invoice


def _issue(drafts: list[Draft], facts: InvoicingFacts) -> list[Invoice]:
    ready, reasons = _judged(drafts, facts)
    IssuingBlock.objects.bulk_create(
        IssuingBlock(
            id=uuid7_at(facts.now),
            settlement=facts.settlement,
            environment=facts.settlement.environment,
            seller_id=one.draft.key.supplier,
            buyer_id=one.draft.key.customer,
            code=code,
            what_to_do=what_to_do[:500],
            supplies=[str(supply.id) for supply in one.draft.supplies],
            content=to_json(one.content),
            opened_at=facts.now,
        )
        for one, code, what_to_do in reasons
    )
    return _write(ready, facts)


def _judged(
    drafts: list[Draft], facts: InvoicingFacts
) -> tuple[list[_Ready], list[tuple[_Ready, str, str]]]:
    """What may be issued, and what may not with code and advice; A0 is neither."""
    agreed = _agreed(drafts, facts)
    asked = {uuid7_at(facts.now): draft for draft in drafts}
    preceding = _preceding(asked, facts)
    ready, blocked = [], []
    for id_, draft in asked.items():
        pair = (draft.key.supplier, draft.key.customer)
        mode = mode_of(draft.key, house=facts.house, agreed=agreed.get(pair))
        if mode == SELLER_ISSUES:
            continue
        type_code = type_of(draft.key, mode=mode, house=facts.house)
        content, problem = compose(draft, mode=mode, type_code=type_code, facts=facts)
        named = [one for _id, one in preceding[id_]]
        one = _Ready(id_, draft, mode, type_code, content, preceding[id_])
        if reason := _why_not(numbered(content, content.number, named), problem):
            blocked.append((one, *reason))
        else:
            ready.append(one)
    return ready, blocked


def _why_not(content: InvoiceContent, problem: str) -> tuple[str, str] | None:
    """Why it may not be issued by us: a code and what to do; the first fault is told."""
    channel = missing_channel(
        seller=content.seller.country_code,
        buyer=content.buyer.country_code,
        on=content.issue_date,
    )
    if channel:
        return (
            "CHANNEL_MISSING",
            f"{channel.country} takes invoices over {channel.name}, which we have no access to."
            " Issue it there from the XML offered here, then report its number.",
        )
    if problem:
        return "LOCAL_RATE_MISSING", f"{problem} Import the ECB's rates, then try again."
    faults = faults_of(content)
    return (faults[0].code, str(faults[0].text)) if faults else None


def _agreed(drafts: list[Draft], facts: InvoicingFacts) -> dict[tuple[UUID, UUID], str]:
    """By pair the mode agreed for the issue date: with the buyer before with all."""
    day = facts.issue_date
    rows = InvoicingTerms.objects.filter(
        Q(until_date__isnull=True) | Q(until_date__gt=day),
        environment=facts.settlement.environment,
        seller__in={draft.key.supplier for draft in drafts},
        from_date__lte=day,
    )
    modes = {(row.seller_id, row.buyer_id): row.mode for row in rows}
    pairs = {(draft.key.supplier, draft.key.customer) for draft in drafts}
    found = {pair: modes.get(pair) or modes.get((pair[0], None)) for pair in pairs}
    return {pair: mode for pair, mode in found.items() if mode}


def _preceding(
    drafts: dict[UUID, Draft], facts: InvoicingFacts
) -> dict[UUID, list[tuple[UUID, Preceding]]]:
    """The invoices that each credit note corrects: of its records, or the last of the pair."""
    found: dict[UUID, list[tuple[UUID, Preceding]]] = defaultdict(list)
    asked = [row for id_, draft in drafts.items() for row in _asked(id_, draft, facts)]
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "credited_invoices.sql"),
            _parameters(asked, time_zone=facts.zone.key),
        )
        for id_, invoice_id, number, issue_date in cursor.fetchall():
            found[id_].append((invoice_id, Preceding(number=number, issue_date=issue_date)))
    for id_, draft in drafts.items():
        if draft.key.takes_back and not draft.key.is_credit:
            found[id_] += _last_of_pair(draft)
    return found


def _last_of_pair(draft: Draft) -> list[tuple[UUID, Preceding]]:
    """What takes back no single record (a fee, a price reduction) corrects the last invoice."""
    earlier = Invoice.objects.filter(
        seller=draft.key.supplier,
        buyer=draft.key.customer,
        type_code__in=["380", "389"],
        objection__isnull=True,
        supplies__supply__is_service=draft.key.is_service,
    )
    last = earlier.order_by("-issue_date", "-id").first()
    if last is None:
        return []
    return [(last.pk, Preceding(number=last.number, issue_date=last.issue_date))]


def _write(ready: list[_Ready], facts: InvoicingFacts) -> list[Invoice]:
    if not ready:
        return []
    documents, invoices = [], []
    for one, number in zip(ready, _numbers(ready, facts), strict=True):
        content = numbered(one.content, number, [named for _id, named in one.preceding])
        documents.append(_document(content, one, facts))
        invoices.append(_invoice(content, one, documents[-1], facts))
    Document.objects.bulk_create(documents)
    Invoice.objects.bulk_create(invoices)
    InvoiceSupply.objects.bulk_create(
        InvoiceSupply(invoice_id=one.id, supply_id=supply.id)
        for one in ready
        for supply in one.draft.supplies
    )
    PrecedingInvoice.objects.bulk_create(
        PrecedingInvoice(id=uuid7_at(facts.now), invoice_id=one.id, preceding_id=invoice_id)
        for one in ready
        for invoice_id, _named in one.preceding
    )
    asked = [row for one in ready for row in _asked(one.id, one.draft, facts)]
    note_records(asked, time_zone=facts.zone.key)
    tell_both_sides(invoices, now=facts.now)
    return invoices


def _numbers(ready: list[_Ready], facts: InvoicingFacts) -> list[str]:
    """A number for each, in their order; the legal issuer is the seller, whoever writes."""
    environment = facts.settlement.environment
    codes = issuer_codes(one.draft.key.supplier for one in ready)
    series = [
        series_of(codes[one.draft.key.supplier], one.type_code, environment=environment)
        for one in ready
    ]
    taken = take_for(series, year=facts.issue_date.year, environment=environment)
    supply = {name: iter(numbers) for name, numbers in taken.items()}
    return [next(supply[name]) for name in series]


def _document(content: InvoiceContent, one: _Ready, facts: InvoicingFacts) -> Document:
    values = to_json(content)
    return Document(
        id=uuid7_at(facts.now),
        number=content.number,
        kind=Document.Kind.INVOICE,
        environment=content.environment,
        partner_id=one.draft.key.supplier,
        settlement=facts.settlement,
        content=values,
        content_sha256=content_sha256(values),
        issued_at=facts.now,
    )


def _invoice(
    content: InvoiceContent, one: _Ready, document: Document, facts: InvoicingFacts
) -> Invoice:
    starts, ends = (
        datetime.combine(day, time.min, tzinfo=facts.zone)
        for day in (content.supply_from_date, content.supply_until_date)
    )
    return Invoice(
        id=one.id,
        document=document,
        settlement=facts.settlement,
        environment=content.environment,
        mode=one.mode,
        type_code=one.type_code,
        number=content.number,
        seller_id=one.draft.key.supplier,
        buyer_id=one.draft.key.customer,
        currency=content.currency,
        price_basis=content.price_basis,
        issue_date=content.issue_date,
        due_date=content.due_date,
        supply_starts_at=starts,
        supply_ends_at=ends,
        sdrs=one.draft.sdrs,
        net_minor=content.totals.excl_tax_minor,
        vat_minor=content.totals.vat_minor,
        gross_minor=content.totals.incl_tax_minor,
        created_at=facts.now,
    )


def _asked(id_: UUID, draft: Draft, facts: InvoicingFacts) -> Iterable[Asked]:
    """The records behind a document, by what decided their VAT; services have none."""
    key = draft.key
    if key.is_service:
        return
    leg = "SOLD" if key.supplier == facts.house else "DIRECT"
    leg = "BOUGHT" if key.customer == facts.house else leg
    told = {row for one in draft.supplies for row in facts.days[one.id]}
    for kind, country, day in sorted(told):
        yield Asked(
            invoice_id=id_,
            window_id=key.window,
            seller_id=None if leg == "SOLD" else key.supplier,
            buyer_id=None if leg == "BOUGHT" else key.customer,
            leg=leg,
            price_basis=key.price_basis,
            is_credit=key.is_credit,
            kind=kind,
            country=country,
            day=day,
        )


def seller_issues(draft: Draft, facts: InvoicingFacts) -> bool:
    """Is it the seller's own to invoice (A0)?"""
    agreed = _agreed([draft], facts).get((draft.key.supplier, draft.key.customer))
    return mode_of(draft.key, house=facts.house, agreed=agreed) == SELLER_ISSUES


def supply_period(drafts: list[Draft], facts: InvoicingFacts) -> tuple[datetime, datetime]:
    """The half-open period over all drafts, by the days in the group's zone."""
    days = [period_of(draft, facts) for draft in drafts]
    starts, ends = min(day for day, _ in days), max(day for _, day in days)
    return (
        datetime.combine(starts, time.min, tzinfo=facts.zone),
        datetime.combine(ends, time.min, tzinfo=facts.zone),
    )


def note_records_of(id_: UUID, drafts: list[Draft], facts: InvoicingFacts) -> None:
    """Write down which records stand on one invoice over several drafts."""
    asked = [row for draft in drafts for row in _asked(id_, draft, facts)]
    note_records(asked, time_zone=facts.zone.key)


def note_records(asked: Iterable[Asked], *, time_zone: str) -> None:
    """Write down which records stand on which invoice; twin: rules.invoicing.records."""
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "invoiced_sdrs.sql"), _parameters(asked, time_zone=time_zone)
        )


def _parameters(asked: Iterable[Asked], *, time_zone: str) -> dict[str, str]:
    rows = [one._asdict() for one in asked]
    return {"asked": json.dumps(rows, default=str), "time_zone": time_zone}
