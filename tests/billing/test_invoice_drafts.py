"""Which supplies stand on one document, who issues it, and how its lines add up."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.invoicing.channels import missing_channel
from billing.rules.invoicing.drafts import (
    DraftKey,
    Line,
    TaxedSum,
    drafts_of,
    issuer_code,
    mode_of,
    net_of_lines,
    series_of,
    type_of,
)

SELLER, BUYER, HOUSE, WINDOW = (UUID(int=n) for n in range(1, 5))


def line(amount: int, **changes) -> Line:
    values = {"month": "2026-10", "kind": "ELECTRICITY", "charge_country": "NL", "sdrs": 1}
    return Line(**(values | {"energy_kwh": Decimal(5), "amount_minor": amount} | changes))


def supply(net: int, vat: int = 0, *, n: int = 0, **changes) -> TaxedSum:
    values = {
        "id": UUID(int=1000 + n),
        "window": WINDOW,
        "supplier": SELLER,
        "customer": BUYER,
        "place": "NL",
        "category": "S" if vat else "AE",
        "rate": Decimal("0.21") if vat else Decimal(0),
        "price_basis": "EXCL_TAX",
        "is_service": False,
        "is_credit": net < 0,
        "sdrs": 1,
        "net_minor": net,
        "vat_minor": vat,
        "lines": (line(net),),
    }
    return TaxedSum(**(values | changes))


def key(**changes) -> DraftKey:
    values = dict.fromkeys(("is_service", "takes_back", "is_outside", "is_credit"), False)
    fixed = {"window": WINDOW, "supplier": SELLER, "customer": BUYER, "place": "NL"}
    return DraftKey(**(fixed | {"price_basis": "EXCL_TAX"} | values | changes))


class TestDrafts:
    def test_put_rates_of_one_state_on_one_document(self):
        (draft,) = drafts_of([supply(100, 21), supply(50, n=1)])

        assert [(one.category, one.basis_minor) for one in draft.breakdown()] == [
            ("AE", 50),
            ("S", 100),
        ]
        assert (draft.net_minor, draft.vat_minor) == (150, 21)

    @pytest.mark.parametrize(
        "other",
        [
            {"place": "DE"},
            {"category": "O"},
            {"price_basis": "INCL_TAX"},
            {"is_service": True},
            {"is_credit": True},
            {"customer": HOUSE},
            {"supplier": HOUSE},
            {"window": UUID(int=9)},
        ],
        ids=str,
    )
    def test_keep_apart_what_shares_no_document(self, other):
        assert len(drafts_of([supply(100), supply(50, n=1, **other)])) == 2

    def test_write_what_is_below_zero_as_a_credit_note_in_positive_amounts(self):
        invoice, credit = drafts_of([supply(-902, -189), supply(2000, 420, n=1)])

        assert not invoice.key.takes_back
        assert credit.key.takes_back
        assert (credit.net_minor, credit.vat_minor) == (902, 189)
        assert [one.amount_minor for _supply, one in credit.lines()] == [902]

    def test_leave_out_what_nobody_decided_and_what_is_nothing(self):
        assert drafts_of([supply(100, category="NA"), supply(0, n=1)]) == []

    @given(
        st.lists(
            st.tuples(
                st.integers(min_value=-(10**6), max_value=10**6),
                st.sampled_from(["S", "AE", "O", "E"]),
                st.sampled_from(["NL", "DE"]),
                st.booleans(),
            ),
            max_size=12,
        )
    )
    def test_lose_nothing_and_are_never_below_zero(self, rows):
        supplies = [
            supply(net, n=n, category=category, place=place, is_service=is_service)
            for n, (net, category, place, is_service) in enumerate(rows)
        ]

        drafts = drafts_of(supplies)

        assert sum(draft.sign * draft.net_minor for draft in drafts) == sum(r[0] for r in rows)
        assert all(draft.net_minor > 0 for draft in drafts)
        for draft in drafts:
            assert sum(one.amount_minor for _supply, one in draft.lines()) == draft.net_minor
            assert sum(one.basis_minor for one in draft.breakdown()) == draft.net_minor
            assert not draft.key.is_outside or {o.category for o in draft.supplies} == {"O"}


class TestLinesWithTaxIncluded:
    def test_share_the_net_by_their_amounts(self):
        # 1.00 + 2.00 + 0.05 with 21 %: 2.52 without; shares 0.826 1.652 0.041
        one = supply(252, 53, price_basis="INCL_TAX", lines=(line(100), line(200), line(5)))

        assert net_of_lines(one) == [83, 165, 4]

    @given(
        st.lists(st.integers(min_value=-(10**6), max_value=10**6), min_size=1, max_size=9),
        st.integers(min_value=-(10**6), max_value=10**6),
    )
    def test_add_up_to_the_net(self, amounts, net):
        one = supply(net, price_basis="INCL_TAX", lines=tuple(line(a) for a in amounts))
        if sum(amounts):
            assert sum(net_of_lines(one)) == net


class TestWhoIssues:
    @pytest.mark.parametrize(
        ("changes", "agreed", "mode", "type_code"),
        [
            ({}, None, "A0", "380"),
            ({}, "A1", "A1", "380"),
            ({"takes_back": True}, "A1", "A1", "381"),
            ({}, "A2", "A2", "389"),
            ({"takes_back": True}, "A2", "A2", "261"),
            ({"customer": HOUSE}, "A1", "B", "389"),
            ({"customer": HOUSE, "takes_back": True}, None, "B", "261"),
            ({"supplier": HOUSE}, None, "B", "380"),
            ({"supplier": HOUSE, "is_service": True}, "A2", "FEE", "380"),
        ],
    )
    def test_follows_from_the_sides_and_their_terms(self, changes, agreed, mode, type_code):
        found = mode_of(key(**changes), house=HOUSE, agreed=agreed)

        assert found == mode
        assert type_of(key(**changes), mode=mode, house=HOUSE) == type_code

    def test_series_are_apart_by_issuer_type_and_environment(self):
        assert series_of("PLD", "380", environment="LIVE") == "PLD-INV"
        assert series_of("PLD", "261", environment="TEST") == "PLD-TSC"

    def test_codes_of_issuers_are_plain_and_differ(self):
        assert issuer_code("Nordlicht GmbH", []) == "NORDLI"
        assert issuer_code("Nordlicht AG", ["NORDLI"]) == "NORD1"
        assert issuer_code("24/7 Öl", []) == "LX"


class TestChannels:
    @pytest.mark.parametrize(
        ("seller", "buyer", "on", "channel"),
        [
            ("PL", "DE", date(2026, 1, 31), None),
            ("PL", "DE", date(2026, 2, 1), "KSeF"),
            ("DE", "PL", date(2026, 11, 1), None),
            ("IT", "NL", date(2026, 11, 1), "SdI"),
            ("FR", "DE", date(2026, 11, 1), None),
            ("FR", "FR", date(2026, 11, 1), "plateforme agréée"),
            ("FR", "FR", date(2026, 8, 31), None),
            ("NL", "DE", date(2026, 11, 1), None),
        ],
    )
    def test_bind_sellers_from_a_day_on(self, seller, buyer, on, channel):
        found = missing_channel(seller=seller, buyer=buyer, on=on)

        assert (found.name if found else None) == channel
