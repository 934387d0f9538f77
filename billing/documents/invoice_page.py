"""What the page of an invoice prints, as strings, keyed by the part of the page."""

from datetime import UTC
from decimal import Decimal

from billing.documents import invoice_text as text
from billing.documents.columns import Widths, column_widths
from billing.documents.invoice_content import (
    InvoiceContent,
    InvoiceLine,
    InvoiceParty,
    VatBreakdown,
)
from billing.documents.invoice_words import WORDS
from billing.documents.languages import writer_for
from billing.documents.letterhead import Letterhead, told

# Characters beyond which the large figure is set smaller, and beyond which the table is.
_LONG, _WIDE = 12, 14


def shown(content: InvoiceContent) -> dict[str, object]:
    """Return what the template prints."""
    writer = writer_for(content.language)
    total = writer.amount(content.totals.incl_tax_minor, content.currency)
    lines = [_line(line, content) for line in content.lines]
    taxes = [_tax(one, content) for one in content.vat]
    is_wide, name = len(total) > _WIDE, text.title(content)
    return {
        "name": name,
        "title": f"{name} {content.number}",
        "words": WORDS[content.language],
        "author": (content.issuer or content.seller).legal_name,
        "description": ", ".join(
            [f"{name} {content.number}", content.seller.legal_name, content.buyer.legal_name]
        ),
        "letterhead": Letterhead(
            content.seller.legal_name,
            told(*text.address(content.seller, content.language), content.seller.email),
            text.issued_by(content),
        ),
        "created": content.issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seller_lines": text.address(content.seller, content.language),
        "buyer_lines": text.address(content.buyer, content.language),
        "seller_ids": _ids(content.seller, content),
        "buyer_ids": _ids(content.buyer, content),
        "facts": _facts(content),
        "mandatory": text.mandatory_words(content),
        "lines": lines,
        "has_records": any(line.sdrs for line in content.lines),
        "amount_head": text.word(content, "amount", currency=content.currency),
        "tax_head": text.word(content, "tax", currency=content.currency),
        "taxes": taxes,
        "excl_tax": writer.amount(content.totals.excl_tax_minor, content.currency),
        "total": total,
        "total_label": text.word(content, "credited" if content.is_credit_note else "incl_tax"),
        "large_size": "long" if len(total) > _LONG else "",
        "is_wide": is_wide,
        "widths": _widths(content, lines, taxes, is_wide=is_wide),
        "local_vat": text.local_vat(content),
        "payment_terms": text.payment_terms(content),
        "notes": _further_notes(content),
    }


def _widths(
    content: InvoiceContent,
    lines: list[dict[str, str]],
    taxes: list[dict[str, str]],
    *,
    is_wide: bool,
) -> dict[str, Widths]:
    words = WORDS[content.language]
    tax = text.word(content, "tax", currency=content.currency)
    heads = {key: words[key] for key in ("country", "sdrs", "energy", "vat")}
    heads["amount"] = text.word(content, "amount", currency=content.currency)
    return {
        "lines": column_widths(heads, lines, wide=is_wide),
        "taxes": column_widths(
            {"rate": words["rate"], "basis": words["basis"], "amount": tax}, taxes
        ),
    }


def _ids(party: InvoiceParty, content: InvoiceContent) -> list[tuple[str, str]]:
    facts = [
        (text.word(content, "vat_id"), party.vat_number),
        (text.word(content, "legal_id"), party.legal_id),
    ]
    return [(name, value) for name, value in facts if value]


def _facts(content: InvoiceContent) -> list[tuple[str, str]]:
    writer = writer_for(content.language)
    told = [
        (text.word(content, "number"), content.number),
        (text.word(content, "issue_date"), writer.day(content.issue_date)),
        (text.word(content, "period"), text.period(content)),
    ]
    if not content.is_credit_note:
        told.append((text.word(content, "due_date"), writer.day(content.due_date)))
    if content.buyer_reference:
        told.append((text.word(content, "reference"), content.buyer_reference))
    for one in content.preceding:
        earlier = text.word(
            content, "corrected", number=one.number, date=writer.day(one.issue_date)
        )
        told.append((text.word(content, "corrects"), earlier))
    return told


def _line(line: InvoiceLine, content: InvoiceContent) -> dict[str, str]:
    language, writer = content.language, writer_for(content.language)
    return {
        "name": f"{text.word(content, line.kind)}, {writer.month(line.month)}",
        "country": text.country(line.charge_country, language) if line.charge_country else "",
        "sdrs": writer.count(line.sdrs) if line.sdrs else "",
        "energy": writer.energy(line.energy_kwh) if Decimal(line.energy_kwh) else "",
        "vat": _rate(line.category, line.rate, language),
        "amount": writer.amount(line.amount_minor, content.currency),
    }


def _tax(one: VatBreakdown, content: InvoiceContent) -> dict[str, str]:
    language, writer = content.language, writer_for(content.language)
    rate = _rate(one.category, one.rate, language)
    reason = text.reason(one, content)
    name = text.word(content, one.category)
    return {
        # Reverse charge is name and reason in one.
        "name": reason if reason.startswith(name) else name,
        "short": name if one.category in ("O", "E") else f"{text.word(content, 'vat')} {rate}",
        "reason": "" if reason.startswith(name) else reason,
        "rate": rate,
        "basis": writer.amount(one.basis_minor, content.currency),
        "amount": writer.amount(one.vat_minor, content.currency),
    }


def _rate(category: str, rate: str, language: str) -> str:
    return writer_for(language).percent(rate) if category == "S" else category


def _further_notes(content: InvoiceContent) -> list[str]:
    """Those that stand nowhere else on the page."""
    told = {*text.mandatory_words(content), text.issued_by(content)}
    told |= {text.reason(one, content) for one in content.vat}
    return [note for note in text.notes(content) if note not in told]
