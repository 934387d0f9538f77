"""What the roaming floor's tables refuse, whoever writes to them."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from clearinghouse.uuid7 import new_uuid7
from roaming.models import (
    ContractIdentity,
    Delivery,
    Erasure,
    Finding,
    IntakeBatch,
    IntakeTally,
    RawRecord,
    RejectedKey,
    Sdr,
    SdrEvent,
    SdrKey,
    SdrState,
    SessionKey,
)
from tests.makers import NOON, AgreementMaker, nordlicht, partner_of, take_one, voltaire

pytestmark = pytest.mark.django_db


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


@pytest.fixture
def accepted():
    AgreementMaker()
    return take_one()


@pytest.mark.parametrize(
    ("model", "table", "name"),
    [
        pytest.param(m, t, n, marks=pytest.mark.violates(n), id=n)
        for m, t, n in (
            (Sdr, "roaming_sdr", "sdr_is_append_only"),
            (SdrEvent, "roaming_sdrevent", "sdr_event_is_append_only"),
            (Finding, "roaming_finding", "finding_is_append_only"),
            (IntakeTally, "roaming_intaketally", "intake_tally_is_append_only"),
            (RejectedKey, "roaming_rejectedkey", "rejected_key_is_append_only"),
            (Erasure, "roaming_erasure", "erasure_is_append_only"),
            (RawRecord, "roaming_rawrecord", "raw_record_is_deleted_by_erasure_only"),
            (
                ContractIdentity,
                "roaming_contractidentity",
                "contract_identity_is_deleted_by_erasure_only",
            ),
        )
    ],
)
class TestEvidence:
    @pytest.fixture(autouse=True)
    def rows(self, accepted):
        take_one(sdr_id="NLX-9", service_session_id="S-9", energy_kwh="-1")
        Erasure.objects.create(erased_at=NOON, actor="a", ground="g")

    @pytest.mark.parametrize(
        "verb", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"]
    )
    def test_is_refused_to_the_application(self, model, table, name, verb):
        assert model.objects.exists()
        column = "pseudonym" if model in (ContractIdentity, Erasure) else None
        column = column or ("batch_id" if model is RawRecord else self.a_column(model))
        with (
            pytest.raises(DatabaseError, match=r"permission denied|append-only|erasure"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(verb.format(table=table, column=column))

    def test_is_refused_to_truncate(self, model, table, name):
        with (
            pytest.raises(DatabaseError, match=r"permission denied|append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE {table} CASCADE")

    @staticmethod
    def a_column(model) -> str:
        return model._meta.local_concrete_fields[1].column


def test_evidence_is_refused_even_to_the_owner_of_the_tables(owner_connection):
    AgreementMaker()
    outcome = take_one()

    for statement in (
        "UPDATE roaming_sdr SET claim_amount = 0",
        "DELETE FROM roaming_sdr",
        "TRUNCATE roaming_sdr",
        "DELETE FROM roaming_sdrevent",
        "DELETE FROM roaming_rawrecord",
    ):
        with pytest.raises(psycopg.Error, match=r"append-only|erasure"):
            owner_connection.execute(statement)
    assert Sdr.objects.get(id=outcome.record_id).claim_amount


def test_personal_data_goes_with_an_erasure_that_names_itself(accepted):
    erasure = Erasure.objects.create(erased_at=NOON, actor="officer", ground="GDPR Art. 17")

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(erasure.pk)])
        RawRecord.objects.filter(id=accepted.record_id).delete()

    assert not RawRecord.objects.exists()
    assert Sdr.objects.get(id=accepted.record_id).payload_sha256


@pytest.mark.django_db(transaction=True)
def test_an_erasure_deletes_in_its_own_transaction_and_never_again():
    AgreementMaker()
    take_one()
    old = Erasure.objects.create(erased_at=NOON, actor="officer", ground="GDPR Art. 17")

    for model in (RawRecord, ContractIdentity):
        with refused("in the erasure's own transaction"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(old.pk)]
                )
            model.objects.all().delete()
        assert model.objects.count() == 1


@pytest.mark.parametrize(
    "table",
    [
        "roaming_sdr_default",
        "roaming_sdrevent_default",
        "roaming_finding_default",
        "roaming_rawrecord_default",
        "billing_clearedsdr_default",
        "billing_settlement",
    ],
)
def test_no_part_of_the_evidence_is_emptied_by_its_owner(owner_connection, table):
    with pytest.raises(psycopg.Error, match="append-only"):
        owner_connection.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.violates("contract_identity_is_known_once")
def test_an_identity_is_known_once(accepted):
    known = ContractIdentity.objects.get()
    with refused("contract_identity_is_known_once"):
        ContractIdentity.objects.create(
            contract_hash=known.contract_hash,
            pseudonym="p",
            encrypted_contract_id=b"",
            first_seen_at=NOON,
        )


@pytest.mark.violates("sdr_id_is_live_once_per_cso")
def test_an_id_is_live_once(accepted):
    with refused("sdr_id_is_live_once_per_cso"):
        SdrKey.objects.create(
            record_id=new_uuid7(), cso=nordlicht(), sdr_id="NLX-0001", payload_sha256=""
        )


@pytest.mark.violates("session_is_claimed_once_per_cso")
def test_a_session_is_claimed_once(accepted):
    with refused("session_is_claimed_once_per_cso"):
        SessionKey.objects.create(record_id=new_uuid7(), cso=nordlicht(), session_id="S-0001")


@pytest.mark.violates("rejected_attempt_is_numbered_once")
def test_an_attempt_is_numbered_once():
    fields = {"cso": nordlicht(), "sdr_id": "X", "attempt": 1, "payload_sha256": ""}
    RejectedKey.objects.create(record_id=new_uuid7(), **fields)
    with refused("rejected_attempt_is_numbered_once"):
        RejectedKey.objects.create(record_id=new_uuid7(), **fields)


@pytest.mark.violates("tally_received_is_repeated_plus_new")
def test_a_tally_adds_up(accepted):
    with refused("tally_received_is_repeated_plus_new"):
        IntakeTally.objects.create(
            batch=IntakeBatch.objects.get(),
            sender=partner_of(nordlicht()),
            day=NOON.date(),
            received=3,
            repeated=1,
            new=1,
            new_claim_amount=0,
        )


def a_copy(record_id: str, **changes) -> Sdr:
    """The accepted record again under a new id, changed as told."""
    sdr = Sdr.objects.get(id=record_id)
    sdr.id = new_uuid7()
    for name, value in changes.items():
        setattr(sdr, name, value)
    sdr.save(force_insert=True)
    return sdr


@pytest.mark.violates("live_sdr_is_complete")
@pytest.mark.parametrize(
    "changes",
    [
        {"ended_at": None},
        {"started_at": None},
        {"energy_kwh": None},
        {"seller": None},
        {"sdr_id": ""},
    ],
)
def test_a_live_record_is_complete(accepted, changes):
    with refused("live_sdr_is_complete"):
        a_copy(accepted.record_id, **changes)


def test_a_rejected_record_may_lack_anything(accepted):
    assert a_copy(accepted.record_id, rejected_at_intake=True, ended_at=None, seller=None).pk


@pytest.mark.violates("live_sdr_ends_after_it_starts")
def test_a_live_record_ends_after_it_starts(accepted):
    with refused("live_sdr_ends_after_it_starts"):
        a_copy(accepted.record_id, started_at=NOON)


@pytest.mark.violates("sdr_item_kinds_are_known")
def test_an_item_is_of_a_known_kind(accepted):
    with refused("sdr_item_kinds_are_known"):
        a_copy(accepted.record_id, item_kinds=["COFFEE"])


@pytest.mark.violates("sdr_state_is_known")
def test_a_state_is_of_the_table(accepted):
    held = take_one(sdr_id="NLX-7", service_session_id="S-7", csp_id="FR*NEW")
    with refused("sdr_state_is_known"):
        SdrState.objects.filter(id=held.record_id).update(state="LOST", version=2)


@pytest.mark.violates("final_sdr_state_stays")
def test_a_final_state_stays(accepted):
    with refused("ACCEPTED is final"):
        SdrState.objects.filter(id=accepted.record_id).update(state="DISPUTED", version=2)


@pytest.mark.violates("sdr_state_moves_by_one_version")
def test_a_state_moves_by_one_version(accepted):
    with refused("moves by one version"):
        SdrState.objects.filter(id=accepted.record_id).update(version=9)


@pytest.mark.violates("accepted_sdr_has_two_sides_and_an_agreement")
@pytest.mark.parametrize(
    "changes", [{"buyer": None}, {"seller": None}, {"agreement": None}, {"accepted_at": None}]
)
def test_an_accepted_record_has_two_sides_and_an_agreement(accepted, changes):
    with refused("accepted_sdr_has_two_sides_and_an_agreement"):
        SdrState.objects.filter(id=accepted.record_id).update(**changes)


@pytest.mark.violates("delivery_sequence_is_unique_per_receiver")
def test_a_sequence_is_given_once(accepted):
    with refused("delivery_sequence_is_unique_per_receiver"):
        Delivery.objects.create(
            receiver=voltaire(), kind="SDR", subject_id=new_uuid7(), sequence=1, created_at=NOON
        )


@pytest.mark.violates("delivery_is_owed_once")
def test_a_record_is_owed_once(accepted):
    with refused("delivery_is_owed_once"):
        Delivery.objects.create(
            receiver=voltaire(), kind="SDR", subject_id=accepted.record_id, created_at=NOON
        )


class TestThePartnerRole:
    """What a partner's request may not do, whatever a view forgets."""

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM roaming_sdrstate",
            "DELETE FROM roaming_sdrkey",
            "SELECT * FROM roaming_rawrecord",
            "INSERT INTO billing_transfer DEFAULT VALUES",
            "UPDATE billing_clearingwindow SET state = 'CLOSED'",
            "UPDATE partners_roamingagreement SET commission_rate = 0",
            "UPDATE partners_user SET is_staff = true",
            "SELECT * FROM partners_bankaccount",
            "CREATE TABLE mine (id int)",
            "SELECT clearinghouse_ensure_partition('roaming_sdr', '2090-01-01')",
        ],
    )
    def test_may_not(self, statement):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE clearinghouse_partner")
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(statement)

    def test_may_take_in_records(self):
        AgreementMaker()
        nordlicht(), voltaire()

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE clearinghouse_partner")
            outcome = take_one()
            cursor.execute("RESET ROLE")

        assert outcome.outcome == "accepted"
