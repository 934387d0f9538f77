"""VAT once per document, category and rate; on the sum; half-up on both sides of zero."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.rules.vat.amounts import MixedDocument, TaxedAmount, VatLine, vat_lines, vat_on

DUTCH, GERMAN = Decimal("0.21"), Decimal("0.19")
minors = st.integers(-(10**12), 10**12)
rates = st.integers(0, 10_000).map(lambda n: Decimal(n).scaleb(-4))


def taxed(category: str, rate: Decimal | None, minor: int) -> TaxedAmount:
    return TaxedAmount(category=category, rate=rate, excl_tax_minor=minor)


def test_is_rounded_on_the_sum_and_not_per_record():
    (line,) = vat_lines([taxed("S", DUTCH, 103)] * 3)

    assert line.vat_minor == 65
    assert 3 * vat_on(103, rate=DUTCH) == 66


@pytest.mark.parametrize(
    ("minor", "rate", "vat"),
    [
        (40_000, "0.21", 8400),
        (20_000, "0.21", 4200),
        (3540, "0.19", 673),
        (50, "0.21", 11),
        (-50, "0.21", -11),
        (2, "0.255", 1),
        (1, "0.5", 1),
        (-1, "0.5", -1),
        (49, "0.01", 0),
        (10**30 + 50, "0.01", 10**28 + 1),
        (7, "0", 0),
    ],
)
def test_goes_half_up(minor, rate, vat):
    assert vat_on(minor, rate=Decimal(rate)) == vat


@pytest.mark.parametrize(
    ("minor", "rate", "error"),
    [
        (1.0, Decimal("0.21"), TypeError),
        (True, Decimal("0.21"), TypeError),
        (1, 0.21, TypeError),
        (1, Decimal(21), ValueError),
        (1, Decimal("-0.01"), ValueError),
    ],
)
def test_refuses_what_is_no_money_or_no_fraction(minor, rate, error):
    with pytest.raises(error):
        vat_on(minor, rate=rate)


def test_keeps_categories_and_rates_apart():
    lines = vat_lines(
        [
            taxed("S", DUTCH, 1003),
            taxed("AE", Decimal(0), 500),
            taxed("S", GERMAN, 100),
            taxed("S", DUTCH, -3),
        ]
    )

    assert lines == [
        VatLine(category="AE", rate=Decimal(0), excl_tax_minor=500, vat_minor=0),
        VatLine(category="S", rate=GERMAN, excl_tax_minor=100, vat_minor=19),
        VatLine(category="S", rate=DUTCH, excl_tax_minor=1000, vat_minor=210),
    ]
    assert [line.incl_tax_minor for line in lines] == [500, 119, 1210]


@pytest.mark.parametrize(
    "amounts",
    [
        [taxed("O", None, 100), taxed("S", DUTCH, 100)],
        [taxed("O", None, 100), taxed("AE", Decimal(0), 100)],
        [taxed("BLOCK", None, 100)],
        [taxed("S", Decimal(0), 100)],
        [taxed("S", None, 100)],
        [taxed("AE", DUTCH, 100)],
    ],
)
def test_refuses_a_document_that_mixes(amounts):
    with pytest.raises(MixedDocument):
        vat_lines(amounts)


def test_outside_the_union_stands_alone():
    (line,) = vat_lines([taxed("O", None, 100), taxed("O", None, 20)])

    assert (line.excl_tax_minor, line.vat_minor) == (120, 0)


@example(50, DUTCH)
@given(minors, rates)
def test_a_credit_note_takes_back_what_it_credits(minor, rate):
    assert vat_on(-minor, rate=rate) == -vat_on(minor, rate=rate)


@example(50, DUTCH)
@given(st.integers(0, 10**12), rates)
def test_says_the_same_as_decimal(minor, rate):
    exact = (Decimal(minor) * rate).quantize(Decimal(1), ROUND_HALF_UP)

    assert vat_on(minor, rate=rate) == int(exact)


@given(st.lists(st.tuples(st.sampled_from([DUTCH, GERMAN]), minors), max_size=20), st.randoms())
def test_does_not_depend_on_the_order(pairs, random):
    amounts = [taxed("S", rate, minor) for rate, minor in pairs]
    shuffled = random.sample(amounts, len(amounts))

    assert vat_lines(amounts) == vat_lines(shuffled)
    assert sum(line.excl_tax_minor for line in vat_lines(amounts)) == sum(m for _, m in pairs)
