"""The newest state of objects reaches those who are to get it: once, in order, whoever hangs."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connections

from clearinghouse.uuid7 import new_uuid7
from partners.models import RoamingEndpoint
from roaming.models import Alert, ObjectPush
from roaming.services import pushes
from roaming.services.outgoing.breaker import FAILURES_IN_A_ROW
from roaming.services.pushes import MOST_ATTEMPTS
from tests.makers import NOON
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import OK, at_work
from tests.roaming.plain_gateway import connected, speaking_plain

pytestmark = pytest.mark.django_db
KIND = ObjectPush.Kind.LOCATION


@pytest.fixture(autouse=True)
def world(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    with speaking_plain():
        yield


@pytest.fixture
def end():
    with at_work() as end:
        yield end


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def want(endpoint, subject=None, kind=KIND, now=NOON):
    subject = subject or new_uuid7()
    pushes.want(kind, subject, [endpoint], now=now)
    return ObjectPush.objects.get(endpoint=endpoint, kind=kind, subject_id=subject)


def paths(end) -> list[str]:
    return [asked.path for asked in end.asked]


class TestWanting:
    def test_ten_changes_are_one_push(self, end, clock):
        endpoint, subject = connected(end), new_uuid7()
        for _ in range(10):
            push = want(endpoint, subject)

        assert (push.generation, push.sent_generation) == (10, 0)
        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 1, False: 0}
        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 0, False: 0}
        assert paths(end) == [f"/LOCATION/{subject}"]
        push.refresh_from_db()
        assert (push.sent_generation, push.sent_at, push.leased_until_at) == (10, NOON, None)

    def test_many_objects_for_many_take_one_statement(self, end, django_assert_num_queries):
        endpoints = [make(RoamingEndpoint) for _ in range(3)]
        subjects = [new_uuid7() for _ in range(5)]
        with django_assert_num_queries(1):
            pushes.want_all(KIND, [*subjects, subjects[0]], [*endpoints, endpoints[0]], now=NOON)

        assert ObjectPush.objects.filter(generation=1).count() == 15

    def test_nothing_for_nobody_is_no_statement(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            pushes.want(KIND, new_uuid7(), [], now=NOON)


class TestSending:
    def test_keeps_the_order_in_which_things_were_wanted(self, end, clock):
        endpoint = connected(end)
        wanted = [want(endpoint, now=NOON + timedelta(seconds=n)) for n in (3, 1, 2)]
        pushes.send_to(endpoint.pk, clock=clock)

        assert paths(end) == [f"/LOCATION/{wanted[n].subject_id}" for n in (1, 2, 0)]

    def test_what_changes_while_it_is_sent_stays_due(self, end, clock):
        endpoint, subject = connected(end), new_uuid7()
        want(endpoint, subject)
        [claimed] = pushes._claim(endpoint, now=NOON, leased_until=NOON + pushes.LEASE)
        want(endpoint, subject)
        pushes._settle(claimed, None, leased_until=NOON + pushes.LEASE, now=NOON)

        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 1, False: 0}

    def test_what_its_system_cannot_take_is_not_owed(self, end, clock):
        endpoint = connected(end)
        push = want(endpoint, kind=ObjectPush.Kind.IDENTITY)
        pushes.send_to(endpoint.pk, clock=clock)

        push.refresh_from_db()
        assert push.sent_generation == push.generation
        assert not end.asked

    def test_a_mistake_of_ours_with_one_object_stops_no_other(self, end, clock):
        endpoint = connected(end)
        broken = want(endpoint, kind=ObjectPush.Kind.CREDENTIAL)
        want(endpoint)

        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 1, False: 1}
        broken.refresh_from_db()
        assert broken.last_error == "BROKEN: our own ValueError: a mistake of ours"

    def test_one_that_is_away_is_not_asked_for_each_object(self, clock):
        endpoint = make(
            RoamingEndpoint, protocol="PLAIN", url="http://127.0.0.1:1", state="CONNECTED"
        )
        for _ in range(3):
            want(endpoint)

        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 0, False: 1}
        assert ObjectPush.objects.filter(attempts=0, leased_until_at=None).count() == 2

    def test_an_open_breaker_costs_no_attempt(self, end, clock):
        endpoint = connected(end)
        end.answer = lambda asked, handler: (503, b"")
        for _ in range(FAILURES_IN_A_ROW + 2):
            want(endpoint)
        pushes.send_to(endpoint.pk, clock=clock)

        assert len(end.asked) == FAILURES_IN_A_ROW
        assert ObjectPush.objects.filter(attempts=0, leased_until_at=None).count() == 2


class TestAFailure:
    def fail_until_given_up(self, endpoint, clock):
        for attempt in range(1, MOST_ATTEMPTS + 1):
            assert pushes.send_to(endpoint.pk, clock=clock) == {True: 0, False: 1}
            assert pushes.send_to(endpoint.pk, clock=clock) == {True: 0, False: 0}
            clock.now += pushes.wait_after(attempt) * 1.3

    def test_waits_longer_each_time_then_is_given_up_and_told(self, end, clock):
        endpoint = connected(end)
        end.answer = lambda asked, handler: (400, b"")
        push = want(endpoint)
        self.fail_until_given_up(endpoint, clock)

        push.refresh_from_db()
        assert push.given_up_at is not None
        alert = Alert.objects.get()
        assert (alert.kind, alert.partner) == (Alert.Kind.DEAD_LETTER, endpoint.owner)
        assert "HTTP 400" in alert.text
        assert pushes.wait_after(1) == timedelta(seconds=30)
        assert pushes.wait_after(20) == timedelta(hours=1)

    def test_is_forgotten_when_the_object_changes_again(self, end, clock):
        endpoint = connected(end)
        end.answer = lambda asked, handler: (400, b"")
        push = want(endpoint)
        self.fail_until_given_up(endpoint, clock)
        end.answer = lambda asked, handler: (200, OK)
        want(endpoint, push.subject_id, now=clock.now)

        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 1, False: 0}
        assert Alert.objects.get().closed_at is not None

    def test_of_an_older_state_does_not_give_up_the_newer(self, end, clock):
        endpoint = connected(end)
        push = want(endpoint)
        ObjectPush.objects.filter(pk=push.pk).update(attempts=MOST_ATTEMPTS - 1)
        end.answer = lambda asked, handler: (400, b"")
        [claimed] = pushes._claim(endpoint, now=NOON, leased_until=NOON + pushes.LEASE)
        want(endpoint, push.subject_id)
        failure = pushes._push(endpoint, claimed)
        pushes._settle(claimed, failure, leased_until=NOON + pushes.LEASE, now=NOON)

        push.refresh_from_db()
        assert (push.given_up_at, push.attempts) == (None, 0)

    def test_can_be_tried_again_by_a_person(self, end, clock):
        endpoint = connected(end)
        push = want(endpoint)
        ObjectPush.objects.filter(pk=push.pk).update(given_up_at=NOON, attempts=8)
        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 0, False: 0}

        assert pushes.push_again([push.pk], now=NOON) == 1
        assert pushes.send_to(endpoint.pk, clock=clock) == {True: 1, False: 0}


@pytest.mark.django_db(transaction=True)
class TestSideBySide:
    def test_one_that_hangs_delays_nobody_and_is_left_to_one_process(self, end, clock):
        with at_work() as hanging_end:
            hanging_end.answer = hanging_end.hang
            hanging = connected(hanging_end, quirks={"timeout_s": 60})
            healthy = [connected(end, url=f"{end.url}/{n}") for n in range(9)]
            offline = connected(end, url=f"{end.url}/off", state="OFFLINE")
            for endpoint in (hanging, *healthy, offline):
                want(endpoint)
                want(endpoint)
            done: list[dict] = []

            def run():
                done.append(pushes.send_due(clock=clock))
                connections.close_all()

            first = threading.Thread(target=run)
            first.start()
            served = ObjectPush.objects.filter(endpoint__in=healthy, sent_at=NOON)
            deadline = time.monotonic() + 50
            while served.count() < 18:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            # All others are served while it still hangs; another process leaves it alone.
            assert pushes.send_due(clock=clock) == {"sent": 0, "failed": 0}
            assert not done
            hanging_end.is_over.set()
            first.join()

        assert done == [{"sent": 18, "failed": 2}]
        assert not any("/off" in path for path in paths(end))

    def test_a_killed_ones_objects_are_due_when_its_lease_is_over(self, end, clock):
        endpoint = connected(end)
        want(endpoint)
        pushes._claim(endpoint, now=NOON, leased_until=NOON + pushes.LEASE)

        assert pushes.send_due(clock=clock) == {"sent": 0, "failed": 0}
        clock.now += pushes.LEASE
        assert pushes.send_due(clock=clock) == {"sent": 1, "failed": 0}
