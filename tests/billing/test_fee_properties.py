"""Whatever the terms: order is irrelevant, lines add up again, and credits leave what they may."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from billing.rules.fees.record import fee_of_record
from billing.rules.fees.terms import REVERSED_BY_CREDIT, FeeComponent
from billing.rules.fees.tiers import steps
from billing.rules.fees.window import FeeLine, carry, fees_of_window
from tests.billing.fee_makers import (
    FEBRUARY,
    JANUARY,
    A,
    B,
    C,
    component,
    credit_of,
    record,
    tiered,
)

partners = st.sampled_from([A, B, C])
rates = st.integers(0, 5000).map(lambda n: str(Decimal(n).scaleb(-2)))
kinds = st.sampled_from(["PER_SDR", "BP_OF_AMOUNT", "PER_KWH", "LATE_SDR"])
records = st.lists(
    st.builds(
        record,
        st.integers(0, 50_000),
        st.integers(0, 90_000).map(lambda n: str(Decimal(n).scaleb(-3))),
        seller=partners,
        buyer=partners,
        service_date=st.sampled_from([JANUARY, date(2027, 1, 31), FEBRUARY]),
        is_late=st.booleans(),
    ),
    max_size=12,
)


@st.composite
def plain_components(draw) -> FeeComponent:
    payer = draw(st.sampled_from(["CSO", "CSP", "SPLIT"]))
    share = Decimal(draw(st.integers(0, 100))) / 100 if payer == "SPLIT" else None
    least = draw(st.one_of(st.none(), st.integers(0, 20)))
    beneficiary = "CLEARING_HOUSE"
    if payer == "CSO":
        beneficiary = draw(st.sampled_from(["CLEARING_HOUSE", "BUYER"]))
    floor = draw(st.one_of(st.none(), st.integers(0, 300)))
    return component(
        draw(kinds),
        draw(rates),
        payer=payer,
        cso_share=share,
        min_minor=least,
        max_minor=draw(st.one_of(st.none(), st.integers(20, 500))),
        floor_minor=None if beneficiary == "BUYER" else floor,
        cap_minor=draw(st.one_of(st.none(), st.integers(300, 2000))),
        rounding=draw(st.sampled_from(["PER_SDR", "PER_WINDOW"])),
        beneficiary=beneficiary,
    )


@st.composite
def tiered_components(draw, mode: str | None = None) -> FeeComponent:
    starts = sorted(draw(st.sets(st.one_of(st.integers(1, 6), st.integers(1, 60_000)), max_size=3)))
    tiers = [(str(start), draw(rates)) for start in (0, *starts)]
    return tiered(
        mode or draw(st.sampled_from(["GRADUATED", "VOLUME"])),
        *tiers,
        kind=draw(kinds),
        payer=draw(st.sampled_from(["CSO", "CSP"])),
        floor_minor=draw(st.one_of(st.none(), st.integers(0, 300))),
        cap_minor=draw(st.one_of(st.none(), st.integers(300, 2000))),
    )


# Stories that hit what is easily broken, told each time before those that are made up.
SHARES = component("BP_OF_AMOUNT", "100")
HALF_EACH = component("PER_SDR", "5", payer="SPLIT", cso_share=Decimal("0.5"))
TIERS = tiered("GRADUATED", ("0", "10"), ("2", "3"))
THREE = [record(), record(2345), record(500)]

components = st.one_of(plain_components(), tiered_components())


def figures(lines: list[FeeLine]) -> list[tuple]:
    return [(line.key, line.quantity, line.records, line.amount_minor) for line in lines]


def added_again(line: FeeLine) -> int:
    """The amount of a line, from the figures that a reader has."""
    terms = line.component
    exact = line.after.exact
    if terms.has_tiers:
        assert sum(step.quantity for step in line.steps) == line.after.quantity
        exact = Decimal(0)
        for step in line.steps:
            assert step.amount == step.quantity * step.rate * terms.factor
            exact += step.amount
    elif is_plain(terms):
        assert exact == line.after.quantity * terms.rate * terms.factor
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def is_plain(terms: FeeComponent) -> bool:
    """Then a line is its quantity times its rate; else it is the sum of its records' fees."""
    unbounded = terms.min_minor is None and terms.max_minor is None
    return unbounded and terms.rounding == "PER_WINDOW" and terms.payer != "SPLIT"


@example(TIERS, THREE, Random(1))
@given(components, records, st.randoms())
def test_the_order_of_records_is_irrelevant(terms, records, random):
    shuffled = random.sample(records, len(records))

    assert figures(fees_of_window([terms], records=records)) == figures(
        fees_of_window([terms], records=shuffled)
    )


@example(TIERS, THREE, 2)
@given(components, records, st.integers(0, 6))
def test_two_windows_charge_what_one_would(terms, records, cut):
    whole = fees_of_window([terms], records=records, months_over=[JANUARY, FEBRUARY])
    first = fees_of_window([terms], records=records[:cut])
    second = fees_of_window(
        [terms],
        records=records[cut:],
        counted=carry({}, first),
        months_over=[JANUARY, FEBRUARY],
    )

    charged = {
        line.key: line.after for line in (*first, *second) if line.amount_minor or line.quantity
    }
    assert {key: count.charged_minor for key, count in charged.items()} == {
        line.key: line.amount_minor for line in whole if line.amount_minor or line.quantity
    }


@example(TIERS, THREE)
@given(components, records)
def test_each_line_adds_up_again(terms, records):
    for line in fees_of_window([terms], records=records):
        charged = added_again(line)
        if terms.cap_minor is not None:
            charged = min(charged, terms.cap_minor)
        assert line.amount_minor == charged


@example(HALF_EACH, THREE)
@given(plain_components(), records)
def test_the_lines_are_the_fees_of_their_records(terms, records):
    terms = replace(terms, rounding="PER_SDR", floor_minor=None, cap_minor=None)

    lines = fees_of_window([terms], records=records)
    each = [share for one in records for share in fee_of_record(terms, one)]
    assert sum(line.amount_minor for line in lines) == sum(share.amount for share in each)


@example(HALF_EACH, THREE)
@given(plain_components(), records)
def test_shares_add_up_to_the_fee(terms, records):
    whole = replace(terms, payer="CSO", cso_share=None)
    for one in records:
        shared = sum(share.amount for share in fee_of_record(terms, one))
        assert shared == sum(share.amount for share in fee_of_record(whole, one))


@example(SHARES, THREE, False, 1)
@example(HALF_EACH, THREE, False, 1)
@example(TIERS, THREE, True, 1)
@given(components, records, st.booleans(), st.integers(0, 3))
def test_a_record_and_its_credit_leave_what_the_rule_says(terms, records, house_fault, cut):
    """Nothing, where the fee follows the trade or the house erred; else what the record cost."""
    terms = replace(terms, floor_minor=None)
    others, taken_back = records[:cut], records[cut:]
    credits = [credit_of(one, is_house_fault=house_fault) for one in taken_back]
    credits = [
        replace(credit, is_late=one.is_late)
        for credit, one in zip(credits, taken_back, strict=True)
    ]
    is_given_back = house_fault or terms.kind in REVERSED_BY_CREDIT or terms.beneficiary == "BUYER"

    first = fees_of_window([terms], records=records)
    second = fees_of_window([terms], records=credits, counted=carry({}, first))
    expected = fees_of_window([terms], records=others if is_given_back else records)
    assert sum(line.amount_minor for line in (*first, *second)) == sum(
        line.amount_minor for line in expected
    )


@example(TIERS, 1, 1)
@given(tiered_components("GRADUATED"), st.integers(0, 120_000), st.integers(0, 1000))
def test_graduated_tiers_rise_without_a_jump(terms, quantity, more):
    def cost(size: int) -> Decimal:
        parts = steps(terms.tiers, terms.tier_mode, Decimal(size), factor=terms.factor)
        return sum((part.amount for part in parts), Decimal(0))

    steepest = max(tier.rate for tier in terms.tiers) * terms.factor
    assert 0 <= cost(quantity + more) - cost(quantity) <= more * steepest
    assert cost(-quantity) == -cost(quantity)


@example(tiered("VOLUME", ("0", "10"), ("2", "3")), 2)
@given(tiered_components("VOLUME"), st.integers(0, 120_000))
def test_volume_tiers_charge_one_rate_for_all(terms, quantity):
    (step,) = steps(terms.tiers, terms.tier_mode, Decimal(quantity), factor=terms.factor)

    reached = max(
        (tier for tier in terms.tiers if tier.from_quantity <= quantity),
        key=lambda tier: tier.from_quantity,
    )
    assert step.amount == quantity * reached.rate * terms.factor
