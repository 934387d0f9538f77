"""The hold queue: released by a person or two, healed by master data, rejected by time."""

from decimal import Decimal
from uuid import UUID

import pytest

from partners.models import Approval
from partners.services import approvals
from partners.services.approvals import NotDecidable
from roaming.models import Delivery, Finding, Hold, RejectedKey, SdrEvent, SdrKey, SdrState
from roaming.services import holds
from tests import makers
from tests.makers import NOON, numbered_record, take, take_one

pytestmark = pytest.mark.django_db
LATER = makers.later(hours=1)
ZZZ = {"country_code": "IT", "party_id": "ZZZ", "role": "CSP"}


def held_by_session(**changes):
    """A record whose session another record bills already (V402)."""
    take(numbered_record(1))
    [outcome] = take(numbered_record(2, service_session_id="S-00001", **changes))
    assert outcome.state == "HELD"
    return outcome.record_id


def state_of(record_id) -> SdrState:
    return SdrState.objects.get(id=record_id)


class TestQueue:
    def test_tells_reason_value_age_and_owner(self, agreement, olga):
        record_id = held_by_session()
        holds.assign([record_id], owner=olga, by=olga, now=NOON)

        [one] = holds.queue(owner=olga)
        assert (str(one.id), one.codes, one.claim_amount) == (record_id, ["V402"], Decimal("9.02"))
        assert (one.held_at, one.owner_id) == (NOON, olga.pk)
        assert list(holds.queue(codes=["V003"])) == []


class TestRelease:
    def test_of_a_small_claim_takes_one_person(self, agreement, olga):
        record_id = held_by_session()
        done = holds.release([record_id], reason="two cars", user=olga, now=LATER)

        assert done.released == [record_id]
        assert state_of(record_id).state == "ACCEPTED"
        assert not Hold.objects.exists()

    def test_of_a_large_claim_takes_two(self, agreement, olga, nils):
        record_id = held_by_session(
            total_amount="600.00",
            energy_kwh="18.400",
            items=[{"kind": "FEE", "amount": "600.00"}],
        )
        [approval] = holds.release([record_id], reason="seen", user=olga, now=LATER).waiting
        assert state_of(record_id).state == "HELD"
        with pytest.raises(NotDecidable):
            holds.release_approved(approval.id, checker=olga, now=LATER)
        holds.release_approved(approval.id, checker=nils, now=LATER)

        assert state_of(record_id).state == "ACCEPTED"
        assert Approval.objects.get().state == "APPROVED"
        with pytest.raises(NotDecidable):
            approvals.refuse(approval.id, checker=nils, now=LATER, right=holds.RIGHT)

    def test_of_a_large_claim_takes_an_approver(self, agreement, olga):
        record_id = held_by_session(
            total_amount="600.00",
            energy_kwh="18.400",
            items=[{"kind": "FEE", "amount": "600.00"}],
        )
        [approval] = holds.release([record_id], reason="seen", user=olga, now=LATER).waiting
        root = makers.StaffMaker(username="root")

        for act in (holds.release_approved, holds.refuse_release):
            with pytest.raises(NotDecidable, match="being a superuser"):
                act(approval.id, checker=root, now=LATER)
        assert state_of(record_id).state == "HELD"

    def test_without_a_buyer_is_refused(self, agreement, olga):
        record_id = take_one(csp_id="IT*ZZZ").record_id
        done = holds.release([record_id], reason="please", user=olga, now=LATER)

        assert list(done.refused) == [record_id]
        assert state_of(record_id).state == "HELD"

    def test_that_nobody_decided_expires(self, agreement, olga, nils):
        approval = approvals.request(
            "verb", about=("sdr", "1"), content_sha256="0" * 64, reason="", maker=olga, now=NOON
        )
        too_late = makers.later(days=8)
        with pytest.raises(NotDecidable):
            approvals.approve(approval.id, checker=nils, now=too_late, right=holds.RIGHT)

        assert approvals.expire(now=too_late) == 1


class TestHealing:
    def test_follows_a_party_that_is_set_up(self):
        makers.nordlicht()
        ids = [one.record_id for one in take(numbered_record(1), numbered_record(2))]
        assert {state_of(one).state for one in ids} == {"HELD"}
        makers.AgreementMaker()

        told = holds.heal(actor="tests", now=LATER)

        assert told == {"ACCEPT": 2}
        assert {state_of(one).state for one in ids} == {"ACCEPTED"}
        assert state_of(ids[0]).buyer == makers.voltaire()
        assert SdrEvent.objects.get(record_id=ids[0], version=2).from_state == "HELD"
        assert Delivery.objects.filter(kind="SDR", receiver=makers.voltaire()).count() == 2

    def test_tells_the_seller_once(self):
        makers.nordlicht()
        take(numbered_record(1), numbered_record(2))
        makers.AgreementMaker()
        holds.heal(actor="tests", now=LATER)
        holds.heal(actor="tests", now=LATER)

        assert Delivery.objects.filter(kind="HEALED").count() == 1

    def test_rejects_what_now_turns_out_to_be_wrong(self):
        makers.nordlicht()
        record_id = take_one().record_id
        makers.voltaire()

        assert holds.heal(actor="tests", now=LATER) == {"REJECT": 1}
        assert state_of(record_id).state == "REJECTED"
        assert Finding.objects.get(record_id=record_id, version=2).code == "V004"

    def test_leaves_what_waits_for_a_person(self, agreement):
        record_id = held_by_session()

        assert holds.heal(actor="tests", now=LATER) == {}
        assert holds.revalidate([record_id], actor="tests", now=LATER) == {"HOLD": 1}
        assert state_of(record_id).version == 1

    def test_leaves_each_of_two_records_for_one_session(self, agreement):
        first = held_by_session()
        [second] = take(numbered_record(3, service_session_id="S-00001"))

        told = holds.revalidate([first, second.record_id], actor="tests", now=LATER)

        assert told == {"HOLD": 2}

    def test_tells_the_sender_where_the_reasons_have_changed(self, agreement):
        """Its home-CSP is known now; its session is still billed by another record."""
        take(numbered_record(1))
        [outcome] = take(numbered_record(2, service_session_id="S-00001", csp_id="IT*ZZZ"))
        zzz = makers.PartnerMaker(name="Zzz")
        makers.AgreementMaker(buyer=makers.PartyMaker(partner=zzz, owned_by=zzz, **ZZZ))

        assert holds.heal(actor="tests", now=LATER) == {}
        assert holds.revalidate([outcome.record_id], actor="olga", now=LATER) == {"HOLD": 1}

        event = SdrEvent.objects.get(record_id=outcome.record_id, version=2)
        assert (event.from_state, event.path, event.actor) == ("HELD", ["HELD"], "olga")
        assert [one.codes for one in holds.queue()] == [["V402"]]
        assert Hold.objects.get().held_at == NOON
        news = Delivery.objects.get(receiver=makers.nordlicht(), kind="SDR_STATE")
        assert (news.subject_version, news.sequence) == (2, 1)


class TestExpiry:
    def test_rejects_after_thirty_days(self, agreement):
        record_id = held_by_session()

        assert holds.expire(now=makers.later(days=29)) == 0
        assert holds.expire(now=makers.later(days=30)) == 1
        assert state_of(record_id).state == "REJECTED"
        assert SdrEvent.objects.get(record_id=record_id, version=2).reason == "HOLD_EXPIRED"


class TestAnIdAfterARejection:
    """What was held is rejected: its id is free for a corrected record."""

    def test_of_an_expired_hold_takes_a_corrected_record(self, agreement):
        record_id = held_by_session()
        holds.expire(now=makers.later(days=30))

        rejected = RejectedKey.objects.get(record_id=record_id)
        assert (rejected.sdr_id, rejected.attempt) == ("NLX-00002", 1)
        corrected = take(numbered_record(2))[0]
        assert (corrected.state, corrected.attempt, corrected.is_new) == ("ACCEPTED", 2, True)
        assert SdrKey.objects.get(sdr_id="NLX-00002").record_id == UUID(corrected.record_id)

    def test_is_numbered_after_those_refused_at_the_door_meanwhile(self, agreement):
        record_id = held_by_session()
        [conflict] = take(numbered_record(2, energy_kwh="18.3"))
        assert (conflict.outcome, conflict.attempt) == ("conflict", 1)
        holds.expire(now=makers.later(days=30))

        assert RejectedKey.objects.get(record_id=record_id).attempt == 2
        assert take(numbered_record(2))[0].attempt == 3

    def test_may_be_that_of_many_at_once(self, agreement):
        take(*(numbered_record(n, csp_id="IT*ZZZ") for n in range(1, 101)))
        assert holds.expire(now=makers.later(days=31)) == 100

        assert not SdrKey.objects.exists()
        assert RejectedKey.objects.count() == 100

    def test_stays_taken_where_the_record_is_released(self, agreement, olga):
        record_id = held_by_session()
        holds.release([record_id], reason="two cars", user=olga, now=LATER)

        assert SdrKey.objects.filter(record_id=record_id).exists()
