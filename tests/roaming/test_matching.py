"""Both sides of a session are brought together, and what was found is kept."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import IntegrityError, transaction

from clearinghouse.uuid7 import new_uuid7
from roaming.intake.counter_structure import read_counter_record
from roaming.models import CounterRecord, Match, MatchingRun
from roaming.rules.matching import DEFAULT_TOLERANCES, Side, compare
from roaming.services import counter_records, matching
from roaming.services.intake import Origin
from tests import makers
from tests.makers import NOON, numbered_record, take

pytestmark = pytest.mark.django_db


def counter(number: int = 1, **changes: object) -> dict[str, object]:
    """What Voltaire knows of ``numbered_record(number)``."""
    fields: dict[str, object] = {
        "counter_id": f"VOL-{number:05d}",
        "csp_id": "FR*VOL",
        "cso_id": "DE*NLX",
        "service_session_id": f"S-{number:05d}",
        "evse_id": makers.numbered_evse(number),
        "contract_id": makers.numbered_contract(number),
        "started_at": "2026-11-14T10:00:00Z",
        "ended_at": "2026-11-14T11:00:00Z",
        "energy_kwh": "18.400",
        "amount": "9.02",
        "currency": "EUR",
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def send(*records: dict[str, object], received_at=NOON):
    return counter_records.take_in(
        [read_counter_record(msgspec.json.encode(one)) for one in records],
        sender=makers.partner_of(makers.voltaire()),
        environment="LIVE",
        origin=Origin(door="API", actor="tests"),
        received_at=received_at,
    )


def run(key: str = "first") -> dict[str, int]:
    return matching.match(from_at=NOON - timedelta(days=2), until_at=NOON, run_key=key, now=NOON)


def current() -> list[tuple]:
    return list(
        Match.objects.filter(is_current=True)
        .order_by("outcome", "id")
        .values_list("outcome", "step", "differences")
    )


@pytest.fixture
def agreement():
    return makers.AgreementMaker(counter_records="REQUIRED")


@pytest.fixture
def seldom():
    return makers.AgreementMaker(counter_records="IF_PRESENT")


class TestLadder:
    @pytest.mark.parametrize(
        ("ours", "theirs", "step"),
        [
            ({"authorization_reference": "A1"}, {"authorization_reference": "A1"}, 1),
            ({}, {}, 2),
            ({}, {"service_session_id": None, "started_at": "2026-11-14T10:05:00Z"}, 3),
        ],
    )
    def test_stops_at_the_first_unique_hit(self, agreement, ours, theirs, step):
        take(numbered_record(1, **ours))
        send(counter(1, **theirs))
        run()
        assert [row[1] for row in current()] == [step]

    def test_same_contract_and_place_is_for_a_person(self, agreement):
        take(numbered_record(1))
        send(
            counter(
                1,
                service_session_id=None,
                started_at="2026-11-14T10:06:00Z",
                ended_at="2026-11-14T11:06:00Z",
            )
        )
        assert run() == {"AMBIGUOUS": 1}

    def test_two_candidates_are_ambiguous(self):
        beside = {code: {"severity": "WARN", "reason": "two plugs"} for code in ("V403", "V404")}
        makers.AgreementMaker(counter_records="REQUIRED", rule_overrides=beside)
        same = {name: numbered_record(1)[name] for name in ("evse_id", "contract_id")}
        take(numbered_record(1), numbered_record(2, **same, started_at="2026-11-14T10:02:30Z"))
        send(counter(1, service_session_id=None))
        assert run()["AMBIGUOUS"] == 2  # the pair of the first, and the second alone

    def test_said_twice_is_a_duplicate(self, agreement):
        take(numbered_record(1))
        send(counter(1), counter(1, counter_id="again"))
        assert run() == {"DUPLICATE": 1, "MATCHED": 1}
        names = dict(CounterRecord.objects.values_list("counter_id", "id"))
        repeated = Match.objects.get(outcome="DUPLICATE")
        assert (repeated.counter_id, repeated.duplicate_of_id, repeated.record_id) == (
            names["again"],
            names["VOL-00001"],
            None,
        )

    def test_a_duplicate_counts_again_where_the_first_is_replaced(self, agreement):
        send(counter(1), counter(1, counter_id="again"))
        run("a")
        send(
            counter(
                1, counter_id="other", service_session_id="S-9", replaces_counter_id="VOL-00001",
                started_at="2026-11-14T08:00:00Z",
            )
        )  # fmt: skip
        assert run("b") == {"CSP_ONLY": 2}


class TestOutcomes:
    @pytest.mark.parametrize(
        ("theirs", "outcome", "differences"),
        [
            ({}, "MATCHED", []),
            ({"energy_kwh": "18.58"}, "MATCHED_TOLERANCE", []),
            ({"energy_kwh": "18.70"}, "MATCHED_TOLERANCE", ["energy"]),
            ({"energy_kwh": "19.00"}, "MISMATCH", ["energy"]),
            ({"amount": "9.11"}, "MATCHED_TOLERANCE", []),
            ({"amount": "9.53"}, "MISMATCH", ["amount"]),
            ({"currency": "CHF"}, "MISMATCH", ["currency"]),
            ({"evse_id": "DE*NLX*E1002*1"}, "MISMATCH", ["evse"]),
            ({"contract_id": "DE-8AA-CZZZZZZZZ-1"}, "MISMATCH", ["contract"]),
            ({"ended_at": "2026-11-14T11:10:00Z"}, "MATCHED_TOLERANCE", ["end"]),
        ],
    )
    def test_compares_field_by_field(self, agreement, theirs, outcome, differences):
        take(numbered_record(1))
        send(counter(1, **theirs))
        run()
        assert current() == [(outcome, 2, differences)]

    def test_keeps_both_values_and_the_tolerance(self, agreement):
        take(numbered_record(1))
        send(counter(1, energy_kwh="19.00"))
        run()
        match = Match.objects.get()
        assert (match.sdr_energy_kwh, match.counter_energy_kwh) == (
            Decimal("18.4"),
            Decimal("19"),
        )
        assert match.energy_tolerance_kwh == Decimal("0.184")
        assert match.time_tolerance_s == 300

    def test_an_agreement_has_its_own_tolerances(self):
        makers.AgreementMaker(match_tolerances={"energy_off_kwh": "1", "energy_kwh": "0.7"})
        take(numbered_record(1))
        send(counter(1, energy_kwh="19.00"))
        assert run() == {"MATCHED_TOLERANCE": 1}

    def test_one_sided(self, agreement):
        take(numbered_record(1))
        send(counter(2, contract_id="DE-8AA-CZZZZZZZZ-1"))
        assert run() == {"CSO_ONLY": 1, "CSP_ONLY": 1}

    def test_no_counter_record_is_no_finding_where_none_is_owed(self, seldom):
        take(numbered_record(1))
        assert run() == {}

    def test_an_agreement_without_counter_records_is_not_matched(self):
        makers.AgreementMaker(counter_records="NONE")
        take(numbered_record(1))
        send(counter(1))
        assert run() == {}


class TestRuns:
    def test_a_run_key_is_run_once(self, agreement):
        take(numbered_record(1))
        assert run("a") == {"CSO_ONLY": 1}
        send(counter(1))
        assert run("a") == {"CSO_ONLY": 1}
        assert MatchingRun.objects.count() == Match.objects.count() == 1

    def test_a_second_run_adds_nothing(self, agreement):
        take(numbered_record(1), numbered_record(2))
        send(counter(1), counter(1, counter_id="again"))
        run("a")
        assert run("b") == {}
        assert Match.objects.count() == 3

    def test_a_late_partner_record_takes_the_place_of_one_side(self, agreement):
        take(numbered_record(1))
        run("a")
        send(counter(1))
        assert run("b") == {"MATCHED": 1}
        assert [row[0] for row in current()] == ["MATCHED"]
        assert Match.objects.filter(is_current=False).get().outcome == "CSO_ONLY"

    def test_a_replacement_is_compared_anew(self, agreement):
        take(numbered_record(1))
        send(counter(1, energy_kwh="30"))
        assert run("a") == {"MISMATCH": 1}
        send(counter(1, counter_id="better", replaces_counter_id="VOL-00001"))
        assert run("b") == {"MATCHED": 1}
        assert len(current()) == 1


class TestEvidence:
    @pytest.fixture
    def match(self, agreement):
        take(numbered_record(1))
        send(counter(1))
        run()
        return Match.objects.get()

    @pytest.mark.violates("sdr_is_matched_once")
    def test_an_sdr_has_one_current_match(self, match):
        match.pk, match.counter_id = new_uuid7(), new_uuid7()
        with pytest.raises(IntegrityError, match="sdr_is_matched_once"), transaction.atomic():
            match.save(force_insert=True)

    @pytest.mark.violates("counter_record_is_matched_once")
    def test_a_counter_record_has_one_current_match(self, match):
        match.pk, match.record_id = new_uuid7(), new_uuid7()
        with (
            pytest.raises(IntegrityError, match="counter_record_is_matched_once"),
            transaction.atomic(),
        ):
            match.save(force_insert=True)

    @pytest.mark.violates("match_has_a_side")
    def test_a_match_is_about_something(self, match):
        match.pk, match.record_id, match.counter_id = new_uuid7(), None, None
        with pytest.raises(IntegrityError, match="match_has_a_side"), transaction.atomic():
            match.save(force_insert=True)


class TestTakeIn:
    def test_the_same_again_is_a_duplicate_and_other_content_a_conflict(self, agreement):
        words = [send(counter(1, **changes))[0].outcome for changes in (
            {}, {"energy_kwh": "18.4"}, {"energy_kwh": "18.5"},
        )]  # fmt: skip
        assert words == ["accepted", "duplicate", "conflict"]
        assert CounterRecord.objects.count() == 1

    def test_one_bad_record_sinks_no_batch(self, agreement):
        outcomes = send(counter(1), counter(2, ended_at=None), counter(3, csp_id="NO*FJL"))
        assert [one.outcome for one in outcomes] == ["accepted", "rejected", "rejected"]
        assert [fault.field for one in outcomes for fault in one.faults] == ["ended_at", "csp_id"]


def test_the_twin_says_the_same_of_a_plain_pair():
    side = Side(started_at=NOON, ended_at=NOON, energy_kwh=Decimal(1))
    assert compare(side, side, DEFAULT_TOLERANCES) == ("MATCHED", [])
