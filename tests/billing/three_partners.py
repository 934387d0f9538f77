"""The worked example of three partners, from records to obligations, by the rules alone.

A (NL), B (DE) and C (NL) each sell to and buy from the two others, and all are dealers; the house
is in Germany. The tax date is in January 2027, to which the rows of a new installation reach.
"""

from collections import Counter
from datetime import date
from uuid import UUID

from billing.rules.fees.window import fees_of_window
from billing.rules.multilateral import Obligation
from billing.rules.vat.amounts import TaxedAmount, VatLine, vat_lines
from billing.rules.vat.facts import Kind, TaxParty, TaxRules
from tests.billing.fee_makers import (
    A,
    B,
    C,
    by_payer,
    members,
    three_partners_components,
    three_partners_records,
)
from tests.billing.vat_facts import DEFAULTS, company, judge

HOUSE = UUID(int=0xFF)
NAMES = {A: "A", B: "B", C: "C", HOUSE: "House"}
TAX_DATE = date(2027, 1, 31)
COMPANIES = {
    A: company("NL", name="A"),
    B: company("DE", name="B"),
    C: company("NL", name="C"),
    HOUSE: company("DE", name="House"),
}


def document(
    supplier: TaxParty, customer: TaxParty, minor: int, *, kind: Kind, rules: TaxRules = DEFAULTS
) -> VatLine:
    """The one line of a document over all that one side sold the other."""
    site = supplier.establishments[0].country if kind == "ELECTRICITY" else None
    found = judge(supplier, customer, site=site, kind=kind, on=TAX_DATE, rules=rules)
    (line,) = vat_lines(
        [TaxedAmount(category=found.category, rate=found.rate, excl_tax_minor=minor)]
    )
    return line


def sales() -> dict[tuple[UUID, UUID], int]:
    """What each seller sold each buyer, without VAT."""
    sums: Counter[tuple[UUID, UUID]] = Counter()
    for record in three_partners_records():
        sums[record.seller, record.buyer] += record.amount_minor
    return dict(sums)


def energy_documents() -> dict[tuple[UUID, UUID], VatLine]:
    return {
        (seller, buyer): document(COMPANIES[seller], COMPANIES[buyer], minor, kind="ELECTRICITY")
        for (seller, buyer), minor in sales().items()
    }


def fee_documents() -> dict[UUID, VatLine]:
    fees = by_payer(
        fees_of_window(
            three_partners_components(),
            records=three_partners_records(),
            memberships=members(A, B, C),
        )
    )
    return {
        partner: document(COMPANIES[HOUSE], COMPANIES[partner], minor, kind="SERVICE")
        for partner, minor in fees.items()
    }


def energy_obligations() -> list[Obligation]:
    return [
        Obligation(buyer, seller, line.incl_tax_minor)
        for (seller, buyer), line in energy_documents().items()
    ]


def fee_obligations() -> list[Obligation]:
    return [
        Obligation(partner, HOUSE, line.incl_tax_minor) for partner, line in fee_documents().items()
    ]


def obligations() -> list[Obligation]:
    return [*energy_obligations(), *fee_obligations()]


def named(obligations) -> list[tuple[str, str, int]]:
    """Two partners and an amount, by their names."""
    return [(NAMES[one], NAMES[other], amount) for one, other, amount in obligations]
