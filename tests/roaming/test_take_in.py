"""The intake service: what each kind of record becomes, whichever door it came through."""

from decimal import Decimal

import pytest

from roaming.models import (
    ContractIdentity,
    Delivery,
    Finding,
    IntakeTally,
    RawRecord,
    RejectedKey,
    Sdr,
    SdrEvent,
    SdrKey,
    SdrState,
    SessionKey,
)
from tests.makers import (
    NOON,
    AgreementMaker,
    PartyOwnership,
    later,
    laterne,
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


@pytest.fixture(autouse=True)
def agreement():
    return AgreementMaker()


class TestAGoodRecord:
    def test_is_accepted_where_the_agreement_says_on_validation(self):
        outcome = take_one()

        assert (outcome.outcome, outcome.codes) == ("accepted", [])
        assert outcome.state == "ACCEPTED"

    def test_is_only_delivered_where_the_csp_has_days_to_object(self, agreement):
        AgreementMaker(seller=polder(), acceptance="DEEMED")

        outcome = take(record(cso_id="NL*PLD"), sender=polder())[0]

        assert outcome.state == "DELIVERED"
        assert SdrState.objects.get(id=outcome.record_id).accepted_at is None

    def test_leaves_a_row_in_every_table_under_one_id(self, agreement):
        outcome = take_one()

        sdr = Sdr.objects.get(id=outcome.record_id)
        state = SdrState.objects.get(id=outcome.record_id)
        event = SdrEvent.objects.get(record_id=outcome.record_id)
        assert sdr.claim_amount == Decimal("9.02")
        assert sdr.item_kinds == ["ENERGY"]
        assert sdr.item_amounts == [Decimal("9.02")]
        assert (state.agreement_id, state.version) == (agreement.pk, 1)
        assert event.path == ["RECEIVED", "VALIDATED", "RATED", "DELIVERED", "ACCEPTED"]
        assert RawRecord.objects.filter(id=outcome.record_id).exists()
        assert SdrKey.objects.filter(record_id=outcome.record_id).exists()
        assert SessionKey.objects.filter(record_id=outcome.record_id).exists()

    def test_keeps_no_contract_id_but_a_pseudonym(self):
        outcome = take_one()

        sdr = Sdr.objects.get(id=outcome.record_id)
        identity = ContractIdentity.objects.get()
        assert sdr.pseudonym == identity.pseudonym
        assert b"8AACA2B3C4D5" not in bytes(identity.encrypted_contract_id)
        raw = RawRecord.objects.get(id=outcome.record_id)
        assert b"CA2B3C4D5" not in bytes(raw.encrypted_payload)

    def test_gives_one_driver_two_pseudonyms_for_two_csps(self):
        AgreementMaker(seller=polder(), buyer=voltaire())
        from tests.makers import fjell

        AgreementMaker(buyer=fjell())

        ours = take_one()
        theirs = take_one(sdr_id="NLX-2", service_session_id="S-2", csp_id="NO*FJL")

        pseudonyms = Sdr.objects.filter(id__in=[ours.record_id, theirs.record_id])
        assert len(set(pseudonyms.values_list("pseudonym", flat=True))) == 2

    def test_is_owed_to_its_buyer_with_a_gapless_sequence(self):
        take(*(numbered_record(n) for n in range(3)))

        sequences = Delivery.objects.filter(receiver=voltaire()).values_list("sequence", flat=True)
        assert sorted(sequences) == [1, 2, 3]

    def test_may_leave_its_currency_out_when_it_asks_for_nothing(self):
        outcome = take_one(currency=None, total_amount=None, items=None)

        assert outcome.outcome == "accepted"
        assert Sdr.objects.get(id=outcome.record_id).claim_amount is None


class TestARetry:
    def test_is_a_duplicate_with_the_first_answer(self):
        first = take_one()

        again = take_one(later(hours=1))

        assert again.outcome == "duplicate"
        assert (again.record_id, again.codes) == (first.record_id, first.codes)
        assert Sdr.objects.count() == 1

    def test_may_write_the_same_content_differently(self):
        take_one()

        again = take_one(energy_kwh="18.4", started_at="2026-11-14T11:00:00+01:00")

        assert again.outcome == "duplicate"

    def test_of_other_content_is_a_conflict_and_changes_nothing(self):
        first = take_one()

        outcome = take_one(total_amount="9.03", items=None)

        assert (outcome.outcome, outcome.codes) == ("conflict", ["V401"])
        assert SdrState.objects.get(id=first.record_id).state == "ACCEPTED"

    def test_in_one_batch_counts_once(self):
        outcomes = take(record(), record())

        assert [outcome.outcome for outcome in outcomes] == ["accepted", "duplicate"]

    def test_of_a_rejected_record_is_rejected_again_and_stored_once(self):
        first = take_one(energy_kwh="-1")

        again = take_one(energy_kwh="-1")

        assert (first.outcome, again.outcome) == ("rejected", "rejected")
        assert again.record_id == first.record_id
        assert Sdr.objects.count() == 1

    def test_of_a_corrected_record_is_attempt_two(self):
        take_one(energy_kwh="-1")

        corrected = take_one()

        assert (corrected.outcome, corrected.attempt) == ("accepted", 2)
        assert RejectedKey.objects.get().attempt == 1


class TestAHeldRecord:
    def test_waits_for_its_unknown_counterparty(self):
        outcome = take_one(csp_id="IT*NEW")

        assert (outcome.outcome, outcome.codes) == ("held", ["V003"])

    def test_waits_when_it_names_none(self):
        outcome = take_one(csp_id=None)

        assert (outcome.outcome, outcome.codes) == ("held", ["V003"])

    def test_is_the_second_for_a_session(self):
        take_one()

        outcome = take_one(sdr_id="NLX-0002")

        assert (outcome.outcome, outcome.codes) == ("held", ["V402"])
        assert SessionKey.objects.count() == 1

    def test_is_not_the_second_part_of_a_split_session(self):
        take_one()

        after = {"started_at": "2026-11-14T11:00:00Z", "ended_at": "2026-11-14T12:00:00Z"}
        outcome = take_one(sdr_id="NLX-0002", split_no=1, received_at=later(hours=1), **after)

        assert outcome.outcome == "accepted"

    @pytest.mark.parametrize("energy", ["18.400", "17.200"])
    def test_is_no_part_where_it_tells_of_the_same_time(self, energy):
        first, second = take(
            record(), record(sdr_id="NLX-0002", split_no=1, energy_kwh=energy, items=None)
        )

        assert (first.outcome, second.outcome) == ("accepted", "held")
        assert "V404" in second.codes


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"cso_id": "NL*PLD"}, {"V002"}),
        ({"started_at": "2019-12-31T23:00:00Z", "ended_at": "2019-12-31T23:30:00Z"}, {"V004"}),
        ({"currency": "CHF"}, {"V013"}),
        ({"currency": "XXQ"}, {"V013"}),
        ({"ended_at": "2026-11-14T09:59:59Z"}, {"V101"}),
        ({"ended_at": "2026-11-14T10:00:00Z"}, {"V102"}),
        ({"ended_at": "2026-11-14T12:15:01Z"}, {"V103"}),
        (
            {"started_at": "2026-08-01T10:00:00Z", "ended_at": "2026-08-01T11:00:00Z"},
            {"V110"},
        ),
        ({"ended_at": None}, {"V111"}),
        ({"energy_kwh": "-0.001"}, {"V201"}),
        ({"energy_kwh": "40"}, {"V202"}),
        ({"energy_kwh": "1000.001", "max_power_kw": None}, {"V203", "V209", "V212"}),
        ({"total_amount": "9.04"}, {"V503"}),
        ({"total_amount": "-9.02", "items": None}, {"V504"}),
        ({"contract_id": "DE-8AA-CA2B3C4D5-N"}, {"V007"}),
        ({"evse_id": "what"}, {"V005"}),
        ({"energy_kwh": "much"}, {"V001"}),
        ({"energy_kwh": None}, {"V001"}),
        ({"energy_kwh": "1e30"}, {"V001"}),
        ({"energy_kwh": "NaN"}, {"V001"}),
        ({"started_at": "2026-11-14T10:00:00"}, {"V001"}),
        ({"sdr_id": ""}, {"V001"}),
        ({"sdr_id": "NLX\u0000"}, {"V001"}),
        ({"sdr_id": "NLX-0001 "}, {"V001"}),
        ({"service_session_id": " S-0001"}, {"V001"}),
    ],
)
def test_a_wrong_record_is_rejected_with_every_code_and_kept(changes, codes):
    outcome = take_one(**changes)

    told = set(outcome.codes)
    assert outcome.outcome == "rejected"
    assert codes <= told
    assert Sdr.objects.get(id=outcome.record_id).rejected_at_intake
    assert not SdrKey.objects.exists()
    stored = Finding.objects.filter(record_id=outcome.record_id).values_list("code", flat=True)
    assert set(stored) == told


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"energy_kwh": "300.001", "max_power_kw": None}, "V203"),
        ({"energy_kwh": "24", "max_power_kw": "22"}, "V202"),
        (
            {"ended_at": "2026-11-14T10:00:30Z", "max_power_kw": None, "energy_kwh": "4.4"},
            "V209",
        ),
    ],
)
def test_a_doubtful_record_is_held(changes, code):
    outcome = take_one(**changes)

    assert outcome.outcome == "held"
    assert code in outcome.codes


def test_ten_minutes_ahead_is_noted_but_accepted():
    outcome = take_one(ended_at="2026-11-14T12:10:00Z", max_power_kw=None)

    assert (outcome.outcome, outcome.codes) == ("accepted", ["V103"])
    assert outcome.findings[0].severity == "WARN"


def test_every_finding_comes_in_one_answer_with_what_to_do():
    outcome = take_one(energy_kwh="-1", total_amount="1.00", currency="XXQ")

    assert {"V201", "V503", "V013"} <= set(outcome.codes)
    assert all(finding.remedy for finding in outcome.findings)


class TestAnOverride:
    def test_softens_a_rule_and_says_why(self):
        AgreementMaker(
            seller=polder(),
            rule_overrides={"V203": {"severity": "WARN", "reason": "a truck site"}},
        )

        outcome = take(
            record(
                cso_id="NL*PLD",
                energy_kwh="600",
                max_power_kw=None,
                evse_id=None,
                started_at="2026-11-14T06:00:00Z",
            ),
            sender=polder(),
        )[0]

        assert outcome.outcome == "accepted"
        finding = Finding.objects.get(record_id=outcome.record_id)
        assert (finding.severity, finding.override_reason) == ("WARN", "a truck site")

    def test_cannot_soften_what_the_tables_insist_on(self):
        AgreementMaker(
            seller=polder(),
            rule_overrides={"V111": {"severity": "WARN", "reason": "please"}},
        )

        outcome = take(record(cso_id="NL*PLD", ended_at=None), sender=polder())[0]

        assert outcome.outcome == "rejected"


class TestASender:
    def test_is_told_the_same_of_a_strange_party_and_an_unknown_one(self):
        theirs, nobodys = take(record(), record(cso_id="XK*NON", sdr_id="X"), sender=laterne())

        assert theirs.codes == nobodys.codes == ["V002"]

    def test_with_a_mandate_acts_for_another_and_the_record_says_so(self):
        mandate = partner_of(nordlicht()).mandates_given.create(
            agent=partner_of(laterne()), verbs=["SUBMIT_SDR"], starts_at=later(days=-1)
        )
        mandate.parties.add(nordlicht())

        outcome = take(record(), sender=laterne())[0]

        sdr = Sdr.objects.get(id=outcome.record_id)
        assert outcome.outcome == "accepted"
        assert (sdr.mandate_id, sdr.sender_id) == (mandate.pk, partner_of(laterne()).pk)

    def test_without_the_verb_does_not(self):
        mandate = partner_of(nordlicht()).mandates_given.create(
            agent=partner_of(laterne()), verbs=["READ_SDR"], starts_at=later(days=-1)
        )
        mandate.parties.add(nordlicht())

        outcome = take(record(), sender=laterne())[0]

        assert outcome.codes == ["V002"]

    def test_that_sold_the_party_may_not_send_for_it_any_more(self):
        ownership = nordlicht().ownerships.get()
        ownership.ends_at = later(days=-1)
        ownership.save()
        PartyOwnership.objects.create(
            party=nordlicht(), partner=partner_of(polder()), starts_at=later(days=-1)
        )

        outcome = take(record(), sender=polder())[0]

        assert outcome.outcome == "accepted"


def test_the_tally_counts_what_came_through_the_door():
    take(record(), record(), numbered_record(7, energy_kwh="-1"))

    tally = IntakeTally.objects.get()
    assert (tally.received, tally.repeated, tally.new) == (3, 1, 2)
    assert tally.new_claim_amount == Decimal("18.04")
    assert tally.day == NOON.date()


def test_a_rule_without_its_fact_is_not_applicable_and_says_so():
    outcome = take_one(max_power_kw=None)

    assert "V202" in Sdr.objects.get(id=outcome.record_id).not_applicable


class TestACreditOrReplacement:
    """Until they are paired with their originals they are no way round V402 and V504."""

    @pytest.mark.parametrize(
        ("names", "told"),
        [("credits_sdr_id", ("held", ["V602"])), ("replaces_sdr_id", ("rejected", ["V605"]))],
    )
    def test_of_any_record_does_not_bill_its_session_again(self, names, told):
        take_one()

        outcome = take_one(sdr_id="NLX-2", **{names: "NLX-0001"})

        assert (outcome.outcome, outcome.codes) == told

    def test_of_a_record_that_never_was_takes_no_money(self):
        outcome = take_one(credits_sdr_id="NLX-NEVER", total_amount="-1000000", items=None)

        assert (outcome.outcome, outcome.codes) == ("held", ["V601"])

    def test_is_not_let_through_by_an_agreement(self):
        override = {"severity": "WARN", "reason": "we trust each other"}
        AgreementMaker(seller=polder(), rule_overrides={"V601": override})

        sent = record(cso_id="NL*PLD", credits_sdr_id="PLD-1", total_amount="-9.02", items=None)
        [outcome] = take(sent, sender=polder())

        assert outcome.outcome == "held"

    def test_leaves_the_session_to_its_original(self):
        take_one(sdr_id="NLX-2", replaces_sdr_id="NLX-0001")

        assert take_one().outcome == "accepted"
