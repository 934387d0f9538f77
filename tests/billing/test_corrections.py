"""Credits and replacements become money once, with the right sign, or none at all."""

from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from django.db import DatabaseError

from billing.models import ClearedSdr
from billing.services import conservation
from billing.services.clearing import clear_group
from clearinghouse.uuid7 import new_uuid7
from partners.models import SettlementGroup
from roaming import queries_chain
from roaming.models import Dispute, Sdr, SdrLink, SdrState, SessionKey
from roaming.services import corrections
from roaming.services import holds as holds_service
from tests.makers import (
    NOON,
    AgreementMaker,
    PartnerMaker,
    PartyMaker,
    StaffMaker,
    later,
    nordlicht,
    numbered_contract,
    numbered_record,
    record,
    take,
    voltaire,
)

pytestmark = pytest.mark.django_db


def credit(**changes):
    own = {
        "sdr_id": "NLX-0001-C",
        "credits_sdr_id": "NLX-0001",
        "total_amount": "-9.02",
        "items": None,
    }
    return record(**(own | changes))


def state_of(outcome) -> str:
    return SdrState.objects.get(id=outcome.record_id).state


def clear(run_key: str, now=NOON):
    return clear_group(SettlementGroup.objects.get(), run_key=run_key, now=now)


def holds() -> bool:
    return all(line.holds for line in conservation.lines())


class TestACreditBeforeAcceptance:
    def test_takes_its_record_with_it(self):
        AgreementMaker(acceptance="EXPLICIT")
        [original] = take(record())
        [answer] = take(credit(), received_at=later(hours=1))

        assert (answer.outcome, answer.state) == ("accepted", "WITHDRAWN")
        assert state_of(original) == "WITHDRAWN"
        assert SdrLink.objects.get().original_id.hex == original.record_id.replace("-", "")
        assert not SessionKey.objects.exists()
        clear("one")
        assert not ClearedSdr.objects.exists()
        assert holds()


class TestACreditAfterAcceptance:
    def test_of_an_uncleared_record_cancels_it_without_a_document(self):
        AgreementMaker()
        take(record())
        [answer] = take(credit(), received_at=later(hours=1))

        assert answer.state == "ACCEPTED"
        assert clear("one").left == {}
        assert not ClearedSdr.objects.exists()
        [line] = [one for one in conservation.lines() if one.counts["credited"]]
        assert (line.counts["credited"], line.holds) == (2, True)

    @pytest.mark.parametrize("energy", ["18.400", "-18.400"])
    def test_of_a_cleared_record_is_cleared_with_its_sign(self, energy):
        AgreementMaker()
        [original] = take(record())
        clear("one")
        [answer] = take(credit(energy_kwh=energy), received_at=later(hours=1))
        clear("two")

        figures = ClearedSdr.objects.order_by("claim_minor").values_list(
            "id", "claim_minor", "payout_minor", "energy_kwh"
        )
        assert [(str(f[0]), *f[1:]) for f in figures] == [
            (answer.record_id, -902, -893, Decimal("-18.4")),
            (original.record_id, 902, 893, Decimal("18.4")),
        ]
        assert queries_chain.sum_of(queries_chain.chain_of(original.record_id)) == 0
        assert holds()

    def test_comes_once(self):
        AgreementMaker()
        take(record())
        answers = take(credit(), credit(sdr_id="NLX-0001-D"), received_at=later(hours=1))

        assert [one.outcome for one in answers] == ["accepted", "rejected"]
        assert answers[1].codes == ["V603"]


class TestACreditBeforeItsOriginal:
    def test_is_parked(self):
        AgreementMaker()
        [answer] = take(credit())

        assert (answer.outcome, answer.codes) == ("held", ["V601"])

    def test_goes_on_when_its_original_comes(self):
        AgreementMaker()
        [answer] = take(credit())
        [original] = take(record(), received_at=later(hours=1))
        holds_service.heal(actor="clock", now=later(hours=2))

        assert (state_of(answer), state_of(original)) == ("ACCEPTED", "ACCEPTED")
        assert str(SdrLink.objects.get().record_id) == answer.record_id
        clear("one")
        assert not ClearedSdr.objects.exists()
        assert holds()

    def test_of_two_the_first_goes_on(self):
        AgreementMaker()
        answers = take(credit(), credit(sdr_id="NLX-0001-D"))
        take(record(), received_at=later(hours=1))
        holds_service.heal(actor="clock", now=later(hours=2))

        assert [state_of(one) for one in answers] == ["ACCEPTED", "REJECTED"]

    def test_meets_an_original_that_heals_with_it(self):
        agreement = AgreementMaker()
        lost = {"csp_id": "IT*ZZZ"}
        [answer] = take(credit(**lost))
        [original] = take(record(**lost), received_at=later(hours=1))
        zzz = PartyMaker(country_code="IT", party_id="ZZZ", role="CSP", owned_by=PartnerMaker())
        AgreementMaker(buyer=zzz, group=agreement.group)
        holds_service.heal(actor="clock", now=later(hours=2))

        assert (state_of(answer), state_of(original)) == ("ACCEPTED", "ACCEPTED")
        assert SdrLink.objects.count() == 1

    def test_is_not_released_by_a_persons_word(self):
        AgreementMaker()
        [answer] = take(credit())
        release = partial(holds_service.release, reason="seen", user=StaffMaker())
        done = release([UUID(answer.record_id)], now=later(hours=1))

        assert (done.released, list(done.refused)) == ([], [UUID(answer.record_id)])


class TestAReplacement:
    def test_of_an_open_record_supersedes_it(self):
        AgreementMaker(acceptance="EXPLICIT")
        [original] = take(record())
        new = record(sdr_id="NLX-0002", replaces_sdr_id="NLX-0001", total_amount="8.00", items=None)
        [answer] = take(new, received_at=later(hours=1))

        assert (answer.outcome, answer.state) == ("accepted", "DELIVERED")
        assert state_of(original) == "SUPERSEDED"
        assert str(SessionKey.objects.get().record_id) == answer.record_id

    def test_of_an_accepted_record_needs_a_credit(self):
        AgreementMaker()
        take(record())
        new = record(sdr_id="NLX-0002", replaces_sdr_id="NLX-0001", total_amount="8.00", items=None)
        [refused] = take(new, received_at=later(hours=1))
        take(credit(), received_at=later(hours=2))
        [answer] = take(new, received_at=later(hours=3))

        assert (refused.outcome, refused.codes) == ("rejected", ["V605"])
        assert (answer.outcome, answer.attempt) == ("accepted", 2)
        assert queries_chain.sum_of(queries_chain.chain_of(answer.record_id)) == Decimal("8.00")

    def test_does_not_bill_a_session_that_another_record_bills(self):
        AgreementMaker()
        take(record())
        take(credit(), received_at=later(hours=1))
        other = {"evse_id": "DE*NLX*E2002*1", "contract_id": numbered_contract(7)}
        [new] = take(record(sdr_id="NLX-N", **other), received_at=later(hours=2))
        [second] = take(
            record(sdr_id="NLX-R", replaces_sdr_id="NLX-0001"), received_at=later(hours=3)
        )

        assert (new.outcome, second.outcome, second.codes) == ("accepted", "held", ["V402"])
        clear("one")
        assert list(ClearedSdr.objects.values_list("claim_minor", flat=True)) == [902]

    def test_of_a_replacement_in_one_batch(self):
        AgreementMaker(acceptance="EXPLICIT")
        take(record())
        answers = take(
            record(sdr_id="NLX-2", replaces_sdr_id="NLX-0001", total_amount="8.00", items=None),
            record(sdr_id="NLX-3", replaces_sdr_id="NLX-2", total_amount="7.00", items=None),
            received_at=later(hours=1),
        )
        holds_service.heal(actor="clock", now=later(hours=2))

        assert [one.codes for one in answers] == [[], ["V601"]]
        assert [state_of(one) for one in answers] == ["SUPERSEDED", "DELIVERED"]
        assert str(SessionKey.objects.get().record_id) == answers[1].record_id


class TestTheHouse:
    def test_finds_a_free_name_for_its_replacement(self):
        AgreementMaker(acceptance="EXPLICIT")
        original, taken = take(numbered_record(1), numbered_record(2, sdr_id="NLX-00001-R1"))
        SdrState.objects.filter(id=original.record_id).update(state="DISPUTED", version=2)
        replacement = corrections.replace(
            UUID(original.record_id), amount=Decimal(7), actor="olga", reason="agreed", now=NOON
        )

        assert Sdr.objects.get(id=replacement).sdr_id == "NLX-00001-R2"
        assert (state_of(original), state_of(taken)) == ("SUPERSEDED", "DELIVERED")

    def test_replaces_a_disputed_record_by_what_was_agreed(self):
        AgreementMaker(acceptance="EXPLICIT")
        [original] = take(record())

        replacement = corrections.replace(
            original.record_id,
            amount=Decimal("8.00"),
            actor="dispute D-1",
            reason="agreed",
            now=later(days=1),
        )

        assert state_of(original) == "SUPERSEDED"
        assert SdrState.objects.get(id=replacement).state == "ACCEPTED"
        clear("one", now=later(days=1))
        assert list(ClearedSdr.objects.values_list("claim_minor", flat=True)) == [800]
        assert holds()


def test_a_record_in_dispute_is_in_no_position():
    AgreementMaker()
    [outcome] = take(record())
    dispute = Dispute.objects.create(
        number="D-1",
        seller=nordlicht(),
        buyer=voltaire(),
        record_id=outcome.record_id,
        reason="D01",
        opened_at=NOON,
        expires_at=later(days=90),
    )

    clear("one")
    assert not ClearedSdr.objects.exists()
    [line] = conservation.lines()
    assert (line.counts["disputed"], line.holds) == (1, True)

    dispute.closed_at, dispute.outcome = later(days=1), "RELEASE"
    dispute.save()
    clear("two", now=later(days=1))
    assert ClearedSdr.objects.count() == 1


@pytest.mark.violates("record_is_credited_once")
@pytest.mark.violates("record_is_replaced_once")
@pytest.mark.parametrize("kind", ["CREDIT", "REPLACEMENT"])
def test_a_record_is_corrected_once(kind):
    original = new_uuid7()
    link = {"original_id": original, "cso": nordlicht(), "kind": kind, "linked_at": NOON}
    SdrLink.objects.create(record_id=new_uuid7(), **link)

    with pytest.raises(DatabaseError, match=r"record_is_(credited|replaced)_once"):
        SdrLink.objects.create(record_id=new_uuid7(), **link)


@pytest.mark.violates("record_does_not_correct_itself")
def test_a_record_does_not_correct_itself():
    own = new_uuid7()

    with pytest.raises(DatabaseError, match="record_does_not_correct_itself"):
        SdrLink.objects.create(
            record_id=own, original_id=own, cso=nordlicht(), kind="CREDIT", linked_at=NOON
        )
