"""An invoice's own arithmetic to the cent, and what EN 16931 demands before it may be issued.

The published Schematron lets VAT be off by 1.00 (BR-CO-17), so a green one proves no cent: here
every sum must be equal. Codes are stored with reports and never renamed. Computed anew from what
is printed, not by the code that composed it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.documents.invoice_content import InvoiceContent, InvoiceParty, VatBreakdown

# What the number may be: it is a file name, and Peppol and DATEV cut longer ones.
_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9/_-]{0,28}[A-Z0-9])?")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an invoice may not be issued: a stable code, and what differs."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def faults_of(content: InvoiceContent) -> list[Fault]:
    """Every fault of an invoice; an empty list lets it be issued."""
    checks = (_sums, _breakdown, _taxes, _categories, _parties, _form)
    return [Fault(code, text) for check in checks for code, text in check(content)]


def half_up(amount: Fraction) -> int:
    """Round to a whole minor unit, halves away from zero."""
    size = abs(amount)
    rounded = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return rounded if amount >= 0 else -rounded


def _sums(content: InvoiceContent) -> Iterator[tuple[str, str]]:
    totals = content.totals
    for what, added, stated in (
        ("lines", sum(line.amount_minor for line in content.lines), totals.excl_tax_minor),
        ("VAT bases", sum(one.basis_minor for one in content.vat), totals.excl_tax_minor),
        ("VAT", sum(one.vat_minor for one in content.vat), totals.vat_minor),
        ("total", totals.excl_tax_minor + totals.vat_minor, totals.incl_tax_minor),
    ):
        if added != stated:
            yield "SUM_DIFFERS", f"The {what} add up to {added}, but {stated} is stated."
    if totals.incl_tax_minor < 0 or totals.excl_tax_minor < 0:
        yield "AMOUNT_BELOW_ZERO", "What is below zero is a credit note with positive amounts."
    if not content.lines:
        yield "NO_LINE", "An invoice has at least one line."


def _breakdown(content: InvoiceContent) -> Iterator[tuple[str, str]]:
    """Each category and rate stands once, on the sum of its lines."""
    sums: Counter[tuple[str, Decimal]] = Counter()
    for line in content.lines:
        sums[line.category, Decimal(line.rate)] += line.amount_minor
    told: Counter[tuple[str, Decimal]] = Counter()
    told.update((one.category, Decimal(one.rate)) for one in content.vat)
    for key in sums.keys() | told.keys():
        if told[key] != 1:
            yield "VAT_NOT_ONCE", f"{_named(*key)} stands {told[key]} times in the VAT breakdown."
    for one in content.vat:
        if (added := sums[one.category, Decimal(one.rate)]) != one.basis_minor:
            name = _named(one.category, Decimal(one.rate))
            yield "BASIS_DIFFERS", f"The lines of {name} add up to {added}, not {one.basis_minor}."


def _taxes(content: InvoiceContent) -> Iterator[tuple[str, str]]:
    for one in content.vat:
        rate = Fraction(one.rate)
        if not 0 <= rate <= 1:
            yield "RATE_NO_FRACTION", f"A rate is a fraction from 0 to 1; {one.rate} is not."
        elif content.price_basis == "INCL_TAX":
            gross = one.basis_minor + one.vat_minor
            if (basis := half_up(gross / (1 + rate))) != one.basis_minor:
                yield (
                    "VAT_DIFFERS",
                    f"Of {gross} with tax {basis} is without it, not {one.basis_minor}.",
                )
        elif (vat := half_up(one.basis_minor * rate)) != one.vat_minor:
            yield "VAT_DIFFERS", f"VAT on {one.basis_minor} is {vat}, not {one.vat_minor}."
    if (local := content.local_vat) and local.currency == content.currency:
        yield "LOCAL_VAT_NEEDLESS", f"VAT is in {local.currency} already (BR-53)."


def _categories(content: InvoiceContent) -> Iterator[tuple[str, str]]:
    found = {one.category for one in content.vat}
    if "O" in found and len(content.vat) > 1:
        yield "O_NOT_ALONE", "What is outside the scope needs an invoice of its own (BR-O-11)."
    for one in content.vat:
        yield from _category(one)
    if "S" in found and not content.seller.vat_number:
        yield "SELLER_VAT_ID_MISSING", "VAT is charged by a seller with a VAT id (BR-S-02)."
    if "AE" in found:
        for name, party in (("seller", content.seller), ("buyer", content.buyer)):
            if not party.vat_number:
                yield f"{name.upper()}_VAT_ID_MISSING", f"AE needs the {name}'s VAT id (BR-AE-02)."


def _category(one: VatBreakdown) -> Iterator[tuple[str, str]]:
    if (one.category == "S") != bool(Decimal(one.rate)):
        yield "RATE_DOES_NOT_FIT", f"Category {one.category} with the rate {one.rate} (BR-S-05)."
    if one.category != "S" and not (one.code or one.ground):
        yield "REASON_MISSING", f"Say why {one.category} bears no VAT (BR-{one.category}-10)."


def _parties(content: InvoiceContent) -> Iterator[tuple[str, str]]:
    if _same(content.seller, content.buyer):
        yield "SELLER_IS_BUYER", "Nobody sends itself an invoice."
    for name, party in (("seller", content.seller), ("buyer", content.buyer)):
        if not party.legal_name:
            yield f"{name.upper()}_NAME_MISSING", f"The {name} has a legal name (BR-06, BR-07)."
        if len(party.country_code) != 2:
            yield f"{name.upper()}_COUNTRY_MISSING", f"The {name} has a country (BR-09, BR-11)."
    if content.mode == "A1" and content.issuer is None:
        yield "ISSUER_MISSING", "On behalf of the seller: say by whom."


def _form(content: InvoiceContent) -> Iterator[tuple[str, str]]:
    if not _NUMBER.fullmatch(content.number):
        yield "NUMBER_ILL_FORMED", f"{content.number!r} is no number of at most 30 characters."
    if content.due_date < content.issue_date:
        yield "DUE_BEFORE_ISSUED", "It cannot be due before it is issued."
    if content.supply_until_date <= content.supply_from_date:
        yield "PERIOD_EMPTY", "The supply period ends after it starts (BR-29)."
    if content.is_credit_note and not content.preceding:
        yield "PRECEDING_MISSING", "A credit note names the invoices that it corrects (BG-3)."
    if content.is_self_billed != (content.mode == "A2" or _is_bought_by_house(content)):
        yield "TYPE_DOES_NOT_FIT", f"Type {content.type_code} is not that of mode {content.mode}."


def _is_bought_by_house(content: InvoiceContent) -> bool:
    """Under CCP the house bills itself what it buys, and sells by ordinary invoices."""
    return content.mode == "B" and content.is_self_billed


def _same(one: InvoiceParty, other: InvoiceParty) -> bool:
    """A partner may have several VAT ids: the register of companies tells them apart."""
    if one.legal_id and other.legal_id:
        return (one.country_code, one.legal_id) == (other.country_code, other.legal_id)
    return bool(one.vat_number) and one.vat_number == other.vat_number


def _named(category: str, rate: Decimal) -> str:
    return f"{category} {rate * 100:f} %"
