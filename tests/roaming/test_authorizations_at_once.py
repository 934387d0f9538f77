"""Threads at work: unknown cards asked around, the same question twice at once, no lock held."""

import logging
import threading
import time

import pytest
from django.db import connection, connections

from roaming.models import AuthorizationRequest, ServiceSession
from roaming.services import whitelist
from tests import makers
from tests.makers import NOON
from tests.roaming.authorization_world import after, answering, world
from tests.roaming.credential_world import CARD, card

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.AUTHORIZATION_TIMEOUT_S = 0.5


@pytest.fixture
def house():
    with world() as house:
        yield house


class TestAround:
    """Cards that nobody listed: every connected CSP with an agreement is asked at once."""

    def test_the_first_that_allows_it_wins(self, house, caplog, settings):
        settings.AUTHORIZATION_TIMEOUT_S = 20.0
        is_decided = threading.Event()

        def late(asked, handler):
            is_decided.wait(timeout=15)
            return answering(reference="late")(asked, handler)

        slow = house.csp(makers.voltaire(), answer=late)
        house.csp(makers.fjell(), answer=answering(reference="first"))

        with caplog.at_level(logging.INFO, logger="roaming"):
            told = house.ask()
            is_decided.set()
            _wait_for_threads()

        assert (told.decision, told.csp_code, told.reference) == ("ALLOWED", "NO*FJL", "first")
        assert len(slow.asked) == 1
        assert "FR*VOL answered after" in caplog.text
        assert "discarded" in caplog.text
        assert CARD not in caplog.text
        assert ServiceSession.objects.get().authorization_reference == "first"

    def test_a_refusal_of_who_knows_it_is_told_before_nobody_knows_it(self, house):
        ends = [house.csp(each) for each in (makers.voltaire(), makers.fjell())]

        told = {}
        for answer in ("BLOCKED", "UNKNOWN"):
            ends[0].answer = answering(decision=answer)
            ends[1].answer = answering(decision="UNKNOWN")
            told[answer] = house.ask()
        ends[0].answer = after(0.7, answering())
        late = house.ask()
        for end in ends:
            end.answer = lambda asked, handler: (500, b"no")
        none = house.ask()
        _wait_for_threads()

        assert (told["BLOCKED"].decision, told["BLOCKED"].csp_code) == ("BLOCKED", "FR*VOL")
        assert (told["UNKNOWN"].decision, told["UNKNOWN"].csp_code) == ("UNKNOWN", "")
        assert told["UNKNOWN"].reason == "no CSP knows this credential"
        assert late.reason == "no CSP knows this credential; 1 of 2 CSPs did not answer"
        assert none.decision == "NOT_REACHED"
        assert not ServiceSession.objects.exists()

    def test_only_connected_csps_with_an_agreement_are_asked(self, house):
        ends = [
            house.csp(makers.voltaire(), answer=answering(), state="OFFLINE"),
            house.csp(makers.fjell(), answer=answering(), agreed=False),
        ]

        assert house.ask().decision == "UNKNOWN"
        assert [end.asked for end in ends] == [[], []]


def test_no_transaction_is_held_and_the_same_question_at_once_opens_one_session(house, settings):
    settings.AUTHORIZATION_TIMEOUT_S = 20.0
    states: list[str] = []
    all_are_asking = threading.Barrier(4)

    def look(asked, handler):
        all_are_asking.wait(timeout=15)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            states.extend(state for (state,) in cursor.fetchall())
        connections.close_all()
        return answering()(asked, handler)

    house.csp(makers.voltaire(), answer=look)
    whitelist.publish(card(offline_policy="NEVER"), csp=makers.voltaire(), now=NOON)
    told = []

    def ask():
        told.append(house.ask(correlation_id="c-1"))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(all_are_asking.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states
    assert not [state for state in states if state.startswith("idle in transaction")]
    assert len(told) == len(threads)
    assert len({one.session_id for one in told}) == 1
    assert ServiceSession.objects.count() == AuthorizationRequest.objects.count() == 1


def _wait_for_threads() -> None:
    deadline = time.monotonic() + 5
    while any(thread.name == "authorize" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
