"""Ageing: each open item in one bucket, by the day it was due; the SQL is its twin."""

from datetime import date, timedelta

import pytest

from billing.models import PositionEvent, PositionState
from billing.queries_ageing import ageing, today_at
from billing.rules.ageing import AgedLine, OpenAmount, aged, bucket_of
from billing.services.closing import close_window
from tests.billing.oracle_world import BUSINESS_DAY_6, an_oracle, january
from tests.makers import NOON

TODAY = date(2027, 5, 31)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(None, 0), (-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)],
)
def test_an_item_is_in_the_bucket_of_its_days(days, bucket):
    due_date = None if days is None else TODAY - timedelta(days=days)

    assert bucket_of(due_date, today=TODAY) == bucket


def test_the_day_is_that_of_brussels():
    assert today_at(NOON.replace(hour=23, minute=30)) == NOON.date() + timedelta(days=1)


@pytest.mark.django_db
class TestAsSql:
    @pytest.fixture
    def settled(self):
        """A gets 600.80, B pays 642.13, C pays 75.20 (finance.md 4.4)."""
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        return oracle, {row.partner.name: row for row in settlement.positions.all()}

    def put(self, position, state: str, *, settled: int = 0, days: int | None = None):
        PositionState.objects.update_or_create(
            position=position,
            defaults={
                "state": state,
                "due_minor": position.net_minor,
                "settled_minor": settled,
                "due_date": None if days is None else TODAY - timedelta(days=days),
                "changed_at": NOON,
            },
        )

    def test_is_the_twins(self, settled):
        oracle, positions = settled
        by_name = {partner.name: partner for partner in oracle.partners.values()}
        a, b, c = (by_name[oracle.partners[letter].name] for letter in "ABC")
        self.put(positions[a.name], "PAYABLE", days=-3)
        self.put(positions[b.name], "PART_FUNDED", settled=10_000, days=31)
        self.put(positions[c.name], "FUNDED", settled=7520, days=91)
        rows = [
            OpenAmount(*row)
            for row in PositionState.objects.values_list(
                "position__partner", "position__settlement__currency", "due_minor",
                "settled_minor", "due_date",
            )
        ]  # fmt: skip

        found = ageing(today=TODAY, environment="LIVE")

        assert found == aged(rows, today=TODAY)
        assert [line for line in found if line.side == "PAYS"] == [
            AgedLine(b.pk, "EUR", "PAYS", 1, 0, 0, 54213, 0, 0)
        ]
        assert [line.total_minor for line in found] == [60080, 54213]
        assert ageing(today=TODAY, environment="TEST") == []
        assert ageing(today=TODAY, environment="LIVE", partner=c) == []
        for days in (0, 1, 30, 31, 60, 61, 90, 91):
            today = TODAY + timedelta(days=days)
            assert ageing(today=today, environment="LIVE") == aged(rows, today=today)

    def test_as_of_an_instant_is_what_was_settled_by_then(self, settled):
        _, positions = settled
        c = positions["C"]
        self.put(c, "FUNDED", settled=7520, days=91)
        for version, (minor, days) in enumerate([(5000, 1), (2520, 9)], start=1):
            PositionEvent.objects.create(
                position=c,
                version=version + 1,
                from_state="OVERDUE",
                to_state="PART_FUNDED",
                amount_minor=minor,
                cause="a pay-in",
                at=BUSINESS_DAY_6 + timedelta(days=days),
            )

        def owed(days: int) -> int:
            as_of = BUSINESS_DAY_6 + timedelta(days=days)
            found = ageing(today=TODAY, environment="LIVE", as_of=as_of)
            return sum(line.total_minor for line in found)

        assert [owed(days) for days in (-1, 0, 1, 8, 9)] == [0, 7520, 2520, 2520, 0]
        assert ageing(today=TODAY, environment="LIVE") == []
