"""The circuit breaker: one state for all processes, one probe; a local one without the cache."""

import threading
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache

from roaming.services.outgoing.breaker import FAILURES_IN_A_ROW, PAUSE_S, Breaker, State


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def endpoint():
    return uuid4()


def fail(breaker: Breaker, endpoint: UUID, times: int = FAILURES_IN_A_ROW) -> None:
    for _ in range(times):
        admission = breaker.admit(endpoint)
        assert admission is not None
        breaker.failed(endpoint, admission)


def test_opens_for_all_processes_at_once(clock, endpoint):
    ours, theirs = Breaker(shared=cache, clock=clock), Breaker(shared=cache, clock=clock)
    fail(ours, endpoint, FAILURES_IN_A_ROW - 1)
    fail(theirs, endpoint, 1)

    assert ours.admit(endpoint) is None
    assert theirs.admit(endpoint) is None
    assert ours.state(endpoint) is State.OPEN
    assert ours.admit(uuid4()) is not None


def test_lets_one_probe_through_after_the_pause(clock, endpoint):
    breaker = Breaker(shared=cache, clock=clock)
    fail(breaker, endpoint)
    clock.now += PAUSE_S - 1
    assert breaker.admit(endpoint) is None

    clock.now += 2
    assert breaker.state(endpoint) is State.HALF_OPEN
    admitted = []
    threads = [
        threading.Thread(target=lambda: admitted.append(breaker.admit(endpoint))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [probe] = [one for one in admitted if one]
    assert probe.is_probe


def test_closes_when_the_probe_succeeds(clock, endpoint):
    breaker = Breaker(shared=cache, clock=clock)
    fail(breaker, endpoint)
    clock.now += PAUSE_S
    breaker.succeeded(endpoint, breaker.admit(endpoint))

    assert breaker.state(endpoint) is State.CLOSED
    fail(breaker, endpoint, FAILURES_IN_A_ROW - 1)
    assert breaker.state(endpoint) is State.CLOSED


def test_opens_anew_when_the_probe_fails(clock, endpoint):
    breaker = Breaker(shared=cache, clock=clock)
    fail(breaker, endpoint)
    clock.now += PAUSE_S
    fail(breaker, endpoint, 1)

    assert breaker.admit(endpoint) is None
    clock.now += PAUSE_S
    assert breaker.admit(endpoint) is not None


def test_gives_an_abandoned_probe_to_the_next(clock, endpoint):
    breaker = Breaker(shared=cache, clock=clock)
    fail(breaker, endpoint)
    clock.now += PAUSE_S
    breaker.abandoned(endpoint, breaker.admit(endpoint))

    assert breaker.admit(endpoint) is not None


def test_is_closed_by_a_person(clock, endpoint):
    breaker = Breaker(shared=cache, clock=clock)
    fail(breaker, endpoint)
    breaker.close(endpoint)

    assert breaker.admit(endpoint) is not None


def test_works_for_this_process_while_the_cache_is_away(clock, endpoint):
    away = RedisCache("redis://127.0.0.1:1", {})
    breaker, other = Breaker(shared=away, clock=clock), Breaker(shared=away, clock=clock)
    fail(breaker, endpoint)

    assert breaker.admit(endpoint) is None
    assert other.admit(endpoint) is not None
    clock.now += PAUSE_S
    breaker.succeeded(endpoint, breaker.admit(endpoint))
    assert breaker.state(endpoint) is State.CLOSED
