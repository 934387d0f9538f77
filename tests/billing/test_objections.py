"""Objections to statements: until when, about what, answered once, and what waits for them."""

from datetime import date, timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Objection, Settlement
from billing.rules import objection as rules
from billing.rules.objection import Contested, ObjectionRefused
from billing.services import objections, releases, settling
from billing.services.closing import close_window
from billing.services.objections import Grounds, Mending, raise_objection
from billing.services.settling import NotReleasable
from clearinghouse.retry import in_transaction
from partners.models import AuditEvent, User
from roaming.models import Delivery
from tests.billing.objection_world import (
    NEXT_DAY,
    UNTIL,
    a_waiting_settlement,
    an_adjustment,
    an_issued_settlement,
    objected,
    somebody,
    statement_of,
)
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_clearing_beside_closing import (
    InThread,
    wait_until_somebody_waits_for_a_lock,
)

TICK = timedelta(microseconds=1)


def refusing(code: str):
    return pytest.raises(ObjectionRefused, check=lambda refused: refused.code == code)


class TestRules:
    def test_a_provisional_statement_until_the_instant_that_it_states(self):
        until_at = rules.objectionable_until(
            until_at=UNTIL, until_date=date(2027, 2, 11), tz="Europe/Brussels"
        )

        assert until_at == UNTIL

    def test_a_final_one_to_the_end_of_its_day_on_the_groups_calendar(self):
        until_at = rules.objectionable_until(
            until_at=None, until_date=date(2027, 3, 28), tz="Europe/Brussels"
        )

        # The clocks go forward on that day; it ends at 22:00 UTC.
        assert until_at.isoformat() == "2027-03-28T21:59:59.999999+00:00"

    @given(st.booleans(), st.sampled_from(Settlement.State.values), st.integers(-2, 2))
    def test_what_counts_and_is_in_time_may_be_objected_to(self, is_provisional, state, ticks):
        statement = Contested(is_provisional, state, UNTIL)
        counts = state == "CALCULATED" if is_provisional else state != "CANCELLED"
        at = UNTIL + ticks * TICK

        if counts and ticks <= 0:
            rules.refuse_raising(statement, at=at)
        elif counts:
            with refusing("OBJECTION_TOO_LATE"):
                rules.refuse_raising(statement, at=at)
        else:
            with refusing("STATEMENT_CANCELLED" if state == "CANCELLED" else "STATEMENT_RELEASED"):
                rules.refuse_raising(statement, at=at)

    @pytest.mark.parametrize(
        ("grounds", "code"),
        [
            ({"text": " \n"}, "OBJECTION_TEXT_MISSING"),
            ({"text": "x" * 2001}, "OBJECTION_TEXT_TOO_LONG"),
            ({"amount_minor": 0}, "OBJECTION_AMOUNT_WRONG"),
            ({"amount_minor": -1}, "OBJECTION_AMOUNT_WRONG"),
            ({"amount_minor": 2**63}, "OBJECTION_AMOUNT_WRONG"),
        ],
    )
    def test_grounds_are_words_and_a_positive_amount(self, grounds, code):
        with refusing(code):
            rules.refuse_grounds(**({"text": "why", "amount_minor": None} | grounds))

    @pytest.mark.parametrize(
        ("remedy", "is_provisional", "state", "code"),
        [
            ("CANCELLATION", False, "ISSUED", "STATEMENT_RELEASED"),
            ("CORRECTION", True, "CALCULATED", "STATEMENT_NOT_ISSUED"),
            ("CORRECTION", True, "CANCELLED", "STATEMENT_NOT_ISSUED"),
        ],
    )
    def test_a_remedy_fits_the_settlement(self, remedy, is_provisional, state, code):
        with refusing(code):
            rules.refuse_remedy(remedy, is_provisional=is_provisional, settlement_state=state)

    @pytest.mark.parametrize("remedy", Objection.Remedy.values)
    def test_every_remedy_has_a_next_step_of_its_own(self, remedy):
        told = [rules.next_step("UPHELD", one) for one in Objection.Remedy.values]

        assert told.count(rules.next_step("UPHELD", remedy)) == 1
        assert rules.next_step("REJECTED", "") not in told


@pytest.mark.django_db
class TestRaising:
    def test_names_a_record_that_is_in_the_statement(self):
        oracle, settlement = a_waiting_settlement()
        grounds = Grounds(
            text="too much", amount_minor=1250, counterparty="DE*BBB", sdr_id="A-0001"
        )

        raised = raise_objection(
            statement_of(oracle, settlement), grounds, by="finance", now=NEXT_DAY
        )

        assert (raised.state, raised.partner) == ("OPEN", oracle.partners["A"])
        cleared = settlement.window.cleared.get(pk=raised.record_id)
        assert cleared.seller_partner == oracle.partners["A"]

    def test_names_one_that_is_missing_without_telling_of_others(self):
        """B-… → C's record is in nobody's statement but theirs."""
        oracle, settlement = a_waiting_settlement()
        own, foreign = (
            raise_objection(
                statement_of(oracle, settlement),
                Grounds(text="?", sdr_id=one),
                by="f",
                now=NEXT_DAY,
            )
            for one in ("A-9999", "B-0161")
        )

        assert (own.record_id, foreign.record_id) == (None, None)
        assert foreign.sdr_id == "B-0161"

    def test_refuses_a_counterparty_that_the_statement_does_not_list(self):
        oracle, settlement = a_waiting_settlement()

        with refusing("COUNTERPARTY_NOT_IN_STATEMENT"):
            raise_objection(
                statement_of(oracle, settlement),
                Grounds(text="?", counterparty="FR*VOL"),
                by="f",
                now=NEXT_DAY,
            )

    def test_is_possible_at_the_last_instant_and_not_after_it(self):
        oracle, settlement = a_waiting_settlement()
        document = statement_of(oracle, settlement)

        raise_objection(document, Grounds(text="just in time"), by="f", now=UNTIL)
        with refusing("OBJECTION_TOO_LATE"):
            raise_objection(document, Grounds(text="late"), by="f", now=UNTIL + TICK)

    def test_is_refused_once_cancelled(self):
        oracle, settlement = a_waiting_settlement()
        settling.cancel(settlement, reason="a fee is missing", now=NEXT_DAY)

        with refusing("STATEMENT_CANCELLED"):
            objected(oracle, settlement)

    def test_of_a_final_statement_is_possible_for_its_sixty_days(self):
        oracle, settlement = an_issued_settlement()

        assert objected(oracle, settlement).state == "OPEN"
        with refusing("OBJECTION_TOO_LATE"):
            raise_objection(
                statement_of(oracle, settlement),
                Grounds(text="late"),
                by="f",
                now=BUSINESS_DAY_6 + timedelta(days=61),
            )


@pytest.mark.django_db
class TestAnswering:
    def test_upheld_by_cancelling_calculates_anew_and_tells_the_partner(self):
        oracle, settlement = a_waiting_settlement()
        raised = objected(oracle, settlement)

        answered = objections.uphold(
            raised.pk, answer="the fee is wrong", mending=Mending(), by=somebody(), now=NEXT_DAY
        )

        settlement.refresh_from_db()
        assert (answered.state, answered.remedy) == ("UPHELD", "CANCELLATION")
        assert (settlement.state, settlement.cancel_reason) == (
            "CANCELLED",
            "Objection upheld: the fee is wrong",
        )
        told = Delivery.objects.filter(kind="OBJECTION")
        assert {one.subject_id for one in told} == {raised.pk}
        assert {one.receiver for one in told} == {oracle.sellers["A"], oracle.buyers["A"]}
        assert all(one.sequence for one in told)
        assert AuditEvent.objects.get(action="objection.upheld").actor == "olga"

    def test_upheld_by_an_adjustment_leaves_the_calculation(self):
        oracle, settlement = a_waiting_settlement()
        raised = objected(oracle, settlement)
        adjustment = an_adjustment(oracle)

        objections.uphold(
            raised.pk,
            answer="next month",
            mending=Mending(adjustment=adjustment),
            by=somebody(),
            now=NEXT_DAY,
        )

        settlement.refresh_from_db()
        raised.refresh_from_db()
        assert (raised.remedy, raised.adjustment) == ("ADJUSTMENT", adjustment)
        assert settlement.state == "CALCULATED"

    def test_refuses_what_mends_somebody_else_or_nothing(self):
        oracle, settlement = a_waiting_settlement()
        raised = objected(oracle, settlement)
        foreign, refused, waiting = (
            an_adjustment(oracle, letter, is_posted=letter == "B") for letter in ("B", "A", "A")
        )
        refused.state = "REFUSED"
        refused.save()

        for mending, code in (
            (foreign, "REMEDY_OF_ANOTHER"),
            (refused, "REMEDY_NOT_DONE"),
            (waiting, "REMEDY_NOT_DONE"),
        ):
            with refusing(code):
                objections.uphold(
                    raised.pk,
                    answer="yes",
                    mending=Mending(adjustment=mending),
                    by=User.objects.get_or_create(username="olga")[0],
                    now=NEXT_DAY,
                )
        raised.refresh_from_db()
        assert raised.state == "OPEN"

    def test_happens_once(self):
        oracle, settlement = a_waiting_settlement()
        raised = objected(oracle, settlement)
        by = somebody()
        objections.reject(raised.pk, answer="it is there", by=by, now=NEXT_DAY)

        with refusing("OBJECTION_ANSWERED"):
            objections.reject(raised.pk, answer="again", by=by, now=NEXT_DAY)
        with refusing("OBJECTION_ANSWERED"):
            objections.uphold(raised.pk, answer="no", mending=Mending(), by=by, now=NEXT_DAY)
        assert Delivery.objects.filter(kind="OBJECTION").count() == 2


def released(settlement: Settlement) -> list:
    mia, kai = somebody("mia"), somebody("kai")
    asked = releases.request_release(settlement, reason="month-end", maker=mia, now=NEXT_DAY)
    return releases.approve_and_release(
        settlement, asked.pk, reason="seen", checker=kai, now=NEXT_DAY
    )


@pytest.mark.django_db
class TestRelease:
    def test_waits_until_each_is_answered(self):
        oracle, settlement = a_waiting_settlement()
        first, second = objected(oracle, settlement), objected(oracle, settlement, "B")
        olga = somebody()
        for one in (first, second):
            with pytest.raises(NotReleasable, match="wait for an answer"):
                settling.issue(settlement, now=NEXT_DAY)
            objections.reject(one.pk, answer="it is right", by=olga, now=NEXT_DAY)

        assert len(released(settlement)) == 3

    def test_waits_for_those_to_a_cancelled_calculation_too(self):
        oracle, settlement = a_waiting_settlement()
        raised = objected(oracle, settlement)
        settling.cancel(settlement, reason="a fee is missing", now=NEXT_DAY)
        anew = close_window(settlement.window, now=NEXT_DAY).settlement

        with pytest.raises(NotReleasable, match="wait for an answer"):
            releases.request_release(anew, reason="now", maker=somebody("mia"), now=NEXT_DAY)
        olga = somebody()
        objections.uphold(raised.pk, answer="mended", mending=Mending(), by=olga, now=NEXT_DAY)

        User.objects.filter(username="mia").delete()
        assert len(released(anew)) == 3

    def test_once_done_ends_objections_to_the_provisional_one(self):
        oracle, settlement = a_waiting_settlement()
        provisional = statement_of(oracle, settlement)
        released(settlement)

        with refusing("STATEMENT_RELEASED"):
            raise_objection(provisional, Grounds(text="?"), by="f", now=NEXT_DAY)

    def test_does_not_wait_for_objections_to_final_ones(self):
        oracle, settlement = an_issued_settlement()
        objected(oracle, settlement)
        later = oracle.group.windows.filter(state="OPEN").earliest("supply_ends_at")

        closing = close_window(later, now=later.closes_at)

        assert closing.settlement.state == "ISSUED"


@pytest.mark.django_db(transaction=True)
def test_an_objection_beside_a_release_comes_first_or_is_refused():
    """The release holds the settlement; the objection waits for it and then looks again."""
    oracle, settlement = a_waiting_settlement()
    document = statement_of(oracle, settlement)
    with transaction.atomic():
        settling.issue(settlement, now=NEXT_DAY)
        beside = InThread(
            lambda: raise_objection(document, Grounds(text="?"), by="f", now=NEXT_DAY)
        )
        wait_until_somebody_waits_for_a_lock()

    with refusing("STATEMENT_RELEASED"):
        beside.result()
    assert not Objection.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_release_beside_an_objection_waits_for_it_and_says_why_it_is_refused():
    oracle, settlement = a_waiting_settlement()
    document = statement_of(oracle, settlement)
    with transaction.atomic():
        raise_objection(document, Grounds(text="?"), by="f", now=NEXT_DAY)
        beside = InThread(lambda: in_transaction(lambda: settling.issue(settlement, now=NEXT_DAY)))
        wait_until_somebody_waits_for_a_lock()

    with pytest.raises(NotReleasable, match="wait for an answer"):
        beside.result()


def broken(name: str):
    return pytest.raises(DatabaseError, match=name)


@pytest.mark.django_db
class TestTheDatabaseRefuses:
    @pytest.fixture
    def world(self):
        return a_waiting_settlement()

    def raw(self, world, **changes) -> Objection:
        document = statement_of(*world)
        fields = {"document": document, "partner": document.partner, "text": "t"}
        fields |= {"raised_by": "f", "raised_at": NEXT_DAY} | changes
        return Objection.objects.create(**fields)

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            pytest.param(name, wrong, marks=pytest.mark.violates(name), id=name)
            for name, wrong in {
                "objection_has_grounds": {"text": ""},
                "objection_amount_is_positive": {"amount_minor": 0},
                "objection_is_raised_in_time": {"raised_at": UNTIL + TICK},
                "upheld_objection_says_what_mends_it": {
                    "state": "UPHELD",
                    "answer": "yes",
                    "answered_at": NEXT_DAY,
                },
                "objection_names_the_remedy_it_says": {
                    "state": "UPHELD",
                    "answer": "yes",
                    "answered_at": NEXT_DAY,
                    "remedy": "ADJUSTMENT",
                },
            }.items()
        ],
    )
    def test_a_row_that_breaks_its_rule(self, world, name, wrong):
        with broken(name):
            self.raw(world, **wrong)

    @pytest.mark.violates("objection_is_of_the_statements_own_partner")
    def test_an_objection_to_the_statement_of_another(self, world):
        with broken("objection_is_of_the_statements_own_partner"):
            self.raw(world, partner=world[0].partners["B"])

    @pytest.mark.violates("objection_is_to_a_statement_that_counts")
    def test_one_to_a_cancelled_statement(self, world):
        settling.cancel(world[1], reason="wrong fee", now=NEXT_DAY)

        with broken("objection_is_to_a_statement_that_counts"):
            self.raw(world)

    @pytest.mark.violates("objection_mended_by_cancelling_is_cancelled")
    def test_a_cancelling_that_did_not_happen(self, world):
        row = self.raw(world)
        row.state, row.answer, row.answered_at = "UPHELD", "yes", NEXT_DAY
        row.remedy = "CANCELLATION"

        with broken("its settlement is not cancelled"):
            row.save()

    @pytest.mark.violates("settlement_is_issued_once_objections_are_answered")
    def test_an_issue_over_an_open_objection(self, world):
        self.raw(world)

        with broken("an objection to it is not answered"):
            Settlement.objects.filter(pk=world[1].pk).update(state="ISSUED", issued_at=NEXT_DAY)

    @pytest.mark.violates("objection_is_answered_once")
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE billing_objection SET text = 'other'",
            "DELETE FROM billing_objection",
            "TRUNCATE billing_objection",
        ],
    )
    def test_a_change_of_what_was_raised(self, world, statement):
        self.raw(world)

        with broken("permission denied|never changed"), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_a_second_answer(self, world):
        row = self.raw(world)
        objections.reject(row.pk, answer="no", by=somebody(), now=NEXT_DAY)

        with broken("answered once"):
            Objection.objects.filter(pk=row.pk).update(answer="yes after all")


@pytest.mark.django_db(transaction=True)
def test_the_owner_of_the_tables_takes_no_objection_away(owner_connection):
    objected(*a_waiting_settlement())

    for statement in ("DELETE FROM billing_objection", "TRUNCATE billing_objection CASCADE"):
        with pytest.raises(psycopg.Error) as refusal:
            owner_connection.execute(statement)
        assert refusal.value.diag.constraint_name == "objection_is_answered_once", statement
