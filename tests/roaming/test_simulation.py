"""Simulation: the rules in force give what intake found; drafts show what they would change."""

from datetime import timedelta

import pytest
from django.db import connection

from partners.models import Mandate
from roaming.intake.overrides import DEFAULT, IN_FORCE, RuleSet
from roaming.models import (
    Authorization,
    Credential,
    Evse,
    Finding,
    RuleOverride,
    Sdr,
    SdrEvent,
    SdrState,
)
from roaming.services import holds, intake, lifecycle, simulation
from roaming.services.simulation import Selection, simulate
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    fjell,
    later,
    nordlicht,
    numbered_record,
    partner_of,
    polder,
    record,
    take,
    take_one,
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
                Finding.objects.filter(record_id=sdr.id, version=1).values_list("message", flat=True)
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
        take(numbered_record(1, energy_kwh="18.2"), numbered_record(2, service_session_id="S-00001"))

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
            cso=polder(), evse_id="DE*NLX*E1001*1", starts_at=LONG_AGO, max_power_kw="11"
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

    def test_of_an_unusual_day(self, chunk_records):
        take(*(numbered_record(number, energy_kwh="-1") for number in range(1, 13)))
        take(*(numbered_record(number) for number in range(13, 25)))
        take(numbered_record(25))

        self.check("V701")
