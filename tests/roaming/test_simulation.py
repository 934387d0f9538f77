"""Simulation: the rules in force give what intake found; drafts show what they would change."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import InternalError, connection

from partners.models import Job, Mandate
from partners.services import jobs
from roaming.intake.overrides import DEFAULT, IN_FORCE, RuleSet
from roaming.models import (
    Authorization,
    Credential,
    Erasure,
    Evse,
    Finding,
    RawRecord,
    RuleOverride,
    Sdr,
    SdrState,
)
from roaming.services import holds, intake, lifecycle, sequences, simulation, simulation_job
from roaming.services.intake import Origin, take_into
from roaming.services.simulation import Selection, simulate
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    fjell,
    later,
    nordlicht,
    numbered_evse,
    numbered_record,
    partner_of,
    polder,
    submission,
    take,
    voltaire,
)

pytestmark = pytest.mark.django_db

DAY = Selection(from_at=NOON - timedelta(days=1), until_at=NOON + timedelta(days=30))


def figures_of(rule_set: RuleSet = IN_FORCE, selection: Selection = DAY) -> dict:
    *_, last = simulate(rule_set, selection)
    return last.as_json()


def draft(code: str, **changes: object) -> RuleOverride:
    fields: dict[str, object] = {"reason": "try it", "starts_at": later(days=60)}
    if "agreement_number" not in changes:
        fields["partner"] = partner_of(nordlicht())
    return RuleOverride.objects.create(code=code, **fields | changes)


def credit(number: int, of: dict[str, object], **changes: object) -> dict[str, object]:
    amount = str(of["total_amount"])
    return numbered_record(
        number,
        credits_sdr_id=of["sdr_id"],
        service_session_id=of["service_session_id"],
        total_amount=f"-{amount}",
        items=[{"kind": "ENERGY", "amount": f"-{amount}"}],
        **changes,
    )


def differing() -> list[tuple[str, list[str]]]:
    """The stored ids and codes of what simulation finds otherwise; names the culprit on failure."""
    told = figures_of()
    records = Sdr.objects.filter(id__in=told["differing_examples"])
    return [
        (
            sdr.sdr_id,
            list(
                Finding.objects.filter(record_id=sdr.id, version=1).values_list(
                    "message", flat=True
                )
            ),
        )
        for sdr in records
    ]


class TestTheRulesInForce:
    """Simulating them gives exactly the findings that were stored at intake."""

    @pytest.fixture(autouse=True)
    def agreement(self):
        return AgreementMaker(acceptance="DEEMED")

    @pytest.fixture(params=[1, 2, 5_000], ids=lambda size: f"chunks of {size}")
    def chunk_records(self, request, monkeypatch):
        """However intake cuts a batch, and however simulation does."""
        monkeypatch.setattr(intake, "CHUNK_RECORDS", request.param)
        monkeypatch.setattr(simulation, "CHUNK_RECORDS", request.param + 2)

    def check(self, *codes: str) -> None:
        """Nothing differs, and the story really has the codes that it is told for."""
        found = set(Finding.objects.filter(version=1).values_list("code", flat=True))
        assert set(codes) <= found
        assert differing() == []
        assert figures_of()["unchanged"]["records"] == Sdr.objects.count()

    def test_of_wrong_records_and_unreadable_ones(self, chunk_records):
        take(
            numbered_record(1),
            numbered_record(2, energy_kwh="-1"),
            numbered_record(3, csp_id="XX*XXX"),
            numbered_record(4, energy_kwh="900", max_power_kw="350"),
            numbered_record(5, started_at="tomorrow"),
            numbered_record(6, cso_id="NL*PLD"),
            numbered_record(7, currency="SEK"),
            numbered_record(8, ended_at="2026-11-14T12:10:00Z"),
        )

        self.check("V001", "V002", "V003", "V013", "V103", "V201", "V202")

    def test_of_ids_and_sessions_that_are_taken(self, chunk_records):
        take(numbered_record(1), numbered_record(1, energy_kwh="18.3"))
        take(
            numbered_record(1, energy_kwh="18.2"), numbered_record(2, service_session_id="S-00001")
        )

        self.check("V401", "V402")

    def test_of_a_session_that_is_free_again(self, chunk_records):
        first, _ = take(numbered_record(1), numbered_record(2, service_session_id="S-00001"))
        lifecycle.move(
            first.record_id, ["WITHDRAWN"], actor="test", reason="wrong", now=later(hours=1)
        )
        take(numbered_record(3, service_session_id="S-00001"), received_at=later(hours=2))
        take(numbered_record(4, service_session_id="S-00001"), received_at=later(hours=3))

        self.check("V402")
        assert list(Finding.objects.filter(code="V402", version=1).values_list("message")) == [
            ("session S-00001 is claimed by record NLX-00001",),
            ("session S-00001 is claimed by record NLX-00003",),
        ]

    def test_of_an_id_that_is_free_again(self, chunk_records):
        held = take(numbered_record(1, csp_id="XX*XXX"))[0]
        lifecycle.move(
            held.record_id, ["REJECTED"], actor="test", reason="expired", now=later(hours=1)
        )
        take(numbered_record(1), received_at=later(hours=2))

        self.check("V003")
        assert not Finding.objects.filter(code="V401").exists()

    def test_of_credits_and_replacements(self, chunk_records):
        take(credit(90, numbered_record(1)))
        take(*(numbered_record(number) for number in range(1, 6)))
        take(
            credit(91, numbered_record(1)),
            credit(92, numbered_record(1)),
            credit(93, numbered_record(2, total_amount="1.00")),
            numbered_record(94, replaces_sdr_id="NLX-00003", service_session_id="S-00003"),
            numbered_record(95, replaces_sdr_id="NLX-00003", service_session_id="S-00003"),
            credit(96, numbered_record(91)),
            received_at=later(hours=1),
        )
        take(numbered_record(97, service_session_id="S-00001"), received_at=later(hours=2))
        take(numbered_record(98, service_session_id="S-00003"), received_at=later(hours=2))

        self.check("V402", "V601", "V602", "V603")

    def test_of_neighbours_as_they_were(self, chunk_records):
        place = {"latitude": "54.3", "longitude": "10.1"}
        far = {"latitude": "48.1", "longitude": "11.5"}
        for evse_id, where in (("DE*NLX*E1001*1", place), ("DE*NLX*E2*1", far)):
            Evse.objects.create(cso=nordlicht(), evse_id=evse_id, starts_at=LONG_AGO, **where)
        first, *_ = take(
            numbered_record(1),
            numbered_record(2),
            numbered_record(3, meter_id="M", meter_start_kwh="10", meter_end_kwh="28.4"),
        )
        lifecycle.move(
            first.record_id, ["WITHDRAWN"], actor="test", reason="wrong", now=later(hours=1)
        )
        take(
            numbered_record(4),
            numbered_record(5, evse_id="DE*NLX*E2*1", ended_at="2026-11-14T11:20:00Z"),
            numbered_record(6, meter_id="M", meter_start_kwh="28.4", meter_end_kwh="46.8"),
            received_at=later(hours=2),
        )

        self.check()

    def test_of_what_the_registries_told_by_then(self, agreement, chunk_records):
        take(numbered_record(1, contract_id="DE-8AA-C00000001"), numbered_record(2))
        Credential.objects.create(
            csp=voltaire(), contract_hash="0" * 64, pseudonym="x", starts_at=LONG_AGO
        )
        Evse.objects.create(
            cso=polder(), evse_id=numbered_evse(3), starts_at=LONG_AGO, max_power_kw="11"
        )
        take(numbered_record(3), received_at=later(hours=1))
        Authorization.objects.create(
            cso=nordlicht(),
            csp=voltaire(),
            reference="A-1",
            is_granted=False,
            authorized_at=NOON - timedelta(hours=2),
        )
        take(
            numbered_record(4, authorization_reference="A-1"),
            numbered_record(5, authorization_reference="A-2"),
            received_at=later(hours=1),
        )

        self.check("V006", "V007", "V010", "V011")

    def test_of_masters_that_came_later(self, chunk_records):
        take(numbered_record(1, csp_id="NO*FJL"), numbered_record(2, cso_id="NL*PLD"))
        AgreementMaker(buyer=fjell())
        take(numbered_record(3, csp_id="NO*FJL"))
        mandate = Mandate.objects.create(
            grantor=partner_of(polder()),
            agent=partner_of(nordlicht()),
            verbs=["SUBMIT_SDR"],
            starts_at=LONG_AGO,
        )
        mandate.parties.add(polder())
        take(numbered_record(4, cso_id="NL*PLD"))
        holds.heal(actor="test", now=later(hours=1))

        self.check("V002", "V003", "V004")

    def test_of_overrides_by_their_days(self, agreement, chunk_records):
        large = {"energy_kwh": "400", "max_power_kw": "500"}
        take(numbered_record(1, **large))
        override = draft("V203", severity="WARN", starts_at=later(hours=1))
        take(numbered_record(2, **large), received_at=later(hours=2))
        RuleOverride.objects.filter(pk=override.pk).update(activated_at=later(hours=3))
        take(numbered_record(3, **large), received_at=later(hours=4))
        RuleOverride.objects.filter(pk=override.pk).update(ends_at=later(hours=5))
        take(numbered_record(4, **large), received_at=later(hours=6))

        self.check("V203")
        assert list(
            Finding.objects.filter(code="V203").order_by("id").values_list("severity", flat=True)
        ) == ["HOLD", "HOLD", "WARN", "HOLD"]

    def test_of_a_gap_in_the_senders_numbers(self, chunk_records):
        def send(sequence: int, number: int, received_at: datetime) -> None:
            opened = sequences.claim(
                sender=partner_of(nordlicht()),
                environment="LIVE",
                origin=Origin(door="API", actor="tests", sequence=sequence),
                received_at=received_at,
            )
            list(take_into(opened, [submission(numbered_record(number))], actor="tests"))

        send(1, 1, NOON)
        send(4, 2, later(hours=1))
        send(2, 3, later(hours=2))
        send(3, 4, later(hours=3))

        self.check("V704")

    def test_of_an_unusual_day(self, chunk_records):
        take(*(numbered_record(number, energy_kwh="-1") for number in range(1, 13)))
        take(*(numbered_record(number) for number in range(13, 25)))
        take(numbered_record(25))

        self.check("V701")


class TestDrafts:
    @pytest.fixture(autouse=True)
    def agreement(self):
        return AgreementMaker()

    @pytest.fixture
    def records(self):
        """Three pass (one for a large amount of energy), one is held, one is rejected."""
        return take(
            numbered_record(1),
            numbered_record(2, energy_kwh="100", max_power_kw="300", total_amount="100", items=[]),
            numbered_record(3, energy_kwh="400", max_power_kw="500"),
            numbered_record(4, energy_kwh="-1"),
            numbered_record(5, energy_kwh="60", max_power_kw="300"),
        )

    def test_show_what_they_would_hold(self, records):
        told = figures_of(RuleSet(drafts=(draft("V203", limits={"large_kwh": "40"}),)))

        assert told["before"] == {"ACCEPT": 3, "HOLD": 1, "REJECT": 1}
        assert told["after"] == {"ACCEPT": 1, "HOLD": 3, "REJECT": 1}
        assert told["newly_held"] == {
            "records": 2,
            "energy_kwh": "160.000000",
            "amounts": {"EUR": "109.020000"},
        }
        assert (told["newly_rejected"]["records"], told["newly_passed"]["records"]) == (0, 0)
        assert told["unchanged"]["records"] == 3
        assert told["codes"]["V203"]["newly_held"]["records"] == 2
        assert told["codes"]["V203"]["examples"] == {
            "newly_held": [records[1].record_id, records[4].record_id],
            "unchanged": [records[2].record_id],
        }

    def test_show_what_they_would_reject_and_let_pass(self, records):
        told = figures_of(
            RuleSet(
                drafts=(
                    draft("V201", severity="WARN"),
                    draft("V203", limits={"large_kwh": "40", "largest_kwh": "80"}),
                )
            )
        )

        assert told["codes"]["V201"]["newly_passed"]["records"] == 1
        assert told["codes"]["V203"]["newly_rejected"]["records"] == 2
        assert told["codes"]["V203"]["newly_held"]["records"] == 1
        assert told["after"] == {"ACCEPT": 2, "HOLD": 1, "REJECT": 2}

    def test_bind_only_their_own_partner_or_agreement(self, records, agreement):
        of_polder = {"code": "V203", "severity": "WARN", "reason": "r", "starts_at": later(days=60)}
        other = RuleOverride.objects.create(partner=partner_of(polder()), **of_polder)

        assert figures_of(RuleSet(drafts=(other,)))["unchanged"]["records"] == 5

        own = draft("V203", severity="WARN", agreement_number=agreement.number)
        assert figures_of(RuleSet(drafts=(own,)))["newly_passed"]["records"] == 1

    def test_stand_in_for_what_is_in_force(self, records, agreement):
        draft("V203", severity="WARN", starts_at=LONG_AGO, activated_at=LONG_AGO)
        take(numbered_record(6, energy_kwh="400", max_power_kw="500"), received_at=later(hours=1))

        told = figures_of(RuleSet(drafts=(draft("V203", severity="REJECT"),)))
        without = figures_of(DEFAULT)

        assert told["codes"]["V203"]["newly_rejected"]["records"] == 2
        assert without["codes"]["V203"]["newly_held"]["records"] == 1

    def test_cannot_soften_what_the_tables_insist_on(self, records):
        take(numbered_record(6, csp_id="XX*XXX"))

        told = figures_of(RuleSet(drafts=(draft("V003", severity="WARN"),)))

        assert told["newly_passed"]["records"] == 0

    def test_are_tried_on_the_records_asked_for(self, records, agreement):
        second = AgreementMaker(buyer=fjell())
        take(
            numbered_record(6, csp_id="NO*FJL", energy_kwh="60", max_power_kw="300"),
            received_at=later(days=2),
        )
        rules = RuleSet(drafts=(draft("V203", limits={"large_kwh": "40"}),))

        def held(**changes: object) -> int:
            period = {"from_at": DAY.from_at, "until_at": DAY.until_at}
            selection = Selection(**period | changes)
            return figures_of(rules, selection)["newly_held"]["records"]

        assert held() == 3
        assert held(agreement_number=agreement.number) == 2
        assert held(agreement_number=second.number) == 1
        assert held(until_at=later(days=1)) == 2
        assert held(from_at=later(days=1)) == 1
        assert held(sender=partner_of(nordlicht())) == 3
        assert held(sender=partner_of(polder())) == 0
        assert held(environment="TEST") == 0

    def test_write_nothing_even_if_the_code_tried(self, records, monkeypatch):
        def write(*args: object) -> list:
            SdrState.objects.update(version=9)
            return []

        monkeypatch.setattr(simulation, "_stored_findings", write)

        with pytest.raises(InternalError, match="read-only transaction"):
            figures_of()

    def test_leave_every_table_as_it_was(self, records):
        rules = RuleSet(drafts=(draft("V203", severity="REJECT"),))
        before = counts()

        figures_of(rules)

        assert counts() == before

    def test_take_the_same_number_of_queries_for_many(self, records, django_assert_max_num_queries):
        take(*(numbered_record(number) for number in range(100, 200)))

        with django_assert_max_num_queries(40):
            told = figures_of(RuleSet(drafts=(draft("V203", severity="REJECT"),)))

        assert told["records"] == 105

    def test_leave_out_what_was_erased_and_say_so(self, records):
        erasure = Erasure.objects.create(erased_at=NOON, actor="officer", ground="GDPR Art. 17")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(erasure.pk)]
            )
        RawRecord.objects.filter(id=records[0].record_id).delete()

        told = figures_of()

        assert (told["records"], told["unreadable"]) == (4, 1)


def counts() -> dict[str, int]:
    """The rows of each table of roaming and partners."""
    return {
        model._meta.db_table: model.objects.count()
        for app in ("roaming", "partners")
        for model in apps.get_app_config(app).get_models()
    }


class TestTheJob:
    @pytest.fixture(autouse=True)
    def records(self):
        AgreementMaker()
        return take(*(numbered_record(number) for number in range(1, 8)))

    @pytest.fixture
    def raised(self):
        return draft("V203", limits={"large_kwh": "10"})

    def wish(self, *drafts: RuleOverride) -> simulation_job.Wish:
        return simulation_job.Wish(selection=DAY, drafts=drafts)

    def run(self, job: Job, clock=lambda: NOON) -> Job:
        claimed = jobs.claim(job.pk, now=NOON)
        simulation_job.run(claimed, clock=clock)
        return Job.objects.get(pk=job.pk)

    def test_is_kept_with_the_draft(self, raised):
        done = self.run(simulation_job.ask_for(self.wish(raised)))

        assert (done.state, done.done, done.total) == ("DONE", 7, 7)
        assert done.result["newly_held"] == 7
        assert simulation_job.latest_of(raised) == done
        assert simulation_job.is_of_today(done, [raised])

    def test_tells_that_the_draft_was_changed_since(self, raised):
        done = self.run(simulation_job.ask_for(self.wish(raised)))
        raised.limits = {"large_kwh": "20"}
        raised.save()

        assert not simulation_job.is_of_today(done, simulation_job.drafts_of(done))

    def test_fails_where_the_draft_was_changed_before(self, raised):
        job = simulation_job.ask_for(self.wish(raised))
        RuleOverride.objects.filter(pk=raised.pk).update(severity="WARN")

        failed = self.run(job)

        assert (failed.state, failed.error) == (
            "FAILED",
            "The drafts have changed since. Simulate them again.",
        )

    def test_stops_when_asked_to_with_what_it_has(self, raised, monkeypatch):
        monkeypatch.setattr(simulation, "CHUNK_RECORDS", 3)
        job = simulation_job.ask_for(self.wish(raised))
        ticks = iter(range(9))

        def clock():
            if next(ticks) == 1:
                Job.objects.filter(pk=job.pk).update(cancel_requested=True)
            return NOON

        stopped = self.run(job, clock)

        assert (stopped.state, stopped.result["records"]) == ("CANCELLED", 6)
        assert simulation_job.latest_of(raised) is None


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def records(self):
        AgreementMaker()
        return take(numbered_record(1), numbered_record(2, energy_kwh="-1"))

    def run(self, *arguments: str, **options: object) -> str:
        printed = StringIO()
        period = ("--until", "2030-01-01")
        call_command("simulate_rules", *period, *arguments, stdout=printed, **options)
        return printed.getvalue()

    def test_prints_one_json_object(self):
        one = draft("V203", limits={"large_kwh": "10"})

        told = json.loads(self.run("--draft", str(one.pk), json=True))

        assert (told["rule_set"], told["records"]) == ("Simulate V203", 2)
        assert told["newly_held"]["records"] == 1

    def test_prints_words(self):
        one = draft("V201", severity="HOLD")

        lines = self.run("--draft", str(one.pk), "--sender", "Nordlicht").splitlines()

        assert lines[:2] == [
            "Simulate V201: 2 records",
            "  newly held: 1 records, -1.000000 kWh, 9.020000 EUR",
        ]
        assert "V201: 1 HOLD" in lines

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--draft", "x"), "there is no draft x"),
            (("--agreement", "AG-0815"), "there is no agreement AG-0815"),
            (("--sender", "Nobody"), "there is no partner Nobody"),
            (("--from", "yesterday"), "'yesterday' is no day like 2026-11-01"),
        ],
    )
    def test_says_what_it_does_not_know(self, arguments, message):
        with pytest.raises(CommandError, match=message):
            self.run(*arguments)
