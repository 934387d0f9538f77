"""An increase is never missed: examples, and the promise over any two tariffs and any session."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.tariff_change import is_increase, notice_end, notice_of
from tests.roaming.rating_sessions import (
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

BRUSSELS = ZoneInfo("Europe/Brussels")
ONE = a_tariff(element(energy("0.49")))


def rises(old: dict, new: dict, **how: bool) -> bool:
    return is_increase(read_tariff(old), read_tariff(new), **how)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ONE, a_tariff(element(energy("0.59")))),
        (ONE, a_tariff(element(energy("0.49"), flat("0.01")))),
        (ONE, a_tariff(element(energy("0.49", step=1000)))),
        (ONE, a_tariff(element(energy("0.49")), min_price={"excl_vat": 1})),
        (a_tariff(element(energy("0.49")), max_price={"excl_vat": 20}), ONE),
        (ONE, a_tariff(element(energy("0.49")), currency="CHF")),
        # Cheaper by night and dearer by day.
        (ONE, a_tariff(element(energy("0.60"), start_time="08:00"), element(energy("0.10")))),
        # Free parking lets the time before it be rounded up.
        (
            a_tariff(element(time("2", step=3600), parking("0.01"))),
            a_tariff(element(time("2", step=3600), parking("0"))),
        ),
    ],
)
def test_is_an_increase(old, new):
    assert rises(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ONE, ONE),
        (ONE, a_tariff(element(energy("0.39")))),
        (a_tariff(element(energy("0.49"), flat("1"))), ONE),
        (a_tariff(element(energy("0.49", step=1000))), ONE),
        (ONE, a_tariff(element(energy("0.49")), max_price={"excl_vat": 20})),
        (ONE, a_tariff(element(energy("0.40"), start_time="08:00"), element(energy("0.10")))),
        (ONE, a_tariff(element(energy("0")))),
    ],
)
def test_is_no_increase(old, new):
    assert not rises(old, new)


def test_a_rate_of_vat_counts_where_prices_are_agreed_with_it():
    old, new = (a_tariff(element(energy("0.49", vat))) for vat in ("19", "21"))

    assert not rises(old, new)
    assert rises(old, new, incl_tax=True)


class TestNotice:
    TOLD = datetime(2027, 2, 25, 10, tzinfo=UTC)
    FOR = datetime(2027, 2, 28, 23, tzinfo=UTC)

    def test_is_whole_local_days(self):
        ends_at = notice_end(self.TOLD, days=14, zone=BRUSSELS)

        assert ends_at == datetime(2027, 3, 10, 23, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("increase", "days", "valid_from", "waits"),
        [
            (True, 14, FOR, True),
            (False, 14, FOR, False),
            (True, 3, FOR, False),
            (True, 0, FOR, False),
            (True, 0, datetime(2027, 2, 1, tzinfo=UTC), True),
        ],
    )
    def test_makes_an_increase_wait(self, increase, days, valid_from, waits):
        told = notice_of(
            is_increase=increase,
            told_at=self.TOLD,
            valid_from_at=valid_from,
            days=days,
            zone=BRUSSELS,
        )

        assert told.waits is waits
        assert told.counts_from_at == (told.notice_ends_at if waits else valid_from)


PRICES = st.sampled_from(["0", "0.01", "0.25", "0.5", "1", "2"])
STEPS = st.sampled_from([1, 60, 300, 600, 3600])


@st.composite
def tariffs(draw):
    elements = []
    for _ in range(draw(st.integers(1, 2))):
        parts = [
            make(draw(PRICES), step=draw(STEPS))
            for make in draw(st.lists(st.sampled_from([energy, time, parking]), unique=True))
        ]
        if draw(st.booleans()) or not parts:
            parts.append(flat(draw(PRICES)))
        limits = {"max_kwh": draw(st.sampled_from([5, 10]))} if draw(st.booleans()) else {}
        elements.append(element(*parts, **limits))
    return a_tariff(*elements)


@st.composite
def pairs(draw):
    """Two tariffs that are often alike but for a price or a step: there the doubt lies."""
    old = draw(tariffs())
    if draw(st.integers(0, 3)) == 0:
        return old, draw(tariffs())
    new = {**old, "elements": []}
    for one in old["elements"]:
        parts = []
        for part in one["price_components"]:
            changed = dict(part)
            if draw(st.booleans()):
                changed["price"] = part["price"] / draw(st.sampled_from([1, 2, 4]))
            if draw(st.booleans()):
                changed["step_size"] = draw(STEPS)
            parts.append(changed)
        new["elements"].append({**one, "price_components": parts})
    return old, new


SESSIONS = st.lists(
    st.builds(
        lambda minutes, kwh, parks: period(
            minutes, **({"parking": minutes} if parks else {"charging": minutes, "kwh": kwh})
        ),
        st.integers(1, 200),
        st.sampled_from(["0", "0.4", "3.7", "12.345", "30"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=600, deadline=None)
@given(pairs(), SESSIONS)
def test_without_an_increase_no_session_costs_more(pair, periods):
    old, new = pair
    if rises(old, new):
        return
    record = a_record("2027-03-01T10:00:00", *periods)

    assert priced(record, new).excl_minor <= priced(record, old).excl_minor
