"""Windows are there before they are needed, once each, and never reopened."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.models import ClearingWindow
from billing.services.windows import ensure_windows
from partners.models import SettlementGroup
from tests.makers import NOON, GroupMaker

pytestmark = pytest.mark.django_db


def months(group: SettlementGroup) -> list[str]:
    """The supply months of the group's windows; a small letter is a closed one."""
    return [
        f"{window.supply_starts_at + timedelta(hours=12):%b}".lower()
        if window.closed_at
        else f"{window.supply_starts_at + timedelta(hours=12):%b}"
        for window in group.windows.order_by("supply_starts_at")
    ]


def close(group: SettlementGroup) -> None:
    """Close the oldest open window early, as by hand."""
    window = group.windows.filter(state="OPEN").order_by("supply_ends_at").first()
    window.state, window.closed_at = ClearingWindow.State.CLOSED, NOON
    window.save()


class TestEnsureWindows:
    def test_opens_this_supply_period_and_the_next(self):
        group = GroupMaker()

        ensure_windows(group, now=NOON)

        this, following = group.windows.order_by("supply_starts_at")
        assert this.supply_starts_at == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
        assert this.supply_ends_at == following.supply_starts_at
        assert following.supply_ends_at == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
        # Business day 6 of December 2026, 18:00 in Brussels.
        assert this.closes_at == datetime(2026, 12, 8, 17, 0, tzinfo=UTC)
        assert this.opened_at == NOON

    def test_opens_nothing_a_second_time(self):
        group = GroupMaker()
        ensure_windows(group, now=NOON)

        assert ensure_windows(group, now=NOON) == 0
        assert months(group) == ["Nov", "Dec"]

    def test_opens_weeks_for_a_weekly_group(self):
        group = GroupMaker(name="EUR weekly", cycle=SettlementGroup.Cycle.WEEKLY)

        ensure_windows(group, now=NOON)

        # NOON is a Saturday.
        assert [w.supply_starts_at.day for w in group.windows.order_by("supply_starts_at")] == [
            8,
            15,
        ]

    def test_leaves_a_window_that_was_closed_early_closed(self):
        group = GroupMaker()
        ensure_windows(group, now=NOON)
        close(group)

        ensure_windows(group, now=NOON)

        assert months(group) == ["nov", "Dec"]

    def test_opens_the_one_after_where_both_were_closed_early(self):
        group = GroupMaker()
        ensure_windows(group, now=NOON)
        close(group)
        close(group)

        ensure_windows(group, now=NOON)

        assert months(group) == ["nov", "dec", "Jan"]

    def test_opens_what_a_standstill_skipped_unless_its_closing_day_has_passed(self):
        group = GroupMaker()
        ensure_windows(group, now=NOON)

        # February's closing day is still to come on 2 March, January's has passed.
        ensure_windows(group, now=datetime(2027, 3, 2, tzinfo=UTC))

        assert months(group) == ["Nov", "Dec", "Feb", "Mar", "Apr"]

    def test_takes_the_month_of_the_groups_time_zone(self):
        group = GroupMaker(name="in Lisbon", time_zone="Europe/Lisbon")

        # Midnight has passed in Brussels, not in Lisbon.
        ensure_windows(group, now=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))

        assert months(group) == ["Nov", "Dec"]
