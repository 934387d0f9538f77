"""Partitions are made ahead; a month that has begun in DEFAULT stays there."""

from datetime import UTC, datetime

import pytest

from roaming.services.partitions import ensure_ahead
from tests.makers import AgreementMaker, numbered_record, take

pytestmark = pytest.mark.django_db

FAR = datetime(2031, 5, 17, 12, tzinfo=UTC)
TABLES = 9
MONTHS = 4


class TestEnsureAhead:
    def test_makes_this_month_and_three_more_for_each_table(self):
        assert ensure_ahead(now=FAR) == TABLES * MONTHS

    def test_makes_nothing_twice(self):
        ensure_ahead(now=FAR)

        assert ensure_ahead(now=FAR) == 0

    def test_leaves_a_month_with_rows_where_they_are_and_makes_the_others(self):
        AgreementMaker()
        record = numbered_record(
            1, started_at="2031-05-17T10:00:00Z", ended_at="2031-05-17T11:00:00Z"
        )
        take(record, received_at=FAR)

        made = ensure_ahead(now=FAR)

        # SDR, raw record, state and event of May are in DEFAULT; findings and cleared rows none.
        assert made == TABLES * MONTHS - 4
