"""An invoice's content in the words and figures of its language, for the page and for the XML."""

import re
from datetime import date, timedelta

from billing.documents.invoice_content import (
    InvoiceContent,
    InvoiceLine,
    InvoiceParty,
    VatBreakdown,
)
from billing.documents.invoice_words import (
    LANGUAGE_OF,
    REVERSE_CHARGE,
    SELF_BILLING,
    TITLES,
    WORDS,
)
from billing.documents.languages import writer_for

_LAW = re.compile(r"Art\. \d+\w?")


def title(content: InvoiceContent) -> str:
    """What the document is called, as "Self-billed invoice"."""
    return TITLES[content.language][content.type_code]


def word(content: InvoiceContent, name: str, **parts: object) -> str:
    """A phrase in the document's language."""
    return WORDS[content.language][name].format(**parts)


def country(code: str, language: str) -> str:
    return writer_for(language).locale.territories.get(code, code)


def period(content: InvoiceContent) -> str:
    """First and last day of supply; a whole month by its name."""
    writer = writer_for(content.language)
    first, last = content.supply_from_date, last_day(content)
    is_month = first.day == 1 and content.supply_until_date.day == 1
    if is_month and (first.year, first.month) == (last.year, last.month):
        return writer.month(f"{first:%Y-%m}")
    return word(content, "period_of", first=writer.day(first), last=writer.day(last))


def last_day(content: InvoiceContent) -> date:
    """BT-74: our periods end before their end, invoices name the last day inside."""
    return content.supply_until_date - timedelta(days=1)


def line_name(line: InvoiceLine, content: InvoiceContent) -> str:
    """BT-153: what was supplied, where and when, as ``Electricity for charging, Germany, …``."""
    parts = [word(content, line.kind)]
    if line.charge_country:
        parts.append(country(line.charge_country, content.language))
    return ", ".join([*parts, writer_for(content.language).month(line.month)])


def line_description(line: InvoiceLine, content: InvoiceContent) -> str:
    """BT-154."""
    if not line.sdrs:
        return word(content, "description_fee") if line.kind == "SERVICE" else ""
    writer = writer_for(content.language)
    return word(
        content,
        "description",
        sdrs=writer.count(line.sdrs),
        energy=writer.energy(line.energy_kwh),
    )


def line_attributes(line: InvoiceLine, content: InvoiceContent) -> list[tuple[str, str]]:
    """BT-160 and BT-161: plain figures, which machines read in any language."""
    told = [("attribute_month", line.month)]
    if line.charge_country:
        told.append(("attribute_country", line.charge_country))
    if line.sdrs:
        told += [("attribute_sdrs", str(line.sdrs)), ("attribute_energy", line.energy_kwh)]
    return [(word(content, name), value) for name, value in told]


def reason(one: VatBreakdown, content: InvoiceContent) -> str:
    """BT-120: why no VAT is charged; "" where it is."""
    language = content.language
    if one.category == "AE":
        laws = _LAW.findall(one.ground)
        told = word(content, "law", law=", ".join(dict.fromkeys(laws))) if laws else ""
        return ", ".join(part for part in (REVERSE_CHARGE[language], told) if part)
    if one.category == "O" and content.tax_country:
        return word(content, "outside_in", place=country(content.tax_country, language))
    return one.ground if one.category in ("O", "E") else ""


def mandatory_words(content: InvoiceContent) -> list[str]:
    """What the law wants to read: in the document's language, and in those of the states that it
    touches."""
    touched = (content.seller.country_code, content.buyer.country_code, content.tax_country)
    languages = dict.fromkeys(
        [content.language, *(LANGUAGE_OF[code] for code in touched if code in LANGUAGE_OF), "en"]
    )
    told = []
    if content.is_self_billed:
        told.append(" / ".join(SELF_BILLING[language] for language in languages))
    if any(one.category == "AE" for one in content.vat):
        told.append(" / ".join(REVERSE_CHARGE[language] for language in languages))
    return told


def issued_by(content: InvoiceContent) -> str:
    """In whose name it is issued, where another wrote it."""
    if content.issuer is None:
        return ""
    name = "self_billed_by" if content.is_self_billed else "issuer"
    return word(content, name, issuer=content.issuer.legal_name, seller=content.seller.legal_name)


def notes(content: InvoiceContent) -> list[str]:
    """BT-22: mandatory words first, then what a reader has to know of these figures."""
    told = [*mandatory_words(content), issued_by(content)]
    told += [text for one in content.vat if (text := reason(one, content))]
    if content.price_basis == "INCL_TAX":
        told.append(word(content, "incl_note"))
    if any(line.sdrs for line in content.lines):
        told.append(word(content, "lines_note"))
    return [text for text in dict.fromkeys(told) if text]


def payment_terms(content: InvoiceContent) -> str:
    """BT-20: netted by a statement, or paid to an account."""
    if content.payment.kind == "TRANSFER":
        return word(content, "refund" if content.is_credit_note else "transfer")
    if not content.statement:
        return word(content, "netted_soon", group=content.group)
    name = "netted_credit" if content.is_credit_note else "netted"
    return word(content, name, statement=content.statement)


def local_vat(content: InvoiceContent) -> str:
    """VAT in the currency of the state that it is owed to; "" where it is the invoice's own."""
    if (local := content.local_vat) is None:
        return ""
    writer = writer_for(content.language)
    return word(
        content,
        "local_vat",
        local=local.currency,
        currency=content.currency,
        amount=writer.amount(local.vat_minor, local.currency),
        rate=writer.rate(local.rate),
        source=local.source,
        date=writer.day(local.rate_date),
    )


def address(party: InvoiceParty, language: str) -> list[str]:
    """The lines of a letter: street, town, country."""
    town = f"{party.postal_code} {party.city}".strip()
    return [line for line in (party.street, town, country(party.country_code, language)) if line]
