"""Conservation: what came in through the door is somewhere now, to the record and the cent."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.models import ConservationProof
from billing.services import conservation
from billing.services.clearing import clear_group
from roaming.models import IntakeTally
from tests.billing.stories import Story, a_world, tell
from tests.makers import (
    NOON,
    AgreementMaker,
    later,
    nordlicht,
    numbered_record,
    partner_of,
    polder,
    record,
    take,
)

pytestmark = pytest.mark.django_db


def counts(line: conservation.Line) -> dict[str, int]:
    return {bucket: count for bucket, count in line.counts.items() if count}


def everything() -> list[dict[str, object]]:
    """One record for each thing that intake may do with it."""
    return [
        numbered_record(1),
        numbered_record(1),
        numbered_record(2, csp_id="IT*NEW"),
        numbered_record(3, energy_kwh="-1"),
        numbered_record(4, currency="€€€"),
        numbered_record(5, currency="E\x07R"),
        numbered_record(6, total_amount="1e40"),
        numbered_record(7, total_amount="NaN"),
        numbered_record(8, total_amount=None, items=[]),
        numbered_record(9, ended_at=None),
    ]


class TestLines:
    def test_hold_for_whatever_the_intake_was_sent(self):
        AgreementMaker()
        take(*everything())

        lines = conservation.lines()

        assert [str(line) for line in lines if not line.holds] == []
        # The second of the ten repeats the first.
        assert sum(line.received for line in lines) == 9

    def test_put_each_record_into_one_bucket(self):
        agreement = AgreementMaker()
        take(numbered_record(1), numbered_record(2, csp_id="IT*NEW"), numbered_record(3))
        take(numbered_record(4, energy_kwh="-1"))
        clear_group(agreement.group, run_key="run", now=NOON)
        take(numbered_record(5))

        line = conservation.lines()[0]

        assert counts(line) == {"rejected": 1, "held": 1, "open": 1, "cleared": 2}
        assert line.amounts["cleared"] == "18.04"
        assert (line.received, line.received_amount) == (5, Decimal("45.1"))

    def test_are_of_one_sender_day_and_currency(self):
        world = a_world()
        tell(world, Story(Decimal(1)), Story(Decimal(2), seller=1))
        tell(world, Story(Decimal(4)), received_at=later(days=1))

        lines = conservation.lines()

        told = {(line.sender_id, line.day): line.received_amount for line in lines}
        ours, theirs = partner_of(nordlicht()).pk, partner_of(polder()).pk
        assert told == {
            (ours, date(2026, 11, 14)): 1,
            (theirs, date(2026, 11, 14)): 2,
            (ours, date(2026, 11, 15)): 4,
        }
        assert [line.received_amount for line in conservation.lines(sender_ids=[theirs])] == [2]
        late = conservation.lines(from_day=date(2026, 11, 15))
        assert [line.received_amount for line in late] == [4]

    def test_take_the_utc_day_of_receipt(self):
        world = a_world()
        # 15 November 00:30 in Brussels.
        tell(world, Story(Decimal(1)), received_at=NOON + timedelta(hours=11, minutes=30))

        assert [(line.day, line.holds) for line in conservation.lines()] == [
            (date(2026, 11, 14), True)
        ]

    @pytest.mark.parametrize("field", ["new", "new_claim_amount"])
    def test_do_not_hold_where_tally_and_tables_differ(self, field):
        world = a_world()
        tell(world, Story(Decimal(1)))
        tally = IntakeTally.objects.get()
        tally.pk, tally.new, tally.new_claim_amount, tally.received = None, 0, 0, 1
        setattr(tally, field, 1)
        tally.repeated = tally.received - tally.new
        tally.save(force_insert=True)

        assert [line.holds for line in conservation.lines()] == [False]

    def test_tell_what_differs(self):
        AgreementMaker()
        take(record())

        told = str(conservation.lines()[0])

        assert "1 records of 9.02 received, 1 of 9.02 found" in told


class TestProve:
    def test_writes_a_line_when_it_changed(self):
        world = a_world()
        tell(world, Story(Decimal(1)))

        conservation.prove(now=NOON)
        conservation.prove(now=later(minutes=1))
        clear_group(world.group, run_key="run", now=NOON)
        conservation.prove(now=later(minutes=2))

        first, second = ConservationProof.objects.order_by("proved_at")
        assert (first.proved_at, first.counts["open"]) == (NOON, 1)
        assert (second.proved_at, second.counts["cleared"]) == (later(minutes=2), 1)

    def test_returns_and_writes_what_fails_each_time(self):
        world = a_world()
        tell(world, Story(Decimal(1)))
        tally = IntakeTally.objects.get()
        tally.pk, tally.received, tally.repeated = None, 1, 0
        tally.save(force_insert=True)

        failing = conservation.prove(now=NOON)
        conservation.prove(now=later(minutes=1))

        assert [line.received for line in failing] == [2]
        assert ConservationProof.objects.filter(holds=False).count() == 2
