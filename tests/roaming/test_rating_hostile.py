"""Whatever a partner sends as a tariff or record: it is priced, or refused with a code."""

import copy
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roaming.rules.rating.price import Priced
from roaming.rules.rating.refusals import RECORD_CODES, TARIFF_CODES, Refused
from roaming.rules.rating.trace import replay, trace
from tests.roaming.rating_promises import quick, two
from tests.roaming.rating_sessions import (
    AMSTERDAM,
    a_record,
    a_tariff,
    element,
    energy,
    flat,
    parking,
    period,
    priced,
    time,
)

TARIFF = a_tariff(
    element(flat("1", "20"), time("2"), reservation="RESERVATION"),
    element(energy("0.25", "20"), start_time="22:00", end_time="06:00", day_of_week=["MONDAY"]),
    element(energy("0.45", "20", 500), max_kwh=10, min_duration=60),
    element(energy("0.50"), time("1", step=60), max_power=11, start_date="2026-01-01"),
    element(energy("0.60"), parking("3", step=900)),
    min_price={"excl_vat": Decimal("0.5"), "incl_vat": Decimal("0.6")},
    max_price={"excl_vat": 100, "incl_vat": 120},
    start_date_time="2020-01-01T00:00:00Z",
)
RECORD = a_record(
    "2026-03-28T23:00",
    period(10, reserved=10),
    period(200, kwh="30.5", charging=200, amps=16, kw=9),
    period(45, parking=45),
    tariffs=[TARIFF],
    location={"time_zone": AMSTERDAM},
)

NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 90_000),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(-10, 10_000, places=4),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["00:00", "24:00", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "JPY", "1E+99"]
    ),
    st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT", "RESERVATION_EXPIRES"]),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places_in(value: object, path: tuple = ()) -> list[tuple]:
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(place for key, one in children for place in places_in(one, (*path, key)))]


PLACES = places_in(RECORD)


@settings(quick, max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(PLACES[1:]), NASTY), min_size=1, max_size=3))
def check(changes):
    record = copy.deepcopy(RECORD)
    for place, value in changes:
        *parents, last = place
        at = record
        try:
            for key in parents:
                at = at[key]
            at[last] = value
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took the place away
    code, found = outcome_of(record)
    assert code in {"", *TARIFF_CODES, *RECORD_CODES}
    if found is not None and found.currency == "EUR":
        assert replay(trace(found)) == (two(found.excl_minor), two(found.incl_minor))


def outcome_of(record: dict) -> tuple[str, Priced | None]:
    try:
        return "", priced(record, zone=AMSTERDAM)
    except Refused as refused:
        return refused.code, None


def test_changed_records_are_priced_or_refused_with_a_code():
    check()


def test_the_record_that_is_changed_has_a_price():
    assert priced(RECORD, zone=AMSTERDAM).excl_minor > 0


@pytest.mark.parametrize("value", [None, 7, "x", [], True])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(Refused):
        priced(value)
