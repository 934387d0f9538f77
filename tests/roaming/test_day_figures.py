"""Prepared figures are those of the records, and follow them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from roaming import queries_figures as figures
from roaming.models import DayFigure, Finding, Sdr, SdrState
from roaming.queries_figures import Asked
from roaming.rules.day_figures import DELAYS, Received, bucket_of, count
from roaming.services import record_verbs
from roaming.services.figures import prepare
from roaming.tasks import prepare_figures
from tests import makers
from tests.makers import NOON, AgreementMaker, later, numbered_record, take

TODAY = NOON.date()
ASKED = Asked(environment="LIVE", first=TODAY, until=TODAY + timedelta(days=1))


@given(delay_s=st.floats(min_value=-(10**7), max_value=10**8))
def test_each_delay_has_the_first_bucket_that_it_ends_before(delay_s):
    limits = dict(DELAYS)
    names = [name for name, _ in DELAYS]
    place = names.index(bucket_of(delay_s))

    assert delay_s < limits[names[place]]
    assert place == 0 or delay_s >= limits[names[place - 1]]


def by_the_rule() -> dict:
    """The rule's figures of all records, read row by row."""
    states = {row.id: row for row in SdrState.objects.all()}
    return count(
        Received(
            environment=sdr.environment,
            sender_id=sdr.sender_id,
            state=states[sdr.id].state,
            currency=sdr.currency,
            energy_kwh=sdr.energy_kwh,
            claim_amount=sdr.claim_amount,
            delay_s=(sdr.received_at - sdr.ended_at).total_seconds() if sdr.ended_at else None,
            causes=list(
                Finding.objects.filter(record_id=sdr.id).values_list("version", "severity", "code")
            ),
        )
        for sdr in Sdr.objects.all()
    )


def by_the_table() -> dict:
    return {
        (one.environment, one.sender_id, one.kind, one.key, one.currency): (
            one.records,
            one.energy_kwh,
            one.claim_amount,
        )
        for one in DayFigure.objects.all()
    }


@pytest.mark.django_db
class TestPrepared:
    @pytest.fixture(autouse=True)
    def records(self):
        AgreementMaker(acceptance="EXPLICIT")
        take(
            *(numbered_record(n) for n in range(5)),
            numbered_record(6, csp_id="IT*NEW"),
            numbered_record(7, energy_kwh="-1"),
            numbered_record(8, currency="DKK"),
        )

    def test_are_what_the_rule_counts_row_by_row(self):
        prepare(now=later(minutes=1))

        assert by_the_table() == by_the_rule()
        assert sum(one[0] for key, one in by_the_table().items() if key[2] == "STATE") == 8

    def test_follow_what_happens_and_the_same_again_changes_nothing(self):
        prepare(now=later(minutes=1))
        accepted = SdrState.objects.filter(state="DELIVERED").first()
        record_verbs.act(accepted.id, "accept", actor="csp", now=later(minutes=5))

        first = prepare(now=later(minutes=10))
        table = by_the_table()
        assert table == by_the_rule()
        assert figures.funnel(ASKED).accepted == 1
        assert prepare(now=later(minutes=11)) == first
        assert by_the_table() == table

    def test_tell_the_funnel_causes_delays_and_scores(self):
        prepare(now=later(minutes=1))

        funnel = figures.funnel(ASKED)
        assert (funnel.received, funnel.passed, funnel.delivered, funnel.accepted) == (8, 5, 5, 0)
        assert ("V003", 1) in figures.causes(ASKED, figures.Kind.HELD)
        assert "V201" in dict(figures.causes(ASKED, figures.Kind.REFUSED))
        assert sum(n for _, n in figures.delays(ASKED)) == 8
        [score] = figures.scores(ASKED)
        assert (score.received, score.refused) == (8, figures.states(ASKED)["REJECTED"])
        volumes = figures.volumes(ASKED)
        assert sum(one.records for days in volumes.values() for one in days) == 8
        assert volumes["EUR"][0].claim_amount == Decimal("63.14")

    def test_of_another_period_environment_or_sender_are_none(self):
        prepare(now=later(minutes=1))
        tomorrow = Asked("LIVE", ASKED.until, ASKED.until + timedelta(days=1))
        stranger = Asked("LIVE", ASKED.first, ASKED.until, makers.partner_of(makers.voltaire()).pk)

        for other in (tomorrow, Asked("TEST", ASKED.first, ASKED.until), stranger):
            assert figures.funnel(other).received == 0
            assert figures.scores(other) == []

    def test_are_prepared_by_the_clock(self):
        # Its clock is that of the machine: the day of the records is one of the last hundred.
        told = prepare_figures()
        assert told["rows"] == len(by_the_table()) > 0


@pytest.mark.django_db
class TestTable:
    def one(self, **changes) -> DayFigure:
        values = {
            "environment": "LIVE",
            "sender": makers.partner_of(makers.nordlicht()),
            "day": TODAY,
            "kind": "STATE",
            "key": "ACCEPTED",
            "currency": "EUR",
            "records": 1,
            "prepared_at": NOON,
        }
        return DayFigure.objects.create(**(values | changes))

    @pytest.mark.violates("day_figure_is_told_once")
    def test_tells_a_figure_once(self):
        self.one()
        with pytest.raises(DatabaseError, match="day_figure_is_told_once"), transaction.atomic():
            self.one()

    @pytest.mark.violates("day_figure_kind_is_known")
    def test_knows_its_kinds(self):
        with pytest.raises(DatabaseError, match="day_figure_kind_is_known"), transaction.atomic():
            self.one(kind="MOOD")
