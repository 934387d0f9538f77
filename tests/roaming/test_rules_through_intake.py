"""Facts reach the stored record through the real intake, with registries in their tables."""

from datetime import timedelta

import pytest

from roaming.intake.enrich import enrich
from roaming.intake.facts import load_world
from roaming.intake.normal import pseudonym_for
from roaming.models import Authorization, Credential, Evse, RuleOverride, SignedValue
from roaming.rules.findings import Facts
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    nordlicht,
    partner_of,
    polder,
    record,
    submission,
    take_one,
    voltaire,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreement():
    return AgreementMaker()


def facts_of(**changes: object) -> Facts:
    """What the rules are told about one record that comes in now."""
    one = submission(record(**changes))
    world = load_world(
        [one.sdr], sender=partner_of(nordlicht()), environment="LIVE", received_at=NOON
    )
    (prepared,), surroundings = enrich([(one, world.sides_of(one.sdr), "")], world)
    return surroundings.add_to(prepared[1].facts, one.sdr, prepared[1])


def other(**changes: object) -> dict[str, object]:
    return {"sdr_id": "NLX-2", "service_session_id": "S-2"} | changes


class TestNeighbours:
    def test_are_none_around_the_first_record(self):
        around = facts_of().neighbours

        assert (around.fuzzy_duplicate, around.overlaps_on_evse) == ("", "")
        assert (around.parallel_of_contract, around.same_energy_in_a_row) == (1, 1)

    def test_tell_of_the_same_session_under_another_id(self):
        take_one()

        around = facts_of(**other()).neighbours

        assert around.fuzzy_duplicate == around.overlaps_on_evse == "NLX-0001"
        assert around.overlap == timedelta(hours=1)
        assert around.parallel_of_contract == 2

    def test_are_no_parts_of_the_same_session(self):
        take_one()

        after = {"started_at": "2026-11-14T11:00:00Z", "ended_at": "2026-11-14T12:00:00Z"}
        around = facts_of(sdr_id="NLX-2", split_no=1, **after).neighbours
        assert around.previous_ended_at is None

        assert facts_of(sdr_id="NLX-2", split_no=1).neighbours.overlaps_on_evse == "NLX-0001"

    def test_are_no_rejected_records(self):
        take_one(energy_kwh="-1")

        assert facts_of(**other()).neighbours.overlaps_on_evse == ""

    def test_on_other_evses_tell_how_fast_the_contract_moved(self):
        for evse_id, latitude in (("DE*NLX*E1001*1", "54.3"), ("DE*NLX*E2*1", "48.1")):
            Evse.objects.create(
                cso=nordlicht(),
                evse_id=evse_id,
                latitude=latitude,
                longitude="10.1",
                starts_at=LONG_AGO,
            )
        take_one()
        around = facts_of(
            **other(
                evse_id="DE*NLX*E2*1",
                started_at="2026-11-14T11:30:00Z",
                ended_at="2026-11-14T11:50:00Z",
            )
        ).neighbours

        assert around.far_session == "NLX-0001"
        assert 1300 < around.speed_kmh < 1450


class TestRegistries:
    def test_that_are_empty_tell_nothing(self):
        facts = facts_of()

        assert facts.evse is facts.meter_key is facts.credential is facts.authorization is None

    def test_tell_who_holds_the_evse(self):
        Evse.objects.create(cso=polder(), evse_id="DE*NLX*E1001*1", starts_at=LONG_AGO)

        assert facts_of().evse.owner_code == "NL*PLD"

    def test_miss_a_contract_only_where_the_csp_keeps_a_list(self):
        sdr = submission(record()).sdr
        known = pseudonym_for(sdr, voltaire().pk)
        Credential.objects.create(
            csp=voltaire(),
            contract_hash=known.contract_hash,
            pseudonym=known.shown,
            starts_at=LONG_AGO,
        )

        assert facts_of().credential.is_known
        assert not facts_of(contract_id="DE-8AA-C00000001").credential.is_known

    def test_find_the_authorization_by_its_reference(self):
        Authorization.objects.create(
            cso=nordlicht(),
            csp=voltaire(),
            reference="A-1",
            is_granted=True,
            authorized_at=NOON - timedelta(hours=2),
        )

        assert facts_of(authorization_reference="A-1").authorization.is_granted
        assert not facts_of(authorization_reference="A-2").authorization.is_known

    def test_find_the_authorization_of_the_contract_in_the_day_before(self):
        known = pseudonym_for(submission(record()).sdr, voltaire().pk)
        Authorization.objects.create(
            cso=nordlicht(),
            csp=voltaire(),
            reference="A-1",
            is_granted=False,
            pseudonym=known.shown,
            evse_id="DE*NLX*E1001*1",
            authorized_at=NOON - timedelta(hours=3),
        )

        found = facts_of().authorization

        assert (found.is_known, found.is_granted, found.csp_code) == (True, False, "FR*VOL")


class TestOverrides:
    def test_of_the_agreement_win_over_the_partners(self, agreement):
        partner = partner_of(nordlicht())
        dated = {"code": "V203", "reason": "r", "starts_at": LONG_AGO, "activated_at": LONG_AGO}
        RuleOverride.objects.create(
            partner=partner, severity="HOLD", limits={"largest_kwh": "300"}, **dated
        )
        RuleOverride.objects.create(agreement_number=agreement.number, severity="WARN", **dated)

        override = facts_of().terms.overrides["V203"]

        assert (override["severity"], override["limits"]) == ("WARN", {"largest_kwh": "300"})

    def test_that_are_drafts_bind_nobody(self):
        RuleOverride.objects.create(
            partner=partner_of(nordlicht()), code="V203", reason="r", starts_at=LONG_AGO
        )

        assert facts_of().terms.overrides == {}


class TestSignedValues:
    def test_that_cannot_be_read_are_told_and_stored(self):
        taken = take_one(signed_data="OCMF|{}|{}")

        value = SignedValue.objects.get(record_id=taken.record_id)
        assert (value.position, value.verdict) == (
            0,
            facts_of(signed_data="OCMF|{}|{}").signed.verdict,
        )


def test_the_senders_day_counts_what_came_and_what_was_refused():
    take_one()
    take_one(sdr_id="NLX-2", energy_kwh="-1")

    day = facts_of(**other()).sender_day

    assert (day.received, day.rejected, day.usual) == (2, 1, None)
