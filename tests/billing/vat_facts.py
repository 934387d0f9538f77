"""Companies for VAT tests, as much recorded of each as its country and a word or two say."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing.rules.vat.decide import decide
from billing.rules.vat.decision import VatDecision
from billing.rules.vat.default_rows import DOMESTIC_ROWS, KIND_ROWS, RATE_ROWS
from billing.rules.vat.facts import (
    DealerProof,
    Establishment,
    Kind,
    Supply,
    TaxParty,
    TaxRules,
    VatId,
)

DAY = date(2026, 11, 30)
LONG_AGO = date(2020, 1, 1)
DEFAULTS = TaxRules(rates=RATE_ROWS, kinds=KIND_ROWS, domestic=DOMESTIC_ROWS)


def vat_id(country: str, **facts) -> VatId:
    checked = {"check_number": f"WAPI{country}1", "check_date": date(2026, 11, 2)}
    return VatId(
        **{"country": country, "number": f"{country}123", "from_date": LONG_AGO, **checked, **facts}
    )


def company(
    seat: str, *, dealer: bool = True, ids: str | None = None, also_in: str = "", name: str = ""
) -> TaxParty:
    """``ids``: countries of its VAT ids, by default the seat's; "" for none."""
    return TaxParty(
        name=name or f"a company of {seat}",
        establishments=(
            Establishment(country=seat, is_seat=True, from_date=LONG_AGO),
            *(Establishment(country=other, from_date=LONG_AGO) for other in also_in.split()),
        ),
        vat_ids=tuple(vat_id(country) for country in (seat if ids is None else ids).split()),
        dealer_proofs=(DealerProof(reference="USt 1 TH", from_date=LONG_AGO),) if dealer else (),
    )


def judge(
    supplier: TaxParty,
    customer: TaxParty,
    *,
    site: str | None = None,
    kind: Kind = "ELECTRICITY",
    on: date = DAY,
    rules: TaxRules = DEFAULTS,
    is_to_the_house: bool = False,
) -> VatDecision:
    supply = Supply(kind=kind, tax_date=on, charge_country=site, is_to_the_house=is_to_the_house)
    return decide(supply, supplier=supplier, customer=customer, rules=rules)


def told(decision: VatDecision) -> str:
    """As the tables of the tests and of the page say it: ``S 0.21 NL``, ``BLOCK RATE_UNKNOWN``."""
    if decision.is_blocked:
        return f"BLOCK {decision.block_code}"
    if decision.category == "S":
        return f"S {Decimal(decision.rate):f} {decision.place}"
    return f"{decision.category} {decision.place}"


def without(rules: TaxRules, **changed) -> TaxRules:
    return replace(rules, **changed)
