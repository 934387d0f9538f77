"""When a late partner is dunned, for how much, and what interest it owes."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.rules.dunning import (
    Level,
    Overdue,
    Rate,
    charged_now,
    due_levels,
    interest_minor,
    lump_sum_minor,
    reached_on,
)

DUE = date(2027, 2, 18)
DEBT = Overdue(due_on=DUE, open_minor=7520)
RATES = [Rate(from_on=date(2026, 6, 10), percent=Decimal("2.15"))]


class TestLevels:
    @pytest.mark.parametrize(
        ("days", "reached"),
        [
            (-3, 0),
            (0, 0),
            (1, 1),
            (6, 1),
            (7, 2),
            (13, 2),
            (14, 3),
            (20, 3),
            (21, 4),
            (29, 4),
            (30, 5),
            (400, 5),
        ],
    )
    def test_are_reached_by_the_day(self, days, reached):
        found = due_levels(DEBT, taken=(), today=DUE + timedelta(days=days))

        assert found == list(Level)[:reached]

    def test_are_taken_once(self):
        found = due_levels(DEBT, taken=["FRIENDLY", "FIRST"], today=DUE + timedelta(days=14))

        assert found == [Level.SECOND]

    def test_the_disputed_part_is_not_dunned(self):
        part = Overdue(due_on=DUE, open_minor=7520, disputed_minor=1250)
        all_of_it = Overdue(due_on=DUE, open_minor=1250, disputed_minor=1300)

        assert part.dunned_minor == 6270
        assert due_levels(all_of_it, taken=(), today=DUE + timedelta(days=30)) == []
        assert interest_minor(all_of_it, rates=RATES, until=DUE + timedelta(days=30)) == 0

    def test_a_level_has_its_first_day(self):
        assert reached_on(Level.DRAW, due_on=DUE) == date(2027, 3, 11)


class TestInterest:
    def test_of_a_year_is_the_rate_and_eight_points(self):
        debt = Overdue(due_on=date(2026, 12, 31), open_minor=1_000_000)

        # 10,000.00 × 10.15 %
        assert interest_minor(debt, rates=RATES, until=date(2027, 12, 31)) == 101_500

    def test_runs_from_the_day_after(self):
        debt = Overdue(due_on=DUE, open_minor=3_650_000)

        assert interest_minor(debt, rates=RATES, until=DUE) == 0
        # 36,500.00 × 10.15 % / 365
        assert interest_minor(debt, rates=RATES, until=DUE + timedelta(days=1)) == 1015

    def test_takes_the_rate_of_the_first_day_of_each_half_year(self):
        rates = [*RATES, Rate(from_on=date(2027, 3, 1), percent=Decimal("4.15"))]
        debt = Overdue(due_on=date(2027, 6, 29), open_minor=3_650_000)

        # 30 June at 10.15, 1 July at 12.15.
        assert interest_minor(debt, rates=rates, until=date(2027, 7, 1)) == 1015 + 1215

    def test_is_rounded_once_half_up(self):
        debt = Overdue(due_on=DUE, open_minor=1_798)
        half = Rate(from_on=date(2026, 1, 1), percent=Decimal("2.15"))

        # 17.98 × 10.15 % × 1 / 365 is half a cent, less a thousandth of it.
        assert interest_minor(debt, rates=[half], until=DUE + timedelta(days=1)) == 0
        more = Overdue(due_on=DUE, open_minor=1_799)
        assert interest_minor(more, rates=[half], until=DUE + timedelta(days=1)) == 1

    def test_is_never_guessed(self):
        late = Overdue(due_on=date(2026, 1, 1), open_minor=100)

        with pytest.raises(ValueError, match="2026-01-01"):
            interest_minor(late, rates=RATES, until=date(2026, 2, 1))


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 4000), ("JPY", 40)])
def test_the_lump_sum_is_forty_units(currency, minor):
    assert lump_sum_minor(currency) == minor


def test_no_interest_is_charged_twice_nor_given_back():
    assert charged_now(125, earlier_minor=63) == 62
    assert charged_now(63, earlier_minor=125) == 0
