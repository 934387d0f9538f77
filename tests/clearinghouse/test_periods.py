"""Periods: months and weeks of a local calendar, and the business days on which books close."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.periods import (
    Period,
    acceptance_ends_at,
    add_business_days,
    business_day,
    closing_at,
    is_business_day,
    month_containing,
    next_period,
    objections_end_at,
    reference_rate_date,
    week_containing,
)

instants = st.datetimes(datetime(2015, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(["Europe/Brussels", "Europe/London", "America/New_York", "Asia/Kathmandu"])
days = st.dates(date(2015, 1, 1), date(2050, 1, 1))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


class TestMonthContaining:
    def test_is_bounded_by_local_midnights(self):
        january = month_containing(utc(2027, 1, 15))

        assert january == Period(utc(2026, 12, 31, 23), utc(2027, 1, 31, 23))

    def test_is_an_hour_shorter_in_march_and_longer_in_october(self):
        march, october = month_containing(utc(2026, 3, 15)), month_containing(utc(2026, 10, 15))

        assert march.ends_at - march.starts_at == timedelta(days=31, hours=-1)
        assert october.ends_at - october.starts_at == timedelta(days=31, hours=1)

    def test_gives_the_last_evening_to_the_old_month_and_midnight_to_the_new(self):
        # 31 January 23:40 and 24:00 in Brussels.
        assert utc(2027, 1, 31, 22, 40) in month_containing(utc(2027, 1, 15))
        assert utc(2027, 1, 31, 23, 0) in month_containing(utc(2027, 2, 15))
        assert utc(2027, 1, 31, 23, 0) not in month_containing(utc(2027, 1, 15))

    def test_depends_on_the_time_zone(self):
        midnight_in_brussels = utc(2027, 1, 31, 23, 0)

        assert month_containing(midnight_in_brussels, "Europe/London").ends_at == utc(2027, 2, 1)

    def test_takes_instants_of_any_offset(self):
        in_tokyo = datetime(2027, 2, 1, 7, 30, tzinfo=timezone(timedelta(hours=9)))

        assert month_containing(in_tokyo).ends_at == utc(2027, 1, 31, 23)

    def test_refuses_a_naive_instant(self):
        with pytest.raises(ValueError, match="Pass an aware instant"):
            month_containing(datetime(2027, 1, 15))  # noqa: DTZ001

    @given(instant=instants, tz=zones)
    def test_contains_the_instant(self, instant, tz):
        assert instant in month_containing(instant, tz)


class TestWeekContaining:
    def test_runs_from_monday_to_monday(self):
        # Wednesday 25 March 2026; the clocks change on Sunday the 29th.
        week = week_containing(utc(2026, 3, 25))

        assert week == Period(utc(2026, 3, 22, 23), utc(2026, 3, 29, 22))

    @given(instant=instants, tz=zones)
    def test_contains_the_instant(self, instant, tz):
        assert instant in week_containing(instant, tz)


class TestNextPeriod:
    def test_follows_a_month_of_four_weeks_with_a_month(self):
        # February 2027 runs from a Monday to a Sunday: 28 days, but no week.
        february = month_containing(utc(2027, 2, 10))

        assert next_period(february) == month_containing(utc(2027, 3, 10))

    @given(instant=instants, tz=zones, of=st.sampled_from([month_containing, week_containing]))
    def test_leaves_no_gap(self, instant, tz, of):
        period = of(instant, tz)

        following = next_period(period, tz)

        assert following.starts_at == period.ends_at
        assert following == of(following.starts_at, tz)

    def test_refuses_what_is_no_period_of_the_time_zone(self):
        of_brussels = month_containing(utc(2027, 1, 15))

        with pytest.raises(ValueError, match="neither a month nor a week in Europe/London"):
            next_period(of_brussels, "Europe/London")


class TestPeriod:
    def test_refuses_to_be_empty(self):
        with pytest.raises(ValueError, match="ends after it starts"):
            Period(utc(2027, 1, 1), utc(2027, 1, 1))

    @pytest.mark.parametrize("tz", [None, timezone(timedelta(hours=1))])
    def test_refuses_ends_that_are_not_utc(self, tz):
        with pytest.raises(ValueError, match="bounded by UTC instants"):
            Period(datetime(2027, 1, 1, tzinfo=tz), utc(2028, 1, 1))


class TestBusinessDays:
    @pytest.mark.parametrize(
        "closed",
        [
            date(2026, 1, 1),
            date(2026, 4, 3),  # Good Friday
            date(2026, 4, 6),  # Easter Monday
            date(2026, 5, 1),
            date(2026, 12, 25),
            date(2025, 12, 26),
            date(2026, 3, 14),  # Saturday
            date(2026, 3, 15),  # Sunday
        ],
    )
    def test_leave_out_weekends_and_the_closing_days_of_target(self, closed):
        assert not is_business_day(closed)

    @pytest.mark.parametrize(
        "opened", [date(2026, 5, 14), date(2026, 12, 24), date(2026, 8, 15 + 2)]
    )
    def test_keep_the_days_that_are_only_national_holidays(self, opened):
        assert is_business_day(opened)

    @pytest.mark.parametrize(
        ("year", "month", "expected"),
        [
            (2027, 2, date(2027, 2, 8)),  # Monday 1 is day 1
            (2026, 1, date(2026, 1, 9)),  # Thursday 1 is closed, Friday 2 is day 1
            (2026, 4, date(2026, 4, 10)),  # 1 and 2 before Easter, 7 to 10 after it
            (2026, 5, date(2026, 5, 11)),  # Friday 1 is closed, Monday 4 is day 1
        ],
    )
    def test_are_counted_within_the_month(self, year, month, expected):
        assert business_day(6, year=year, month=month) == expected

    @pytest.mark.parametrize("number", [0, -1, 21])
    def test_are_not_counted_beyond_the_month(self, number):
        with pytest.raises(ValueError, match=r"counted from 1|no business day 21"):
            business_day(number, year=2027, month=2)  # 20 business days

    @pytest.mark.parametrize(
        ("day", "number", "expected"),
        [
            (date(2026, 4, 2), 1, date(2026, 4, 7)),
            (date(2026, 4, 7), -1, date(2026, 4, 2)),
            (date(2026, 4, 3), 0, date(2026, 4, 7)),
            (date(2026, 4, 2), 0, date(2026, 4, 2)),
            (date(2025, 12, 31), 5, date(2026, 1, 8)),
        ],
    )
    def test_are_added_across_closing_days_and_years(self, day, number, expected):
        assert add_business_days(day, number) == expected

    @given(day=days, number=st.integers(1, 40))
    def test_are_found_again_on_the_way_back(self, day, number):
        start = add_business_days(day, 0)

        assert add_business_days(add_business_days(start, number), -number) == start


class TestClosingAt:
    def test_is_the_evening_of_business_day_six_after_a_month(self):
        january = month_containing(utc(2027, 1, 15))

        assert closing_at(january) == utc(2027, 2, 8, 17)

    def test_follows_summer_time(self):
        april = month_containing(utc(2026, 4, 15))

        assert closing_at(april) == utc(2026, 5, 11, 16)

    def test_is_the_evening_of_business_day_two_after_a_week(self):
        week = week_containing(utc(2027, 1, 13))

        assert closing_at(week) == utc(2027, 1, 19, 17)  # a Tuesday

    def test_waits_for_easter_after_a_week(self):
        holy_week = week_containing(utc(2026, 4, 1))

        assert closing_at(holy_week) == utc(2026, 4, 8, 16)  # Monday closed, so Wednesday

    @given(instant=instants, tz=zones, of=st.sampled_from([month_containing, week_containing]))
    def test_lies_after_the_end(self, instant, tz, of):
        period = of(instant, tz)

        assert closing_at(period, tz) > period.ends_at


class TestAcceptanceEndsAt:
    """January's books close on business day 6, 8 February, at 18:00 in Brussels."""

    LAST = utc(2027, 1, 31, 22, 40)
    NOON_OF_DAY_6 = utc(2027, 2, 8, 11)

    def test_is_the_agreed_days_where_the_month_has_time(self):
        assert acceptance_ends_at(utc(2027, 1, 10, 9), days=10, ended_at=self.LAST) == utc(
            2027, 1, 20, 9
        )

    @pytest.mark.parametrize("at", [utc(2027, 1, 31, 22, 50), utc(2027, 2, 3, 22, 59, 59)])
    def test_is_noon_of_business_day_6_for_what_came_by_business_day_3(self, at):
        assert acceptance_ends_at(at, days=10, ended_at=self.LAST) == self.NOON_OF_DAY_6

    def test_is_three_business_days_at_least(self):
        at = utc(2027, 2, 3, 23, 0)  # midnight: business day 4 begins
        assert acceptance_ends_at(at, days=10, ended_at=self.LAST) == utc(2027, 2, 9, 11)
        assert acceptance_ends_at(utc(2027, 3, 25, 9), days=1, ended_at=self.LAST) == utc(
            2027, 4, 1, 10  # Easter: 26 and 29 March are closed
        )  # fmt: skip

    def test_looks_at_the_next_closing_once_the_own_is_over(self):
        assert acceptance_ends_at(self.NOON_OF_DAY_6, days=10, ended_at=self.LAST) == utc(
            2027, 2, 18, 11
        )

    def test_of_a_weekly_group_is_noon_of_its_closing_day_or_three_business_days(self):
        ended_at = utc(2027, 1, 13, 12)
        assert acceptance_ends_at(
            utc(2027, 1, 13, 13), days=10, ended_at=ended_at, is_weekly=True
        ) == utc(2027, 1, 19, 11)

    @given(instants, st.timedeltas(timedelta(0), timedelta(days=400)), st.integers(0, 60), zones)
    def test_lies_after_delivery_and_within_the_longer_of_both_limits(
        self, delivered_at, age, agreed, tz
    ):
        found = acceptance_ends_at(delivered_at, days=agreed, ended_at=delivered_at - age, tz=tz)

        day = delivered_at.astimezone(ZoneInfo(tz)).date()
        least = datetime.combine(add_business_days(day, 3), time(12), ZoneInfo(tz))
        assert least <= found <= max(least, delivered_at + timedelta(days=agreed))

    @given(instants, st.integers(0, 60), zones)
    def test_of_what_is_delivered_by_business_day_3_lies_before_the_closing(
        self, ended_at, agreed, tz
    ):
        month = month_containing(ended_at, tz)
        local = month.ends_at.astimezone(ZoneInfo(tz))
        third = business_day(3, year=local.year, month=local.month) + timedelta(days=1)
        at = datetime.combine(third, time(0), ZoneInfo(tz)).astimezone(UTC) - timedelta(seconds=1)

        found = acceptance_ends_at(at, days=agreed, ended_at=ended_at, tz=tz)

        assert found + timedelta(hours=6) <= closing_at(month, tz)


class TestObjectionsEndAt:
    # Closed on Monday 8 February 2027, 18:00 in Brussels.
    GIVEN = utc(2027, 2, 8, 17)

    def test_is_noon_of_the_third_business_day_after(self):
        assert objections_end_at(self.GIVEN) == utc(2027, 2, 11, 11)

    def test_is_noon_of_the_next_business_day_where_settlement_is_weekly(self):
        assert objections_end_at(self.GIVEN, is_weekly=True) == utc(2027, 2, 9, 11)

    def test_counts_no_weekend_and_no_easter(self):
        # Thursday 25 March 2027; Good Friday and Easter Monday close TARGET.
        assert objections_end_at(utc(2027, 3, 25, 9)) == utc(2027, 4, 1, 10)

    def test_refuses_a_naive_instant(self):
        with pytest.raises(ValueError, match="has no time zone"):
            objections_end_at(datetime(2027, 2, 8))  # noqa: DTZ001


class TestReferenceRates:
    @pytest.mark.parametrize(
        ("at", "day"),
        [
            # Frankfurt is two hours ahead in October and one in November.
            (utc(2026, 10, 8, 14, 0), date(2026, 10, 8)),
            (utc(2026, 10, 8, 13, 59), date(2026, 10, 7)),
            (utc(2026, 11, 9, 15, 0), date(2026, 11, 9)),
            (utc(2026, 11, 9, 14, 59), date(2026, 11, 6)),
            (utc(2026, 11, 7, 18, 0), date(2026, 11, 6)),
            # Good Friday to Easter Monday 2026.
            (utc(2026, 4, 6, 18, 0), date(2026, 4, 2)),
            (utc(2026, 4, 7, 10, 0), date(2026, 4, 2)),
            # After midnight in Frankfurt, before it in UTC.
            (utc(2026, 10, 8, 23, 30), date(2026, 10, 8)),
        ],
    )
    def test_are_the_newest_published(self, at, day):
        assert reference_rate_date(at) == day

    @given(instants)
    def test_are_of_a_business_day_not_after_the_instant(self, at):
        day = reference_rate_date(at)

        assert is_business_day(day)
        assert timedelta(0) <= at.date() - day + timedelta(days=1) <= timedelta(days=6)
