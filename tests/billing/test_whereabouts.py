from datetime import timedelta
from uuid import UUID

import pytest

from billing.queries_whereabouts import NotForYou, where_is
from billing.rules.whereabouts_told import RecordWhereabouts, Whereabouts
from partners.models import Environment, Mandate, RoamingAgreement
from tests.billing.portal_world import open_december, settled_month
from tests.makers import (
    NOON,
    AgreementMaker,
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
DEEMED = RoamingAgreement.Acceptance.DEEMED
EXPLICIT = RoamingAgreement.Acceptance.EXPLICIT


def ask(subject: object, party, *, environment: str = Environment.LIVE) -> Whereabouts:
    wanted = subject if isinstance(subject, str) else UUID(str(subject))
    return where_is(wanted, for_partner=partner_of(party), environment=environment, now=later())


def one(subject: object, party) -> RecordWhereabouts:
    [attempt] = ask(subject, party).attempts
    return attempt


class TestWhereIs:
    def test_follows_a_record_from_receipt_to_its_statement(self):
        world = settled_month()

        told = one("NLX-00001", nordlicht())

        assert [step.name for step in told.steps] == [
            *("RECEIVED", "CHECKED", "DELIVERED", "ACCEPTED", "CLEARED", "SETTLED", "PAID")
        ]
        assert {step.status for step in told.steps[:-1]} == {"DONE"}
        assert all(step.at for step in told.steps[:-1])
        assert told.summary == f"Settled in statement {world.statement.number}."
        assert told.window.title == "November 2026"
        assert (told.booked.claim_minor, told.booked.payout_minor) == (902, 893)

    def test_tells_both_sides_the_same_up_to_their_own_statement(self):
        settled_month()

        sold, bought = one("NLX-00001", nordlicht()), one("NLX-00001", voltaire())

        assert sold.sent == bought.sent
        assert sold.steps[:5] == bought.steps[:5]
        assert sold.window == bought.window
        assert sold.booked == bought.booked
        assert sold.statement.number != bought.statement.number

    def test_is_asked_by_record_id_as_well(self):
        world = settled_month()

        told = where_is(
            UUID(world.settled_id), for_partner=world.voltaire, environment="LIVE", now=NOON
        )

        assert told.sdr_id == "NLX-00001"
        assert ask(world.settled_id, voltaire()) == told

    def test_finds_an_sdr_id_that_looks_like_a_record_id(self):
        AgreementMaker()
        theirs = "019a8244-1180-4b62-9f05-4d3a1be2c701"
        take_one(sdr_id=theirs)

        assert ask(theirs, voltaire()).sdr_id == theirs

    def test_tells_a_stranger_nothing(self):
        world = settled_month()

        for subject in ("NLX-00001", world.settled_id, UUID(world.settled_id)):
            with pytest.raises(NotForYou):
                where_is(
                    subject,
                    for_partner=partner_of(laterne()),
                    environment="LIVE",
                    now=NOON,
                )

    def test_keeps_test_and_live_apart(self):
        settled_month()

        with pytest.raises(NotForYou):
            ask("NLX-00001", nordlicht(), environment=Environment.TEST)

    def test_costs_the_same_number_of_queries_for_many_attempts(
        self, django_assert_max_num_queries
    ):
        AgreementMaker()
        for minute in range(6):
            take_one(ended_at=None, meter_id=f"M-{minute}", received_at=later(minutes=minute))
        sender = partner_of(nordlicht())

        with django_assert_max_num_queries(10):
            told = where_is("NLX-0001", for_partner=sender, environment="LIVE", now=NOON)

        assert [one.sent.attempt for one in told.attempts] == [6, 5, 4, 3, 2, 1]


class TestRejectedRecord:
    def test_says_which_rules_refused_it_and_what_to_do(self):
        AgreementMaker()
        take_one(ended_at=None)

        told = one("NLX-0001", nordlicht())

        assert told.state == "REJECTED"
        assert told.summary == "Refused (V111): it is in no statement, and its id is free again."
        assert told.next_step.startswith("Send the record again, under the same id")
        assert [found.code for found in told.findings if found.is_open] == ["V111"]
        assert [step.status for step in told.steps] == ["DONE", "STOPPED"]

    def test_is_not_shown_to_the_other_side(self):
        AgreementMaker()
        outcome = take_one(ended_at=None)

        for subject in ("NLX-0001", outcome.record_id):
            with pytest.raises(NotForYou):
                ask(subject, voltaire())

    def test_stands_below_the_attempt_that_passed(self):
        AgreementMaker()
        take_one(ended_at=None)
        take_one(received_at=later(hours=1))

        sold, bought = ask("NLX-0001", nordlicht()), ask("NLX-0001", voltaire())

        assert [(one.sent.attempt, one.state) for one in sold.attempts] == [
            (2, "ACCEPTED"),
            (1, "REJECTED"),
        ]
        assert [one.state for one in bought.attempts] == ["ACCEPTED"]

    def test_is_found_though_its_seller_is_unknown(self):
        AgreementMaker()
        outcome = take_one(cso_id="DE*XXX")

        assert one("NLX-0001", nordlicht()).state == "REJECTED"
        assert one(outcome.record_id, nordlicht()).findings[0].code == "V002"

    def test_of_another_sender_under_the_same_id_stays_hidden(self):
        AgreementMaker()
        take(record(cso_id="DE*XXX"), sender=polder())

        with pytest.raises(NotForYou):
            ask("NLX-0001", nordlicht())


class TestHeldRecord:
    def test_says_what_holds_it_to_both_sides(self):
        AgreementMaker()
        take_one(energy_kwh="24.1", items=None)

        sold, bought = one("NLX-0001", nordlicht()), one("NLX-0001", voltaire())

        assert sold.summary == "Held (V202): it is in no statement until released."
        assert sold.next_step.startswith("Check energy, times and max_power_kw.")
        assert sold.steps == bought.steps
        assert [step.status for step in sold.steps] == ["DONE", "STOPPED", *["AHEAD"] * 5]

    def test_says_until_when_it_makes_the_next_statement(self):
        agreement = AgreementMaker()
        open_december(agreement.group)
        take_one(energy_kwh="24.1", items=None)

        told = one("NLX-0001", nordlicht())

        assert "goes into the statement of December 2026" in told.next_step
        assert told.window.title == "December 2026"
        assert told.booked is None


class TestUnclearedRecord:
    def test_waits_for_the_next_run_once_accepted(self):
        agreement = AgreementMaker()
        open_december(agreement.group)
        take_one()

        told = one("NLX-0001", voltaire())

        assert told.summary == (
            "Is cleared into December 2026 by the next hourly run: in no statement yet."
        )
        assert [step.status for step in told.steps[-3:]] == ["WAITING", "AHEAD", "AHEAD"]

    def test_is_accepted_by_itself_where_acceptance_is_deemed(self):
        AgreementMaker(acceptance=DEEMED, acceptance_days=10)
        take_one()

        told = one("NLX-0001", nordlicht())

        # Delivered 14 November 12:00 UTC; ten days later it is 13:00 in Brussels.
        assert told.summary == (
            "Is accepted on 24 November 2026, 13:00 unless FR*VOL disputes it: in no statement yet."
        )

    def test_waits_for_the_provider_where_acceptance_is_explicit(self):
        AgreementMaker(acceptance=EXPLICIT)
        take_one()

        told = one("NLX-0001", nordlicht())

        assert told.summary == "Waits for FR*VOL to accept it: in no statement yet."
        assert told.next_step == "FR*VOL accepts or disputes it."


class TestMandatedRecord:
    def test_says_that_an_agent_sent_it(self):
        AgreementMaker()
        mandate = Mandate.objects.create(
            grantor=partner_of(nordlicht()),
            agent=partner_of(polder()),
            verbs=[Mandate.Verb.SUBMIT_SDR],
            starts_at=NOON - timedelta(days=1),
        )
        mandate.parties.add(nordlicht())
        take(numbered_record(7), sender=polder())

        assert one("NLX-00007", nordlicht()).sent.is_sent_by_agent
