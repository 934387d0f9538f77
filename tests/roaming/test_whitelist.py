"""What CSPs publish of their credentials: hashes in the list, the person sealed."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clearinghouse.database_roles import partner_role
from roaming.models import (
    ContractIdentity,
    Credential,
    Erasure,
    WhitelistCounter,
    WhitelistEntry,
)
from roaming.rules.credentials import digest_of, normal_uid
from roaming.services import whitelist
from roaming.services.registries import Sender, upsert
from tests import makers
from tests.makers import NOON, later, take_one
from tests.roaming.credential_world import CARD, CONTRACT, card, shown

pytestmark = pytest.mark.django_db
ELSEWHERE = {"sdr_id": "N-2", "service_session_id": "S-2", "evse_id": "DE*NLX*E2002*1"}


@pytest.fixture
def voltaire():
    return makers.voltaire()


def publish(csp, *cards, now=NOON):
    return whitelist.publish_many(cards, csp=csp, now=now)


class TestNormalForm:
    @pytest.mark.parametrize(
        ("sent", "normal"),
        [
            ("04a1b2c3", "04A1B2C3"),
            ("4A1B2C3", "04A1B2C3"),
            ("04:A1:B2:C3:D4:E5:F6", "04A1B2C3D4E5F6"),
            ("4a1b2c3d4e5f6", "04A1B2C3D4E5F6"),
            ("1" * 19, "0" + "1" * 19),
            ("member-17", "MEMBER17"),
        ],
    )
    def test_of_a_card(self, sent, normal):
        assert normal_uid("RFID", sent) == normal

    def test_of_a_contract_certificate_has_its_check_digit(self):
        assert normal_uid("CERTIFICATE", "de-8aa-ca2b3c4d5-l") == "DE8AACA2B3C4D5L"
        assert normal_uid("CERTIFICATE", "DE8AACA2B3C4D5") == "DE8AACA2B3C4D5L"

    def test_of_a_user_name_keeps_its_signs(self):
        assert normal_uid("USER_NAME", " ada-l@voltaire.example ") == "ADA-L@VOLTAIRE.EXAMPLE"


class TestPublish:
    def test_finds_a_card_however_it_is_read(self, voltaire):
        publish(voltaire, card(uid="04a1b2c3"))

        for uid in ("04A1B2C3", "4a1b2c3", "04:a1:b2:c3"):
            assert whitelist.find_entry(shown(uid=uid), csp=voltaire), uid
        assert whitelist.find_entry(shown(uid="04A1B2C4"), csp=voltaire) is None

    def test_finds_a_card_of_which_only_the_hash_was_published(self, voltaire):
        digest = digest_of("RFID", CARD)
        assert digest == hashlib.sha256(CARD.encode()).hexdigest()
        publish(voltaire, card(uid="", uid_sha256=digest, contract_id="", personal={}))

        entry = whitelist.find_entry(shown(), csp=voltaire)

        assert entry is not None
        [told] = whitelist.published([entry])
        assert (told.shown.uid, told.shown.uid_sha256) == ("", digest)

    def test_a_plain_card_takes_the_place_of_its_hash(self, voltaire):
        publish(voltaire, card(uid="", uid_sha256=digest_of("RFID", CARD), contract_id=""))
        [again] = publish(voltaire, card(updated_at=later(hours=1)))

        assert again.outcome == "updated"
        assert WhitelistEntry.objects.count() == 1

    def test_refuses_a_credential_without_anything_to_show(self, voltaire):
        with pytest.raises(whitelist.NothingShown):
            publish(voltaire, card(uid=""))

    def test_gives_back_what_was_published_with_its_own_spelling(self, voltaire):
        sent = card(uid="4a1b2c3", group_id="g1", ends_at=later(days=30))
        [taken] = publish(voltaire, sent)

        [told] = whitelist.published([WhitelistEntry.objects.get(id=taken.entry_id)])

        assert told == sent

    def test_has_nothing_personal_in_the_clear(self, voltaire):
        publish(voltaire, card(group_id="GROUP-ADA"))

        with connection.cursor() as cursor:
            for table in ("roaming_whitelistentry", "roaming_credential"):
                cursor.execute(f"SELECT row_to_json(t)::text FROM {table} AS t")
                [(row,)] = cursor.fetchall()
                for personal in (CARD, CONTRACT, "DF000-2001-8999", "GROUP-ADA"):
                    assert personal not in row.upper(), (table, personal)
        assert CARD not in str(WhitelistEntry.objects.get())

    def test_does_not_let_two_csps_compare_their_drivers(self, voltaire):
        fjell = makers.fjell()
        publish(voltaire, card())
        publish(fjell, card())

        mine, theirs = WhitelistEntry.objects.order_by("csp__country_code")
        assert mine.pseudonym != theirs.pseudonym
        assert mine.identity_hash != theirs.identity_hash

    def test_is_another_hash_in_test(self, voltaire):
        of_test = makers.voltaire("TEST")
        publish(voltaire, card())

        assert whitelist.find_entry(shown(), csp=of_test) is None
        assert WhitelistEntry.objects.get().lookup_hash not in whitelist.lookup_hashes_of(
            shown(), "TEST"
        )

    def test_finds_an_app_by_the_word_of_a_partner_who_knows_cards_and_others(self, voltaire):
        publish(voltaire, card(kind="APP", uid="app-1", wire_kind="APP_USER"))

        assert whitelist.find_entry(shown(kind="OTHER", uid="APP-1"), csp=voltaire)
        assert whitelist.find_entry(shown(kind="RFID", uid="APP-1"), csp=voltaire) is None


class TestOrder:
    def test_an_older_word_changes_nothing(self, voltaire):
        publish(voltaire, card(is_valid=False, updated_at=later(hours=1)))
        [taken] = publish(voltaire, card(updated_at=NOON), now=later(hours=2))

        assert taken.outcome == "stale"
        assert not WhitelistEntry.objects.get().is_valid

    def test_the_same_word_again_changes_nothing(self, voltaire):
        publish(voltaire, card())
        [taken] = publish(voltaire, card(), now=later(hours=2))

        entry = WhitelistEntry.objects.get()
        assert (taken.outcome, entry.sequence, entry.received_at) == ("unchanged", 1, NOON)

    def test_of_two_words_at_once_the_later_counts(self, voltaire):
        publish(voltaire, card(), card(is_valid=False))

        assert not WhitelistEntry.objects.get().is_valid

    def test_changes_are_numbered_without_gaps(self, voltaire):
        publish(voltaire, *[card(uid=f"0000000{n}") for n in range(3)])
        publish(voltaire, card(uid="00000001", is_valid=False), now=later(minutes=1))

        changes = whitelist.changes_after(voltaire, sequence=0, limit=10)
        assert [entry.sequence for entry in changes] == [1, 3, 4]
        assert WhitelistCounter.objects.get().last_sequence == 4
        assert [e.sequence for e in whitelist.changes_after(voltaire, sequence=3, limit=10)] == [4]


class TestWholeList:
    def test_ends_what_it_lacks(self, voltaire):
        publish(voltaire, card(uid="00000001"), card(uid="00000002"))

        told = whitelist.publish_all([card(uid="00000002")], csp=voltaire, now=later(hours=1))

        assert ([one.outcome for one in told.taken], told.ended) == (["unchanged"], 1)
        valid = {e.sequence: e.is_valid for e in WhitelistEntry.objects.order_by("sequence")}
        assert valid == {2: True, 3: False}
        assert WhitelistCounter.objects.get().complete_at == later(hours=1)

    def test_leaves_other_csps_alone(self, voltaire):
        publish(makers.fjell(), card())

        whitelist.publish_all([], csp=voltaire, now=later(hours=1))

        assert WhitelistEntry.objects.get().is_valid

    def test_keeps_what_came_in_meanwhile(self, voltaire):
        publish(voltaire, card(uid="00000002"), now=later(hours=2))

        whitelist.publish_all([card(uid="00000001")], csp=voltaire, now=later(hours=1))

        assert WhitelistEntry.objects.filter(is_valid=True).count() == 2


class TestContracts:
    def test_a_listed_contract_is_known_to_the_rules(self, voltaire):
        makers.AgreementMaker()
        publish(voltaire, card(is_valid=False, updated_at=NOON - timedelta(days=30)))

        outcome = take_one(contract_id=CONTRACT)

        assert "V008" in outcome.codes

    def test_another_contract_is_not_unknown_for_that(self, voltaire):
        makers.AgreementMaker()
        publish(voltaire, card())

        assert take_one(contract_id=CONTRACT).outcome == "accepted"
        assert take_one(**ELSEWHERE).outcome == "accepted"

    def test_one_valid_card_keeps_the_contract(self, voltaire):
        publish(voltaire, card(uid="00000001"), card(uid="00000002"))
        publish(voltaire, card(uid="00000001", is_valid=False, updated_at=later(hours=1)))
        assert Credential.objects.get().blocked_at is None

        publish(voltaire, card(uid="00000002", is_valid=False, updated_at=later(hours=2)))
        assert Credential.objects.get().blocked_at == later(hours=2)

        publish(voltaire, card(uid="00000002", updated_at=later(hours=3)))
        assert Credential.objects.get().blocked_at is None

    def test_what_the_csp_sent_itself_is_not_touched(self, voltaire):
        self._send(voltaire, starts_at=NOON - timedelta(days=9), ends_at=later(days=9))

        publish(voltaire, card(is_valid=False))

        entry = Credential.objects.get()
        assert (entry.ends_at, entry.blocked_at) == (later(days=9), None)

    def test_what_the_csp_sends_itself_replaces_what_was_read_off(self, voltaire):
        publish(voltaire, card(is_valid=False))

        [result] = self._send(voltaire, starts_at=NOON - timedelta(days=9))

        entry = Credential.objects.get()
        assert (result.outcome, entry.is_listed) == ("updated", False)
        assert (entry.starts_at, entry.blocked_at) == (NOON - timedelta(days=9), None)

    def _send(self, voltaire, **row):
        sender = Sender(partner=makers.partner_of(voltaire), environment="LIVE", now=NOON)
        row = {name: value.isoformat() for name, value in row.items()}
        row |= {"csp_id": "FR*VOL", "contract_id": CONTRACT}
        return upsert("credentials", [row], sender=sender)


def test_an_erasure_by_pseudonym_takes_all_that_was_said_of_a_person(voltaire):
    publish(voltaire, card())
    publish(voltaire, card(personal={"issuer": "Renamed"}, updated_at=later(hours=1)))
    entry = WhitelistEntry.objects.get()

    erasure = Erasure.objects.create(erased_at=NOON, actor="officer", ground="GDPR Art. 17")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(erasure.pk)])
        gone, _ = ContractIdentity.objects.filter(pseudonym=entry.pseudonym).delete()

    assert gone == 2
    [told] = whitelist.published([entry])
    assert (told.shown.uid, told.shown.contract_id, told.personal) == ("", "", {})


def test_a_partners_request_may_publish(voltaire):
    with partner_role():
        publish(voltaire, card())
        whitelist.publish_all([], csp=voltaire, now=later(hours=1))

    assert not WhitelistEntry.objects.get().is_valid
