"""Which VAT a supply bears: the table of the law, the days on which rules end, and what blocks."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.rules.vat.decide import EU, decide
from billing.rules.vat.default_rows import RATE_ROWS, REDUCED_RATE_IN_DOUBT
from billing.rules.vat.facts import (
    DealerProof,
    DomesticRow,
    Establishment,
    Exemption,
    KindRow,
    RateRow,
    Supply,
)
from tests.billing.vat_facts import DAY, DEFAULTS, LONG_AGO, company, judge, told, vat_id, without

NEW_YEARS_EVE, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)
A_DAY = timedelta(days=1)

ELECTRICITY = [
    # The table of the directive's articles, line by line.
    ("NL CSO, DE dealer, charged in NL", company("NL"), company("DE"), "NL", "AE DE"),
    ("NL CSO, DE dealer, charged in FR", company("NL"), company("DE"), "FR", "AE DE"),
    ("NL CSO, DE dealer, charged in DE", company("NL"), company("DE"), "DE", "AE DE"),
    ("NL CSO, NL dealer, charged in NL", company("NL"), company("NL"), "NL", "S 0.21 NL"),
    ("NL CSO, NL dealer, charged in DE", company("NL"), company("NL"), "DE", "S 0.21 NL"),
    ("DE CSO, DE dealer, both proofs", company("DE"), company("DE"), "DE", "AE DE"),
    (
        "DE CSO without proof, DE dealer",
        company("DE", dealer=False),
        company("DE"),
        "DE",
        "S 0.19 DE",
    ),
    (
        "DE CSO, DE CSP without proof",
        company("DE"),
        company("DE", dealer=False),
        "DE",
        "S 0.19 DE",
    ),
    (
        "NL CSO, DE CSP that is no dealer, charged in NL",
        company("NL"),
        company("DE", dealer=False),
        "NL",
        "S 0.21 NL",
    ),
    (
        "DE CSO, DE CSP no dealer with a NL id, charged in NL",
        company("DE"),
        company("DE", dealer=False, ids="DE NL"),
        "NL",
        "AE NL",
    ),
    (
        "DE CSO registered in NL, DE CSP no dealer, charged in NL",
        company("DE", ids="DE NL"),
        company("DE", dealer=False),
        "NL",
        "S 0.21 NL",
    ),
    (
        "DE CSO not registered in NL, DE CSP no dealer, charged in NL",
        company("DE"),
        company("DE", dealer=False),
        "NL",
        "BLOCK NOBODY_REGISTERED",
    ),
    ("Swiss dealer, EU CSO, charged in DE", company("DE"), company("CH"), "DE", "O CH"),
    ("British dealer, EU CSO, charged in FR", company("FR"), company("GB"), "FR", "O GB"),
    (
        "EU CSO, EU CSP no dealer, charged in Switzerland",
        company("DE"),
        company("NL", dealer=False),
        "CH",
        "O CH",
    ),
    # Where place and supplier are in one country outside the EU, its own VAT is due.
    ("Swiss CSO, Swiss dealer", company("CH"), company("CH"), "CH", "S 0.081 CH"),
    ("Norwegian CSO, Norwegian dealer", company("NO"), company("NO"), "NO", "S 0.25 NO"),
    ("British CSO, British dealer", company("GB"), company("GB"), "GB", "S 0.2 GB"),
    (
        "Swiss CSO, DE CSP no dealer, charged in CH",
        company("CH"),
        company("DE", dealer=False),
        "CH",
        "S 0.081 CH",
    ),
    ("Swiss CSO, DE dealer", company("CH"), company("DE"), "CH", "AE DE"),
    ("Norwegian CSO, Swiss dealer", company("NO"), company("CH"), "NO", "O CH"),
    (
        "NL CSO with a branch in DE, DE dealer",
        company("NL", ids="NL DE", also_in="DE"),
        company("DE"),
        "NL",
        "AE DE",
    ),
    (
        "NL CSO without proof, with a branch in DE, DE dealer",
        company("NL", ids="NL DE", also_in="DE", dealer=False),
        company("DE"),
        "NL",
        "S 0.19 DE",
    ),
    (
        "Swiss CSO without an id there",
        company("CH", ids=""),
        company("CH"),
        "CH",
        "BLOCK SUPPLIER_NOT_REGISTERED",
    ),
    (
        "NL CSO without any id, DE dealer",
        company("NL", ids=""),
        company("DE"),
        "NL",
        "BLOCK SUPPLIER_NOT_REGISTERED",
    ),
    (
        "FR CSO, FR dealer: nobody has looked",
        company("FR"),
        company("FR"),
        "FR",
        "BLOCK DOMESTIC_RULE_UNKNOWN",
    ),
    ("site in a country without a row", company("NL"), company("DE"), "LI", "BLOCK KIND_UNDECIDED"),
    (
        "reduced rate in doubt",
        company("IT", dealer=False),
        company("IT"),
        "IT",
        "BLOCK RATE_UNKNOWN",
    ),
]
SERVICES = [
    ("house DE, partner NL", company("DE"), company("NL"), "AE NL"),
    ("house DE, partner DE", company("DE"), company("DE"), "S 0.19 DE"),
    ("house DE, partner CH", company("DE"), company("CH"), "O CH"),
    ("house CH, partner CH", company("CH"), company("CH"), "S 0.081 CH"),
    ("house CH, partner NL", company("CH"), company("NL"), "AE NL"),
    ("house DE, partner IT", company("DE"), company("IT"), "AE IT"),
    ("house IT, partner IT", company("IT"), company("IT"), "S 0.22 IT"),
    ("no id of the partner", company("DE"), company("NL", ids=""), "BLOCK CUSTOMER_NOT_REGISTERED"),
]


class TestTheTable:
    @pytest.mark.parametrize(
        ("name", "supplier", "customer", "site", "expected"),
        ELECTRICITY,
        ids=[case[0] for case in ELECTRICITY],
    )
    def test_of_electricity(self, name, supplier, customer, site, expected):
        assert told(judge(supplier, customer, site=site)) == expected, name

    @pytest.mark.parametrize(
        ("name", "supplier", "customer", "expected"), SERVICES, ids=[case[0] for case in SERVICES]
    )
    def test_of_the_fees_of_the_house(self, name, supplier, customer, expected):
        decision = judge(supplier, customer, kind="SERVICE")

        assert told(decision) == expected, name

    def test_a_service_between_two_dealers_at_home_is_no_electricity(self):
        assert told(judge(company("DE"), company("DE"), kind="SERVICE")) == "S 0.19 DE"

    def test_names_law_and_code_and_both_ids_of_a_reverse_charge(self):
        abroad = judge(company("NL"), company("DE"), site="NL")
        at_home = judge(company("DE"), company("DE"), site="DE")
        service = judge(company("DE"), company("NL"), kind="SERVICE")

        assert "Art. 195" in abroad.ground
        assert "Art. 199a" in at_home.ground
        assert "Art. 196" in service.ground
        assert {one.vatex_code for one in (abroad, at_home, service)} == {"VATEX-EU-AE"}
        assert (abroad.supplier_vat_id, abroad.customer_vat_id) == ("NL123", "DE123")
        assert {one.rate for one in (abroad, at_home, service)} == {0}

    def test_puts_what_is_outside_into_a_document_of_its_own(self):
        decision = judge(company("DE"), company("CH"), site="DE")

        assert decision.needs_its_own_document
        assert (decision.vatex_code, decision.rate) == ("VATEX-EU-O", None)


class TestDays:
    @pytest.mark.parametrize(
        ("on", "expected"),
        [(NEW_YEARS_EVE, "AE DE"), (NEW_YEAR, "BLOCK DOMESTIC_RULE_UNKNOWN")],
    )
    def test_art_199a_ends_with_2026(self, on, expected):
        assert told(judge(company("DE"), company("DE"), site="DE", on=on)) == expected

    @pytest.mark.parametrize(("applies", "expected"), [(True, "AE DE"), (False, "S 0.19 DE")])
    def test_a_new_row_goes_on_from_the_day_it_begins(self, applies, expected):
        new = DomesticRow(country="DE", applies=applies, from_date=NEW_YEAR, source="a new law")
        rules = without(DEFAULTS, domestic=(*DEFAULTS.domestic, new))

        told_ = [
            told(judge(company("DE"), company("DE"), site="DE", on=on, rules=rules))
            for on in (NEW_YEARS_EVE, NEW_YEAR)
        ]
        assert told_ == ["AE DE", expected]

    def test_a_rate_changes_between_two_days(self):
        old, new = (
            RateRow(
                country="NL",
                kind="ELECTRICITY",
                rate=Decimal(rate),
                from_date=from_date,
                until_date=until_date,
                source="test",
            )
            for rate, from_date, until_date in (
                ("0.21", LONG_AGO, NEW_YEAR),
                ("0.22", NEW_YEAR, None),
            )
        )
        rules = without(DEFAULTS, rates=(old, new))

        told_ = [
            told(judge(company("NL"), company("NL"), site="NL", on=on, rules=rules))
            for on in (NEW_YEARS_EVE, NEW_YEAR)
        ]
        assert told_ == ["S 0.21 NL", "S 0.22 NL"]

    def test_a_proof_ends_before_its_last_day(self):
        proof = DealerProof(reference="2026", from_date=date(2026, 1, 1), until_date=NEW_YEAR)
        customer = replace(company("DE", ids="DE NL"), dealer_proofs=(proof,))

        told_ = [
            told(judge(company("FR"), customer, site="NL", on=on))
            for on in (NEW_YEARS_EVE, NEW_YEAR)
        ]
        assert told_ == ["AE DE", "AE NL"]

    def test_a_company_moves(self):
        old, new = (
            Establishment(country=country, is_seat=True, from_date=start, until_date=end)
            for country, start, end in (("NL", LONG_AGO, NEW_YEAR), ("DE", NEW_YEAR, None))
        )
        customer = replace(company("NL", ids="NL DE"), establishments=(old, new))

        told_ = [
            told(judge(company("FR"), customer, site="FR", on=on))
            for on in (NEW_YEARS_EVE, NEW_YEAR)
        ]
        assert told_ == ["AE NL", "AE DE"]

    def test_before_the_first_row_nothing_is_known(self):
        day = min(row.from_date for row in RATE_ROWS) - A_DAY

        assert told(judge(company("NL"), company("NL"), site="NL", on=day)).startswith("BLOCK")


class TestWhatTheHouseOwes:
    """CCP: the tax that is shifted to the house is posted in its books, so its rate is decided."""

    def test_is_decided_with_the_supply(self):
        decision = judge(company("NL"), company("DE"), site="NL", is_to_the_house=True)

        assert told(decision) == "AE DE"
        assert (decision.rate, decision.self_assessed_rate) == (0, Decimal("0.19"))

    def test_is_that_of_its_kind(self):
        rates = tuple(
            RateRow(country="DE", kind=kind, rate=Decimal(rate), from_date=LONG_AGO, source="law")
            for kind, rate in (("ELECTRICITY", "0.19"), ("PARKING", "0.07"))
        )
        parking = KindRow(
            country="NL", kind="PARKING", treatment="AS_SERVICE", from_date=LONG_AGO, source="law"
        )
        rules = without(DEFAULTS, rates=rates, kinds=(*DEFAULTS.kinds, parking))

        decision = judge(
            company("NL"),
            company("DE"),
            site="NL",
            kind="PARKING",
            rules=rules,
            is_to_the_house=True,
        )

        assert (told(decision), decision.self_assessed_rate) == ("AE DE", Decimal("0.07"))

    def test_blocks_where_nobody_entered_a_rate(self):
        rules = without(DEFAULTS, rates=())

        decision = judge(company("NL"), company("DE"), site="NL", rules=rules, is_to_the_house=True)

        assert told(decision) == "BLOCK RATE_UNKNOWN"

    def test_a_partners_own_books_need_no_rate_of_ours(self):
        rules = without(DEFAULTS, rates=())

        decision = judge(company("NL"), company("DE"), site="NL", rules=rules)

        assert (told(decision), decision.self_assessed_rate) == ("AE DE", 0)


class TestBlocks:
    def test_a_checksum_is_no_check(self):
        for unchecked in (
            {"check_number": "", "check_date": None},
            {"check_number": "  ", "check_date": DAY},
            {"check_number": "WAPI1", "check_date": None},
        ):
            # DE136695976 has the right check digit.
            customer = replace(
                company("DE"), vat_ids=(vat_id("DE", number="DE136695976", **unchecked),)
            )

            decision = judge(company("NL"), customer, site="NL")
            assert told(decision) == "BLOCK REGISTRATION_NOT_CHECKED"
            assert "DE" in decision.what_to_do

    def test_at_home_too_the_reverse_charge_needs_a_check(self):
        customer = replace(company("DE"), vat_ids=(vat_id("DE", check_number=""),))

        assert told(judge(company("DE"), customer, site="DE")) == "BLOCK REGISTRATION_NOT_CHECKED"

    def test_national_vat_needs_none(self):
        customer = replace(company("NL"), vat_ids=(vat_id("NL", check_number=""),))

        assert told(judge(company("NL"), customer, site="NL")) == "S 0.21 NL"

    @pytest.mark.parametrize("kind", ["PARKING", "RESERVATION"])
    def test_a_kind_that_nobody_has_decided(self, kind):
        decision = judge(company("NL"), company("DE"), site="NL", kind=kind)

        assert told(decision) == "BLOCK KIND_UNDECIDED"
        assert kind in decision.what_to_do

    def test_electricity_without_a_site(self):
        assert told(judge(company("NL"), company("DE"))) == "BLOCK CHARGE_COUNTRY_UNKNOWN"

    def test_no_seat(self):
        nowhere = replace(company("NL"), establishments=())

        assert told(judge(company("DE"), nowhere, site="NL")) == "BLOCK SEAT_UNKNOWN"
        assert told(judge(nowhere, company("DE"), site="NL")) == "BLOCK SEAT_UNKNOWN"

    def test_facts_that_exclude_each_other(self):
        twice = replace(company("DE"), vat_ids=(vat_id("DE"), vat_id("DE", number="DE999")))

        decision = judge(company("NL"), twice, site="NL")
        assert told(decision) == "BLOCK FACTS_CONTRADICT"
        assert "VAT id" in decision.what_to_do

    def test_a_rate_of_nothing_is_no_rate(self):
        free = RateRow(
            country="NL", kind="ELECTRICITY", rate=Decimal(0), from_date=LONG_AGO, source="wrong"
        )
        rules = without(DEFAULTS, rates=(free,))

        decision = judge(company("NL"), company("NL"), site="NL", rules=rules)
        assert told(decision) == "BLOCK RATE_UNKNOWN"

    def test_a_buying_establishment_that_is_not_recorded(self):
        supply = Supply(kind="ELECTRICITY", tax_date=DAY, charge_country="NL", buys_for="AT")

        decision = decide(supply, supplier=company("NL"), customer=company("DE"), rules=DEFAULTS)
        assert told(decision) == "BLOCK BUYING_ESTABLISHMENT_UNKNOWN"

    def test_the_buying_establishment_is_the_place(self):
        supply = Supply(kind="ELECTRICITY", tax_date=DAY, charge_country="NL", buys_for="AT")
        customer = company("DE", ids="DE AT", also_in="AT")

        decision = decide(supply, supplier=company("NL"), customer=customer, rules=DEFAULTS)
        assert told(decision) == "AE AT"


class TestExemption:
    SMALL = Exemption(country="DE", ground="Small enterprise, § 19 UStG", from_date=LONG_AGO)

    def test_at_home(self):
        supplier = replace(company("DE", ids=""), exemptions=(self.SMALL,))

        decision = judge(supplier, company("DE"), site="DE")
        assert told(decision) == "E DE"
        assert (decision.rate, decision.ground) == (0, "Small enterprise, § 19 UStG")

    def test_of_one_country_does_not_free_another(self):
        supplier = replace(company("DE"), exemptions=(self.SMALL,))

        assert told(judge(supplier, company("NL"), site="DE")) == "AE NL"

    def test_ends(self):
        ended = replace(self.SMALL, until_date=NEW_YEAR)
        supplier = replace(company("DE", dealer=False), exemptions=(ended,))

        told_ = [
            told(judge(supplier, company("DE"), site="DE", on=on))
            for on in (NEW_YEARS_EVE, NEW_YEAR)
        ]
        assert told_ == ["E DE", "S 0.19 DE"]


class TestKinds:
    @pytest.mark.parametrize(
        ("treatment", "supplier", "expected"),
        [
            ("AS_ELECTRICITY", company("NL"), "AE DE"),
            ("AS_SERVICE", company("NL"), "AE DE"),
            ("AT_THE_SITE", company("NL"), "S 0.21 NL"),
            ("AT_THE_SITE", company("FR", ids="FR NL"), "S 0.21 NL"),
            ("AT_THE_SITE", company("FR"), "BLOCK SUPPLIER_NOT_REGISTERED"),
            ("AT_THE_SITE_REVERSED", company("NL"), "S 0.21 NL"),
            ("AT_THE_SITE_REVERSED", company("FR"), "BLOCK CUSTOMER_NOT_REGISTERED"),
        ],
    )
    def test_parking_follows_the_row_of_the_sites_country(self, treatment, supplier, expected):
        row = KindRow(
            country="NL", kind="PARKING", treatment=treatment, from_date=LONG_AGO, source="test"
        )
        rules = without(DEFAULTS, kinds=(*DEFAULTS.kinds, row))

        decision = judge(supplier, company("DE"), site="NL", kind="PARKING", rules=rules)
        assert told(decision) == expected

    def test_a_state_that_reverses_at_the_site_does_so_for_a_registered_customer(self):
        row = KindRow(
            country="NL",
            kind="PARKING",
            treatment="AT_THE_SITE_REVERSED",
            from_date=LONG_AGO,
            source="test",
        )
        rules = without(DEFAULTS, kinds=(row,))
        customer = company("DE", ids="DE NL")

        decision = judge(company("FR"), customer, site="NL", kind="PARKING", rules=rules)
        assert told(decision) == "AE NL"
        assert "Art. 194" in decision.ground


class TestDefaultRows:
    def test_have_one_row_a_day_for_each_question(self):
        for rows, key in (
            (DEFAULTS.rates, lambda row: (row.country, row.kind)),
            (DEFAULTS.kinds, lambda row: (row.country, row.kind)),
            (DEFAULTS.domestic, lambda row: row.country),
        ):
            assert len({key(row) for row in rows}) == len(rows)
            assert all(row.source for row in rows)

    def test_know_the_standard_rate_of_each_member_state(self):
        services = {row.country: row.rate for row in RATE_ROWS if row.kind == "SERVICE"}

        assert set(services) == EU | {"CH", "GB", "NO"}
        assert len(EU) == 27
        assert services["FI"] == Decimal("0.255")
        assert all(Decimal("0.05") < rate <= Decimal("0.27") for rate in services.values())

    def test_leave_out_what_is_in_doubt(self):
        electricity = {row.country for row in RATE_ROWS if row.kind == "ELECTRICITY"}

        assert not electricity & REDUCED_RATE_IN_DOUBT
