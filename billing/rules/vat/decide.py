"""How one supply is taxed: S, AE, O, E, or a block that says what a person has to do.

Source: Directive 2006/112/EC, Art. 38, 39, 44, 47, 194 to 196 and 199a. Nothing is guessed. A fact
that is missing blocks the supply, and 0 % is never the answer to a missing rate. See
docs/algorithms/vat.md for the table.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from billing.rules.vat.decision import (
    BLOCKS,
    OUT_OF_SCOPE_CODE,
    REVERSE_CHARGE_CODE,
    VatDecision,
)
from billing.rules.vat.facts import (
    Dated,
    Evidence,
    FactsContradict,
    RateRow,
    Supply,
    TaxParty,
    TaxRules,
    Treatment,
    VatId,
    only_one,
    plain,
)

EVIDENCE_VERSION = 2
# GR is Greece, whose VAT ids begin with EL.
EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
NOTHING = Decimal(0)


class _Blocked(Exception):
    def __init__(self, code: str, place: str | None = None, **words: object):
        super().__init__(code)
        self.code, self.place, self.words = code, place, words


@dataclass(slots=True)
class _Case:
    """The supply, its sides and rules, and what has been used of them so far."""

    supply: Supply
    supplier: TaxParty
    customer: TaxParty
    rules: TaxRules
    supplier_seat: str = ""
    used: list[Evidence] = field(default_factory=list)

    def found(self, what: str, fact: Dated | None) -> None:
        """Note a fact as used. That there was none is a fact too."""
        self.used.append({"fact": what, "row": fact.as_evidence() if fact else None})

    def evidence(self) -> Evidence:
        supply = self.supply
        return {
            "version": EVIDENCE_VERSION,
            "supplier": self.supplier.name,
            "customer": self.customer.name,
            "kind": supply.kind,
            "tax_date": plain(supply.tax_date),
            "charge_country": supply.charge_country,
            "buys_for": supply.buys_for,
            "is_to_the_house": supply.is_to_the_house,
            "used": list(self.used),
        }


def decide(
    supply: Supply, *, supplier: TaxParty, customer: TaxParty, rules: TaxRules
) -> VatDecision:
    """Judge one supply by the facts of its tax date.

    Under a central counterparty it is asked twice: CSO to house, and house to CSP. Never raises
    for want of a fact: the decision is then BLOCK, with a code and what to do.
    """
    case = _Case(supply, supplier, customer, rules)
    try:
        return _by_treatment(case)
    except _Blocked as block:
        return _block(case, block)
    except FactsContradict as contradiction:
        return _block(case, _Blocked("FACTS_CONTRADICT", detail=contradiction))


def _by_treatment(case: _Case) -> VatDecision:
    case.supplier_seat = _seat(case, "supplier", case.supplier)
    buys_in = _where_it_buys(case)
    treatment = _treatment(case, buys_in)
    if treatment == "AS_SERVICE":
        return _tax(case, buys_in, law="Art. 196", is_goods=False)
    if treatment == "AS_ELECTRICITY":
        place = buys_in if _is_dealer(case, "customer") else _site(case)
        return _tax(case, place, law="Art. 195", is_goods=True)
    law = "Art. 194" if treatment == "AT_THE_SITE_REVERSED" else None
    return _tax(case, _site(case), law=law, is_goods=False)


def _tax(case: _Case, place: str, *, law: str | None, is_goods: bool) -> VatDecision:
    """Tax a supply whose place is known; ``law`` shifts the tax where the supplier is a stranger,
    and None says that nothing does."""
    is_at_home = _is_established(case, case.supplier, place)
    if place not in EU and not is_at_home:
        return _outside(case, place)
    if exempt := _exempt(case, place):
        return exempt
    if is_at_home:
        if is_goods and place in EU and _is_shifted_at_home(case, place):
            return _reverse_charge(case, place, "Art. 199a")
        return _standard(case, place)
    # A buyer of goods that is not identified leaves the tax to the supplier; one of a service that
    # is not identified may be no business at all, which is not ours to say.
    if law and (not is_goods or _vat_id(case, case.customer, place)):
        return _reverse_charge(case, place, law)
    return _standard(case, place, missing="NOBODY_REGISTERED" if law else "SUPPLIER_NOT_REGISTERED")


def _where_it_buys(case: _Case) -> str:
    """The seat of the customer, or its establishment that the agreement names."""
    seat = _seat(case, "customer", case.customer)
    named = case.supply.buys_for
    if named is None or named == seat:
        return seat
    if not _is_established(case, case.customer, named):
        raise _Blocked("BUYING_ESTABLISHMENT_UNKNOWN", named)
    return named


def _seat(case: _Case, side: str, party: TaxParty) -> str:
    seats = [one for one in party.establishments if one.is_seat]
    found = only_one(seats, on=case.supply.tax_date, about=f"seat of {party.name}")
    case.found(f"{side}.seat", found)
    if found is None:
        raise _Blocked("SEAT_UNKNOWN", party=party.name)
    return found.country


def _is_established(case: _Case, party: TaxParty, place: str) -> bool:
    day = case.supply.tax_date
    there = [one for one in party.establishments if one.country == place and one.holds_on(day)]
    # Several in one country say the same; the seat is shown before a branch.
    found = max(there, key=lambda one: (one.is_seat, one.from_date), default=None)
    case.found(f"{_side(case, party)}.establishment.{place}", found)
    return found is not None


def _treatment(case: _Case, buys_in: str) -> Treatment:
    kind = case.supply.kind
    country = buys_in if kind == "SERVICE" else _site(case)
    row = only_one(
        [one for one in case.rules.kinds if (one.country, one.kind) == (country, kind)],
        on=case.supply.tax_date,
        about=f"treatment of {kind} in {country}",
    )
    case.found(f"kind.{kind}.{country}", row)
    if row is None:
        raise _Blocked("KIND_UNDECIDED", country)
    return row.treatment


def _site(case: _Case) -> str:
    if case.supply.charge_country is None:
        raise _Blocked("CHARGE_COUNTRY_UNKNOWN")
    return case.supply.charge_country


def _is_dealer(case: _Case, side: str) -> bool:
    party = case.customer if side == "customer" else case.supplier
    proofs = [one for one in party.dealer_proofs if one.holds_on(case.supply.tax_date)]
    # Two proofs of one thing do not contradict each other; the newer is shown.
    newest = max(proofs, key=lambda one: (one.from_date, one.reference), default=None)
    case.found(f"{side}.dealer_proof", newest)
    return newest is not None


def _is_shifted_at_home(case: _Case, place: str) -> bool:
    """Between two proved resellers the state's row decides; nobody else needs one."""
    if not (_is_dealer(case, "supplier") and _is_dealer(case, "customer")):
        return False
    row = only_one(
        [one for one in case.rules.domestic if one.country == place],
        on=case.supply.tax_date,
        about=f"Art. 199a in {place}",
    )
    case.found(f"domestic.{place}", row)
    if row is None:
        raise _Blocked("DOMESTIC_RULE_UNKNOWN", place)
    return row.applies


def _exempt(case: _Case, place: str) -> VatDecision | None:
    row = only_one(
        [one for one in case.supplier.exemptions if one.country == place],
        on=case.supply.tax_date,
        about=f"exemption of {case.supplier.name} in {place}",
    )
    case.found(f"supplier.exemption.{place}", row)
    if row is None:
        return None
    return VatDecision(
        category="E",
        rate=NOTHING,
        place=place,
        ground=row.ground,
        vatex_code=row.vatex_code,
        evidence=case.evidence(),
    )


def _outside(case: _Case, place: str) -> VatDecision:
    return VatDecision(
        category="O",
        place=place,
        ground=f"Not subject to EU VAT: supplied in {place}",
        vatex_code=OUT_OF_SCOPE_CODE,
        evidence=case.evidence(),
    )


def _standard(case: _Case, place: str, *, missing: str = "SUPPLIER_NOT_REGISTERED") -> VatDecision:
    supplier_id = _vat_id(case, case.supplier, place)
    if supplier_id is None:
        raise _Blocked(missing, place)
    row = _rate(case, place)
    customer_id = _vat_id(case, case.customer, place)
    return VatDecision(
        category="S",
        rate=row.rate,
        rate_row=row,
        place=place,
        ground=f"VAT of {place} at {(row.rate * 100).normalize():f} %",
        supplier_vat_id=supplier_id.number,
        customer_vat_id=customer_id.number if customer_id else "",
        evidence=case.evidence(),
    )


def _rate(case: _Case, place: str) -> RateRow:
    kind = case.supply.kind
    row = only_one(
        [one for one in case.rules.rates if (one.country, one.kind) == (place, kind)],
        on=case.supply.tax_date,
        about=f"rate of {place} for {kind}",
    )
    case.found(f"rate.{kind}.{place}", row)
    if row is None or row.rate <= 0:
        raise _Blocked("RATE_UNKNOWN", place)
    return row


def _reverse_charge(case: _Case, place: str, law: str) -> VatDecision:
    """The customer owes the tax: its VAT id must have been confirmed, both ids are printed.

    Where that is the house, the rate at which it owes is decided here too: a partner's own books
    need no rate of ours.
    """
    customer_id = _vat_id(case, case.customer, place)
    if customer_id is None:
        raise _Blocked("CUSTOMER_NOT_REGISTERED", place)
    if not customer_id.is_checked:
        raise _Blocked("REGISTRATION_NOT_CHECKED", place)
    seat = case.supplier_seat
    supplier_id = _vat_id(case, case.supplier, place) or _vat_id(case, case.supplier, seat)
    if supplier_id is None:
        raise _Blocked("SUPPLIER_NOT_REGISTERED", seat)
    return VatDecision(
        category="AE",
        rate=NOTHING,
        rate_row=_rate(case, place) if case.supply.is_to_the_house else None,
        place=place,
        ground=f"Reverse charge, {law} of Directive 2006/112/EC",
        vatex_code=REVERSE_CHARGE_CODE,
        supplier_vat_id=supplier_id.number,
        customer_vat_id=customer_id.number,
        evidence=case.evidence(),
    )


def _vat_id(case: _Case, party: TaxParty, place: str) -> VatId | None:
    found = only_one(
        [one for one in party.vat_ids if one.country == place],
        on=case.supply.tax_date,
        about=f"VAT id of {party.name} in {place}",
    )
    case.found(f"{_side(case, party)}.vat_id.{place}", found)
    return found


def _side(case: _Case, party: TaxParty) -> str:
    return "supplier" if party is case.supplier else "customer"


def _block(case: _Case, block: _Blocked) -> VatDecision:
    words = {"place": block.place, "kind": case.supply.kind, **block.words}
    return VatDecision(
        category="BLOCK",
        place=block.place,
        block_code=block.code,
        what_to_do=BLOCKS[block.code].format(**words),
        evidence=case.evidence(),
    )
