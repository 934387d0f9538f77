"""Figures as people of several countries type them."""

from decimal import Decimal

import pytest
from django.forms import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.typed_numbers import NumberUnclear, NumberUnreadable, read_number
from partners.portal_fields import AmountField


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12", "12"),
        ("12.5", "12.5"),
        ("12,5", "12.5"),
        ("12,50", "12.50"),
        ("-3,20", "-3.20"),
        ("\N{MINUS SIGN}3.20", "-3.20"),
        ("+4", "4"),
        (",5", "0.5"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1.234.567,8", "1234567.8"),
    ],
)
def test_are_read_where_they_mean_one_thing(typed, meant):
    assert read_number(typed) == Decimal(meant)


@pytest.mark.parametrize("typed", ["1.234", "1,234", "-12.500", "999,000"])
def test_are_asked_again_where_they_may_mean_two(typed):
    with pytest.raises(NumberUnclear):
        read_number(typed)


@pytest.mark.parametrize(
    "typed", ["", "x", "1..2", "1,2,3", "1.23,4.5", "12 34", "--1", "1e5", "NaN", "1.2345,6", "."]
)
def test_are_refused_where_they_mean_nothing(typed):
    with pytest.raises(NumberUnreadable):
        read_number(typed)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.sampled_from(["en", "de"]))
def test_two_decimals_are_always_clear(amount, language):
    written = f"{amount:,.2f}"
    if language == "de":
        written = written.translate(str.maketrans(",.", ".,"))

    assert read_number(written) == amount


class TestTheField:
    def test_takes_an_amount_as_it_is_typed(self):
        field = AmountField(max_digits=18, decimal_places=2)

        assert field.clean("1.234,50") == field.clean("1,234.50") == Decimal("1234.50")

    @pytest.mark.parametrize(
        ("language", "told"), [("en", "two ways"), ("de", "zwei Arten"), ("fr", "deux façons")]
    )
    def test_asks_again_and_says_how(self, language, told):
        field = AmountField(max_digits=18, decimal_places=2)
        with translation.override(language), pytest.raises(ValidationError, match=told):
            field.clean("1.234")

    @pytest.mark.parametrize("typed", ["x", "1,2345", "12345678901234567890"])
    def test_refuses_what_no_amount_can_be(self, typed):
        with pytest.raises(ValidationError):
            AmountField(max_digits=18, decimal_places=2).clean(typed)

    def test_may_be_left_empty(self):
        assert AmountField(required=False).clean("") is None
