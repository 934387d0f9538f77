"""The conservation line of a statement: what is held is told until it is resolved."""

from datetime import timedelta

import pytest

from billing.services.closing import close_window
from billing.services.windows import ensure_windows
from tests.makers import NOON, AgreementMaker, later, numbered_record, take

pytestmark = pytest.mark.django_db


def line_of(closing) -> dict[str, int]:
    """Nordlicht's line, without the parts that are zero."""
    document = next(d for d in closing.documents if d.partner.name == "Nordlicht")
    return {part: count for part, count in document.content["conservation"].items() if count}


class TestTheLine:
    def test_tells_of_a_record_that_waits_and_of_one_that_was_refused(self):
        group = AgreementMaker().group
        ensure_windows(group, now=NOON)
        take(
            numbered_record(1),
            numbered_record(2, csp_id="IT*NEW"),
            numbered_record(3, energy_kwh="-1"),
        )

        closing = close_window(group, now=later(days=1))

        assert line_of(closing) == {"received": 3, "cleared": 1, "held": 1, "rejected": 1}

    def test_carries_what_still_waits_into_the_next_statement(self):
        group = AgreementMaker().group
        ensure_windows(group, now=NOON)
        take(
            numbered_record(1),
            numbered_record(2, csp_id="IT*NEW"),
            numbered_record(3, energy_kwh="-1"),
        )
        close_window(group, now=later(days=1))
        take(numbered_record(4), received_at=later(days=2))

        closing = close_window(group, now=later(days=3))

        assert line_of(closing) == {"received": 2, "cleared": 1, "held": 1}

    def test_tells_of_an_old_record_that_waits(self):
        group = AgreementMaker(refuse_after_days=None).group
        ensure_windows(group, now=NOON)
        take(
            numbered_record(1),
            numbered_record(
                2,
                csp_id="IT*NEW",
                started_at="2021-03-01T10:00:00Z",
                ended_at="2021-03-01T11:00:00Z",
            ),
        )

        closing = close_window(group, now=NOON + timedelta(days=1))

        assert line_of(closing) == {"received": 2, "cleared": 1, "held": 1}
