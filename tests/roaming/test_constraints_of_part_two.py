"""Each named constraint of registries, matching, disputes and deliveries, broken once."""

from datetime import timedelta

import pytest
from django.db import DatabaseError

from clearinghouse.uuid7 import new_uuid7
from roaming.models import (
    AgeingStep,
    Alert,
    Authorization,
    CounterKey,
    CounterRecord,
    CounterTally,
    Credential,
    DeliveryCounter,
    Dispute,
    DisputeAttachment,
    DisputeEvent,
    Evse,
    EvseOutage,
    Healing,
    HoldCorrection,
    IntakeBatch,
    Manifest,
    Match,
    MatchingRun,
    MeterKey,
    ReceiverOutage,
    RejectedCounterKey,
    RuleOverride,
    SdrLink,
    SequenceGap,
    SignedValue,
)
from tests import makers
from tests.makers import NOON, later, nordlicht, partner_of, voltaire

pytestmark = pytest.mark.django_db
EVSE = "DE*NLX*E1001*1"


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def evse(**changes):
    return Evse.objects.create(
        **({"cso": nordlicht(), "evse_id": EVSE, "starts_at": NOON} | changes)
    )


def outage(**changes):
    own = {"cso": nordlicht(), "evse_id": EVSE, "starts_at": NOON}
    return EvseOutage.objects.create(**(own | changes))


def meter_key(**changes):
    own = {"cso": nordlicht(), "evse_id": EVSE, "meter_id": "M1", "public_key": "00"}
    return MeterKey.objects.create(**(own | {"starts_at": NOON} | changes))


def credential(**changes):
    own = {"csp": voltaire(), "contract_hash": "ab" * 32, "pseudonym": "p", "starts_at": NOON}
    return Credential.objects.create(**(own | changes))


def override(**changes):
    own = {
        "code": "V203",
        "partner": partner_of(nordlicht()),
        "severity": "WARN",
        "reason": "trucks",
        "starts_at": NOON,
        "activated_at": NOON,
    }
    return RuleOverride.objects.create(**(own | changes))


def receiver_outage(**changes):
    return ReceiverOutage.objects.create(**({"receiver": voltaire(), "starts_at": NOON} | changes))


TWICE = [
    ("evse_has_one_entry_of_a_cso_at_a_time", evse),
    ("evse_outages_do_not_overlap", outage),
    ("evse_has_one_meter_key_at_a_time", meter_key),
    ("credential_has_one_entry_at_a_time", credential),
    ("rule_overrides_in_force_do_not_overlap", override),
    ("receiver_has_one_open_outage", receiver_outage),
]
ENDS_BEFORE = [
    ("evse_ends_after_it_starts", evse),
    ("evse_outage_ends_after_it_starts", outage),
    ("meter_key_ends_after_it_starts", meter_key),
    ("credential_ends_after_it_starts", credential),
    ("rule_override_ends_after_it_starts", override),
    ("receiver_outage_ends_after_it_starts", receiver_outage),
]


def named(rows):
    return [pytest.param(*row, marks=pytest.mark.violates(row[0])) for row in rows]


@pytest.mark.parametrize(("name", "make"), named(TWICE))
def test_holds_once_at_a_time(name, make):
    make()
    with refused(name):
        make()


@pytest.mark.parametrize(("name", "make"), named(ENDS_BEFORE))
def test_ends_after_it_starts(name, make):
    # Ranges refuse it too; whichever speaks first, the row does not get in.
    with pytest.raises(DatabaseError, match=rf"{name}|range lower bound"):
        make(ends_at=NOON - timedelta(hours=1))


@pytest.mark.violates("rule_override_is_of_a_partner_or_an_agreement")
def test_an_override_is_of_a_partner_or_an_agreement():
    with refused("rule_override_is_of_a_partner_or_an_agreement"):
        override(agreement_number="AG-1")


@pytest.mark.violates("rule_override_severity_is_known")
def test_an_override_names_a_known_severity():
    with refused("rule_override_severity_is_known"):
        override(severity="SHRUG")


@pytest.mark.violates("authorization_reference_is_unique_between_two_parties")
def test_an_authorization_has_one_reference():
    own = {"csp": voltaire(), "cso": nordlicht(), "reference": "A1", "is_granted": True}
    Authorization.objects.create(**own, authorized_at=NOON)
    with refused("authorization_reference_is_unique_between_two_parties"):
        Authorization.objects.create(**own, authorized_at=NOON)


@pytest.mark.violates("counter_id_is_taken_once_per_csp")
def test_a_counter_id_is_taken_once():
    own = {"csp": voltaire(), "counter_id": "C1", "payload_sha256": "ab"}
    CounterKey.objects.create(record_id=new_uuid7(), **own)
    with refused("counter_id_is_taken_once_per_csp"):
        CounterKey.objects.create(record_id=new_uuid7(), **own)


def match(**changes):
    run = MatchingRun.objects.get_or_create(
        run_key="r", defaults={"from_at": NOON, "until_at": later(days=1), "started_at": NOON}
    )[0]
    own = {
        "run": run,
        "seller": nordlicht(),
        "buyer": voltaire(),
        "record_id": new_uuid7(),
        "counter_id": new_uuid7(),
        "outcome": "MATCHED",
        "ended_at": NOON,
        "matched_at": NOON,
    }
    return Match.objects.create(**(own | changes))


@pytest.mark.parametrize(
    ("name", "side"),
    named([("sdr_is_matched_once", "record_id"), ("counter_record_is_matched_once", "counter_id")]),
)
def test_a_side_is_matched_once(name, side):
    first = match()
    with refused(name):
        match(**{side: getattr(first, side)})


@pytest.mark.violates("match_has_a_side")
def test_a_match_has_a_side():
    with refused("match_has_a_side"):
        match(record_id=None, counter_id=None)


@pytest.mark.violates("match_is_evidence")
@pytest.mark.parametrize("changes", [{"outcome": "MISMATCH"}, {"is_current": False, "step": 3}])
def test_a_match_is_evidence(changes):
    found = match()
    with refused("a match is evidence"):
        Match.objects.filter(pk=found.pk).update(**changes)


def test_a_match_may_be_followed_by_a_newer_one():
    found = match()
    assert Match.objects.filter(pk=found.pk).update(is_current=False) == 1


@pytest.mark.violates("ageing_stage_is_passed_once")
def test_an_ageing_stage_is_passed_once():
    own = {"subject_id": new_uuid7(), "stage": "D3", "done_at": NOON}
    AgeingStep.objects.create(**own)
    with refused("ageing_stage_is_passed_once"):
        AgeingStep.objects.create(**own)


def dispute(**changes):
    own = {
        "number": f"D-{new_uuid7().hex[-8:]}",
        "seller": nordlicht(),
        "buyer": voltaire(),
        "record_id": new_uuid7(),
        "reason": "D01",
        "opened_at": NOON,
        "expires_at": later(days=90),
    }
    return Dispute.objects.create(**(own | changes))


@pytest.mark.violates("record_has_one_open_dispute")
def test_a_record_has_one_open_dispute():
    first = dispute()
    with refused("record_has_one_open_dispute"):
        dispute(record_id=first.record_id)


@pytest.mark.violates("dispute_is_about_something")
def test_a_dispute_is_about_something():
    with refused("dispute_is_about_something"):
        dispute(record_id=None)


@pytest.mark.violates("dispute_is_closed_with_an_outcome")
def test_a_dispute_is_closed_with_an_outcome():
    with refused("dispute_is_closed_with_an_outcome"):
        dispute(closed_at=NOON)


@pytest.mark.violates("sequence_gap_is_not_empty")
def test_a_gap_is_not_empty():
    with refused("sequence_gap_is_not_empty"):
        SequenceGap.objects.create(sender=partner_of(nordlicht()), first=5, last=4, noticed_at=NOON)


@pytest.mark.violates("batch_sequence_is_used_once_per_sender")
def test_a_batch_number_is_used_once():
    own = {"sender": partner_of(nordlicht()), "door": "API", "received_at": NOON, "sequence": 1}
    IntakeBatch.objects.create(**own)
    with refused("batch_sequence_is_used_once_per_sender"):
        IntakeBatch.objects.create(**own)


def manifest():
    return Manifest.objects.create(
        sender=partner_of(nordlicht()),
        seller=nordlicht(),
        buyer=voltaire(),
        day=NOON.date(),
        currency="EUR",
        sdrs=1,
        energy_kwh=1,
        amount=1,
        received_at=NOON,
    )


@pytest.mark.violates("manifest_is_received_once")
def test_a_manifest_is_received_once():
    manifest()
    with refused("manifest_is_received_once"):
        manifest()


@pytest.mark.violates("alert_is_open_once")
def test_an_alert_is_open_once():
    own = {"kind": "SILENCE", "subject": "DE*NLX", "text": "silent", "opened_at": NOON}
    Alert.objects.create(**own)
    with refused("alert_is_open_once"):
        Alert.objects.create(**own)


@pytest.mark.violates("only_what_was_numbered_is_confirmed")
def test_only_what_was_numbered_is_confirmed():
    with refused("only_what_was_numbered_is_confirmed"):
        DeliveryCounter.objects.create(receiver=voltaire(), last_sequence=3, confirmed_sequence=4)


def counter_record():
    return CounterRecord.objects.create(
        id=new_uuid7(),
        sender=partner_of(voltaire()),
        batch_id=new_uuid7(),
        position=0,
        csp=voltaire(),
        cso=nordlicht(),
        counter_id="C1",
        started_at=NOON,
        ended_at=later(hours=1),
        payload_sha256="ab",
        received_at=NOON,
    )


def counter_tally(**changes):
    sender = partner_of(voltaire())
    batch = IntakeBatch.objects.create(sender=sender, door="API", received_at=NOON)
    counts = {"received": 3, "taken": 1, "rejected": 1, "repeated": 1}
    return CounterTally.objects.create(
        batch=batch, sender=sender, day=NOON.date(), **(counts | changes)
    )


def counter_refusal():
    return RejectedCounterKey.objects.create(
        record_id=new_uuid7(),
        sender=partner_of(voltaire()),
        raw_sha256="ab",
        received_at=NOON,
    )


@pytest.mark.violates("counter_tally_adds_up")
def test_a_tally_of_counter_records_adds_up():
    counter_tally()
    with refused("counter_tally_adds_up"):
        counter_tally(received=4)


@pytest.mark.violates("counter_record_is_refused_once")
def test_the_same_bytes_are_refused_once():
    counter_refusal()
    with refused("counter_record_is_refused_once"):
        counter_refusal()


@pytest.mark.violates("only_a_duplicate_repeats_another")
def test_only_a_duplicate_repeats_another():
    run = MatchingRun.objects.create(
        run_key="1", from_at=NOON, until_at=later(hours=1), started_at=NOON
    )
    own = {"run": run, "seller": nordlicht(), "buyer": voltaire(), "ended_at": NOON}
    own |= {"matched_at": NOON, "duplicate_of_id": new_uuid7()}
    Match.objects.create(counter_id=new_uuid7(), outcome="DUPLICATE", **own)
    with refused("only_a_duplicate_repeats_another"):
        Match.objects.create(counter_id=new_uuid7(), outcome="MATCHED", **own)


def signed_value():
    return SignedValue.objects.create(
        record_id=new_uuid7(), position=0, sender=partner_of(nordlicht()), verdict="valid"
    )


def link():
    return SdrLink.objects.create(
        record_id=new_uuid7(),
        original_id=new_uuid7(),
        cso=nordlicht(),
        kind="SPLIT",
        linked_at=NOON,
    )


def dispute_event():
    return DisputeEvent.objects.create(
        dispute=dispute(), verb="open", side="CSP", actor="a", to_stage="OPEN", at=NOON
    )


def attachment(**changes):
    own = {"side": "CSP", "actor": "a", "file_name": "a.pdf", "size_bytes": 1, "added_at": NOON}
    return DisputeAttachment.objects.create(**({"dispute": dispute()} | own | changes))


@pytest.mark.violates("dispute_keeps_a_file_once")
def test_a_dispute_keeps_a_file_once():
    first = attachment(sha256="ab" * 32)

    with refused("dispute_keeps_a_file_once"):
        attachment(dispute=first.dispute, sha256=first.sha256)


@pytest.mark.violates("evidence_file_is_not_empty")
def test_an_evidence_file_is_not_empty():
    with refused("evidence_file_is_not_empty"):
        attachment(size_bytes=0)


def ageing_step():
    return AgeingStep.objects.create(subject_id=new_uuid7(), stage="D3", done_at=NOON)


def correction(**changes):
    own = {"record_id": new_uuid7(), "new_record_id": new_uuid7()}
    return HoldCorrection.objects.create(
        **(own | changes),
        changes={},
        reason="typo",
        user=makers.StaffMaker(),
        corrected_at=NOON,
    )


@pytest.mark.violates("corrected_record_has_one_origin")
def test_a_corrected_record_has_one_origin():
    first = correction()
    with refused("corrected_record_has_one_origin"):
        correction(new_record_id=first.new_record_id)


@pytest.mark.violates("hold_correction_makes_a_new_record")
def test_a_hold_correction_makes_a_new_record():
    same = new_uuid7()
    with refused("hold_correction_makes_a_new_record"):
        correction(record_id=same, new_record_id=same)


def healing():
    return Healing.objects.create(
        id=new_uuid7(), seller=nordlicht(), healed_at=NOON, released_ids=[], rejected_ids=[]
    )


EVIDENCE = [
    ("hold_correction_is_append_only", correction),
    ("healing_is_append_only", healing),
    ("counter_record_is_append_only", counter_record),
    ("counter_tally_is_append_only", counter_tally),
    ("counter_refusal_is_append_only", counter_refusal),
    ("signed_value_is_append_only", signed_value),
    ("sdr_link_is_append_only", link),
    ("dispute_event_is_append_only", dispute_event),
    ("dispute_attachment_is_append_only", attachment),
    ("ageing_step_is_append_only", ageing_step),
    ("manifest_is_append_only", manifest),
]


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
@pytest.mark.parametrize(("name", "make"), named(EVIDENCE))
def test_evidence_is_refused_even_to_the_owner(name, make, statement, owner_connection):
    row = make()
    table = row._meta.db_table
    column = row._meta.concrete_fields[-1].column
    with (
        owner_connection.cursor() as cursor,
        pytest.raises(Exception, match="is append-only"),
    ):
        cursor.execute(statement.format(table, column, column))
