"""Any facts: one whole decision or a block that says what to do, and evidence that suffices."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.rules.vat.decide import EU, decide
from billing.rules.vat.decision import BLOCKS
from billing.rules.vat.facts import (
    DealerProof,
    DomesticRow,
    Establishment,
    Exemption,
    KindRow,
    RateRow,
    Supply,
    TaxParty,
    TaxRules,
    VatId,
)
from tests.billing.vat_facts import DAY, DEFAULTS, LONG_AGO, company, vat_id

NEW_YEARS_EVE, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)
A_DAY = timedelta(days=1)

COUNTRIES = st.sampled_from(["DE", "NL", "FR", "IT", "CH", "GB", "NO", "US"])
DATES = st.sampled_from([LONG_AGO, date(2026, 1, 1), DAY, NEW_YEARS_EVE, NEW_YEAR])
PERIODS = st.fixed_dictionaries({"from_date": DATES, "until_date": st.one_of(st.none(), DATES)})


def facts_of(row, /, **fields):
    return st.lists(
        st.builds(lambda period, **rest: row(**period, **rest), PERIODS, **fields), max_size=3
    ).map(tuple)


parties = st.builds(
    TaxParty,
    name=st.just("any company"),
    establishments=facts_of(Establishment, country=COUNTRIES, is_seat=st.booleans()),
    vat_ids=facts_of(
        VatId,
        country=COUNTRIES,
        number=st.just("DE136695976"),
        check_number=st.sampled_from(["", "WAPI1"]),
        check_date=st.one_of(st.none(), DATES),
    ),
    dealer_proofs=facts_of(DealerProof, reference=st.just("proof")),
    exemptions=facts_of(Exemption, country=COUNTRIES, ground=st.just("exempt")),
)
likely_parties = st.builds(
    company,
    COUNTRIES,
    dealer=st.booleans(),
    ids=st.one_of(st.none(), st.just(""), st.just("NL DE")),
    also_in=st.sampled_from(["", "NL", "CH FR"]),
)
rules = st.one_of(
    st.just(DEFAULTS),
    st.builds(
        TaxRules,
        rates=facts_of(
            RateRow,
            country=COUNTRIES,
            kind=st.just("ELECTRICITY"),
            rate=st.sampled_from([Decimal(0), Decimal("0.19")]),
            source=st.just("test"),
        ),
        kinds=st.just(DEFAULTS.kinds),
        domestic=facts_of(
            DomesticRow, country=COUNTRIES, applies=st.booleans(), source=st.just("test")
        ),
    ),
)
supplies = st.builds(
    Supply,
    kind=st.sampled_from(["ELECTRICITY", "PARKING", "RESERVATION", "SERVICE"]),
    tax_date=DATES,
    charge_country=st.one_of(st.none(), COUNTRIES),
    buys_for=st.one_of(st.none(), COUNTRIES),
)


ROWS = {
    "seat": ("establishments", Establishment),
    "establishment": ("establishments", Establishment),
    "vat_id": ("vat_ids", VatId),
    "dealer_proof": ("dealer_proofs", DealerProof),
    "exemption": ("exemptions", Exemption),
    "rate": ("rates", RateRow),
    "kind": ("kinds", KindRow),
    "domestic": ("domestic", DomesticRow),
}


def row_of(kind, frozen: dict):
    """Read a row of the evidence back into the fact it was."""
    values = dict(frozen)
    for name in values:
        if name.endswith("_date") and values[name]:
            values[name] = date.fromisoformat(values[name])
        if name == "rate":
            values[name] = Decimal(values[name])
    return kind(**values)


def decide_again(frozen: dict):
    """Decide by nothing but the evidence: what an auditor has years later."""
    facts = {"supplier": {}, "customer": {}, "rules": {}}
    for one in frozen["used"]:
        owner, _, rest = one["fact"].partition(".")
        owner, rest = (owner, rest) if owner in facts else ("rules", one["fact"])
        name, kind = ROWS[rest.partition(".")[0]]
        if one["row"]:
            rows = facts[owner].setdefault(name, [])
            row = row_of(kind, one["row"])
            rows.extend([] if row in rows else [row])
    supplier, customer, rules = (
        {name: tuple(rows) for name, rows in facts[owner].items()} for owner in facts
    )
    supply = Supply(
        kind=frozen["kind"],
        tax_date=date.fromisoformat(frozen["tax_date"]),
        charge_country=frozen["charge_country"],
        buys_for=frozen["buys_for"],
        is_to_the_house=frozen["is_to_the_house"],
    )
    return decide(
        supply,
        supplier=TaxParty(name=frozen["supplier"], **supplier),
        customer=TaxParty(name=frozen["customer"], **customer),
        rules=TaxRules(**rules),
    )


class TestAnyFacts:
    @given(supplies, st.one_of(parties, likely_parties), st.one_of(parties, likely_parties), rules)
    def test_give_one_whole_decision_or_say_what_to_do(self, supply, supplier, customer, rules):
        found = decide(supply, supplier=supplier, customer=customer, rules=rules)

        assert (found.category == "S") == bool(found.rate)
        assert found.is_blocked == bool(found.block_code) == bool(found.what_to_do)
        assert found.is_blocked or (found.ground and found.place)
        owed = found.category == "AE" and supply.is_to_the_house
        assert bool(found.self_assessed_rate) == owed
        if found.is_blocked:
            assert found.block_code in BLOCKS
            assert "{" not in found.what_to_do
            assert "None" not in found.what_to_do
        if found.category == "AE":
            (used,) = [
                one
                for one in customer.vat_ids
                if one.country == found.place and one.holds_on(supply.tax_date)
            ]
            assert used.is_checked
            assert found.supplier_vat_id
        if found.category == "O":
            assert found.place not in EU

    @given(supplies, st.one_of(parties, likely_parties), st.one_of(parties, likely_parties), rules)
    def test_leave_evidence_that_decides_the_same_again(self, supply, supplier, customer, rules):
        found = decide(supply, supplier=supplier, customer=customer, rules=rules)

        frozen = json.loads(json.dumps(found.evidence))
        assert frozen == found.evidence
        if found.block_code != "FACTS_CONTRADICT":
            assert decide_again(frozen) == found

    @given(supplies, likely_parties, likely_parties)
    def test_that_do_not_hold_on_the_tax_date_change_nothing(self, supply, supplier, customer):
        later = supply.tax_date + A_DAY
        noisy = replace(
            customer,
            vat_ids=(
                *customer.vat_ids,
                *(vat_id(c, number="late", from_date=later) for c in ("DE", "NL", "CH")),
            ),
            dealer_proofs=(
                *customer.dealer_proofs,
                DealerProof(reference="early", from_date=LONG_AGO, until_date=supply.tax_date),
            ),
        )

        plain = decide(supply, supplier=supplier, customer=customer, rules=DEFAULTS)
        assert decide(supply, supplier=supplier, customer=noisy, rules=DEFAULTS) == plain
