"""Each named constraint of batch numbers, receipts, manifests and alerts, broken once."""

import pytest
from django.db import DatabaseError, connection, transaction

from roaming.models import Alert, BatchReceipt, IntakeBatch, Manifest, SequenceGap
from tests.makers import NOON, StaffMaker, nordlicht, partner_of, voltaire

pytestmark = pytest.mark.django_db


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def batch(**changes):
    own = {"sender": partner_of(nordlicht()), "door": "API", "received_at": NOON}
    return IntakeBatch.objects.create(**(own | changes))


def receipt(**changes):
    counts = {"received": 3, "accepted": 1, "held": 1, "rejected": 1, "repeated": 0}
    own = {"batch": batch(), "body_sha256": "ab", "issued_at": NOON, "jws": "a.b.c"}
    return BatchReceipt.objects.create(**(own | counts | changes))


def manifest(**changes):
    own = {
        "author": "HOUSE",
        "seller": nordlicht(),
        "buyer": voltaire(),
        "day": NOON.date(),
        "currency": "EUR",
        "sdrs": 1,
        "energy_kwh": 1,
        "amount": 1,
        "received_at": NOON,
    }
    return Manifest.objects.create(**(own | changes))


def alert(**changes):
    own = {"kind": "SILENCE", "subject": "s", "text": "silent", "opened_at": NOON}
    return Alert.objects.create(**(own | changes))


@pytest.mark.violates("batch_sequence_counts_from_one")
def test_a_batch_number_counts_from_one():
    with refused("batch_sequence_counts_from_one"):
        batch(sequence=0)


@pytest.mark.violates("sequence_gap_is_noticed_once")
def test_a_gap_is_noticed_once():
    own = {"sender": partner_of(nordlicht()), "first": 2, "last": 3, "noticed_at": NOON}
    SequenceGap.objects.create(**own)
    with refused("sequence_gap_is_noticed_once"):
        SequenceGap.objects.create(**own)


@pytest.mark.violates("batch_receipt_adds_up")
def test_a_receipt_adds_up():
    with refused("batch_receipt_adds_up"):
        receipt(repeated=1)


@pytest.mark.violates("batch_receipt_is_append_only")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE roaming_batchreceipt SET accepted = 2, held = 0",
        "DELETE FROM roaming_batchreceipt",
        "TRUNCATE roaming_batchreceipt",
    ],
)
def test_a_receipt_is_evidence(statement, owner_connection):
    receipt()
    with (
        refused("append-only|permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    with owner_connection.cursor() as cursor, pytest.raises(Exception, match="append-only"):
        cursor.execute(statement)


@pytest.mark.violates("house_manifest_is_written_once")
@pytest.mark.parametrize("buyer", [voltaire, lambda: None])
def test_our_manifest_is_written_once(buyer):
    manifest(buyer=buyer())
    with refused("house_manifest_is_written_once"):
        manifest(buyer=buyer(), received_at=NOON.replace(hour=13))


@pytest.mark.violates("manifest_of_a_partner_names_it")
@pytest.mark.parametrize(
    "changes",
    [
        {"author": "PARTNER"},
        {"sender": nordlicht},
        {"author": "PARTNER", "sender": nordlicht, "buyer": None},
    ],
)
def test_a_manifest_of_a_partner_names_it(changes):
    if "sender" in changes:
        changes = changes | {"sender": partner_of(changes["sender"]())}
    with refused("manifest_of_a_partner_names_it"):
        manifest(**changes)


@pytest.mark.violates("alert_is_acknowledged_by_a_person_with_a_reason")
@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged_at": NOON},
        {"acknowledged_at": NOON, "acknowledged_by": True},
        {"acknowledged_at": NOON, "acknowledged_reason": "known"},
        {"acknowledged_reason": "known"},
    ],
)
def test_an_alert_is_acknowledged_by_a_person_with_a_reason(changes):
    if "acknowledged_by" in changes:
        changes = changes | {"acknowledged_by": StaffMaker()}
    with refused("alert_is_acknowledged_by_a_person_with_a_reason"):
        alert(**changes)
