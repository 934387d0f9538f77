"""Local time in tariffs: both changes of the clock, midnight, weekdays and dates."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from roaming.rules.rating.local_days import DAY_US, instants_of
from roaming.rules.rating.usage import microseconds
from tests.roaming.rating_sessions import (
    AMSTERDAM,
    a_record,
    a_tariff,
    cents,
    element,
    energy,
    flat,
    period,
    priced,
    time,
)

HOURLY = a_tariff(
    *(
        element(time("1"), start_time=f"{hour:02}:00", end_time=f"{(hour + 1) % 24:02}:00")
        for hour in range(24)
    )
)


def hours_by_element(found) -> dict[int, Decimal]:
    return {rate.element: Decimal(quantity).scaleb(-6) for rate, quantity in found.used.items()}


def a_local_day(date: str, hours: int) -> dict:
    return a_record(date, period(hours * 60, charging=hours * 60), zone=AMSTERDAM)


@pytest.mark.parametrize(
    ("date", "hours", "hours_from_two"),
    [("2026-03-28", 24, 1), ("2026-03-29", 23, 0), ("2026-10-25", 25, 2)],
)
def test_a_local_day_has_the_hours_it_has(date, hours, hours_from_two):
    """Spring skips 02:00 to 03:00, autumn has it twice, and both match."""
    found = hours_by_element(priced(a_local_day(date, hours), HOURLY, zone=AMSTERDAM))

    assert sum(found.values()) == hours
    assert found.get(2, 0) == hours_from_two
    assert all(share == 1 for index, share in found.items() if index != 2)


@pytest.mark.parametrize(
    ("date", "hours", "night"),
    [("2026-03-29", 23, 6), ("2026-10-25", 25, 8), ("2026-06-01", 24, 7)],
)
def test_a_night_rate_around_midnight_follows_the_clock(date, hours, night):
    tariff = a_tariff(element(time("1"), start_time="23:00", end_time="06:00"), element(time("2")))

    found = hours_by_element(priced(a_local_day(date, hours), tariff, zone=AMSTERDAM))

    assert found == {0: night, 1: hours - night}


def test_a_border_inside_the_skipped_hour_falls_on_the_jump():
    tariff = a_tariff(element(time("1"), start_time="02:30", end_time="12:00"), element(time("2")))

    found = hours_by_element(priced(a_local_day("2026-03-29", 23), tariff, zone=AMSTERDAM))

    # 00:00 to 02:00, then the clock jumps to 03:00.
    assert found == {1: 2 + 12, 0: 9}


def test_a_border_inside_the_repeated_hour_comes_twice():
    tariff = a_tariff(element(time("1"), start_time="02:30", end_time="12:00"), element(time("2")))

    found = hours_by_element(priced(a_local_day("2026-10-25", 25), tariff, zone=AMSTERDAM))

    # 02:30 to 03:00 in summer time, back to 02:00, and from 02:30 again.
    assert found == {0: Decimal("0.5") + Decimal("9.5"), 1: Decimal("2.5") + Decimal("0.5") + 12}


@pytest.mark.parametrize(
    ("zone", "expected"), [("UTC", {0: 1}), (AMSTERDAM, {1: 1}), ("Atlantic/Canary", {0: 1})]
)
def test_times_are_those_of_the_location(zone, expected):
    tariff = a_tariff(element(time("1"), end_time="17:00"), element(time("2")))
    record = a_record("2026-01-13T16:00+00:00", period(60, charging=60))

    assert hours_by_element(priced(record, tariff, zone=zone)) == expected


def test_a_weekday_begins_and_ends_at_local_midnight():
    tariff = a_tariff(element(time("1"), day_of_week=["SUNDAY"]), element(time("2")))
    record = a_record("2026-03-01T22:00", period(240, charging=240), zone=AMSTERDAM)

    assert hours_by_element(priced(record, tariff, zone=AMSTERDAM)) == {0: 2, 1: 2}


def test_a_start_date_is_inclusive_and_an_end_date_exclusive():
    tariff = a_tariff(element(time("1"), start_date="2026-06-06", end_date="2026-06-07"))
    record = a_record("2026-06-05T12:00", period(4 * 24 * 60, charging=4 * 24 * 60), zone=AMSTERDAM)

    found = hours_by_element(priced(record, tariff, zone=AMSTERDAM))

    assert found == {0: 24, None: 72}


def test_an_end_of_00_00_is_the_end_of_the_day():
    tariff = a_tariff(element(time("1"), start_time="20:00", end_time="00:00"), element(time("2")))
    record = a_record("2026-06-05T19:00", period(360, charging=360), zone=AMSTERDAM)

    assert hours_by_element(priced(record, tariff, zone=AMSTERDAM)) == {0: 4, 1: 2}


def test_each_start_fee_is_due_once_however_often_its_time_comes():
    """Of several FLATs each is charged when it first applies."""
    tariff = a_tariff(
        element(flat("1"), start_time="00:00", end_time="12:00"), element(flat("0.5"))
    )
    record = a_record("2026-06-05T11:00", *[period(720, kwh=1)] * 4, zone=AMSTERDAM)

    assert cents(priced(record, tariff, zone=AMSTERDAM)) == ("1.50", "1.50")


def test_an_energy_limit_cuts_a_period_at_its_kilowatt_hour():
    tariff = a_tariff(element(energy("0"), max_kwh=1), element(energy("0.2"), min_kwh=1))

    found = priced(a_record("2026-06-05", period(60, kwh="3.5"), period(60, kwh="1")), tariff)

    assert hours_by_element(found) == {0: 1, 1: Decimal("3.5")}
    assert found.straddling == 1


def test_a_clock_that_shifts_by_half_an_hour():
    day = microseconds(datetime(2026, 4, 4, 12, tzinfo=UTC)) // DAY_US
    marks = instants_of(frozenset(), day, ZoneInfo("Australia/Lord_Howe"))

    # Local midnight of 5 April is 13:00 UTC; clocks go back 30 minutes at 15:00 UTC.
    assert [mark % DAY_US / (DAY_US / 24) for mark in marks] == [0, 13, 15]
