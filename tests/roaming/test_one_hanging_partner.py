"""Must-show 7: partners that hang, answer HTML 500 or redirect slow nobody else down.

Measured in turns, alone and beside the bad ones, and compared with itself: no absolute times. In
threads of one process; tests/flows/test_served_beside_hanging.py shows it of the web server.
"""

import statistics
import threading
import time
from contextlib import ExitStack

import pytest
from django.db import connections

from partners.models import RoamingEndpoint
from roaming.gateways import NotReached
from roaming.models import Exchange
from roaming.services import outgoing
from roaming.services.outgoing import NotCalled
from roaming.services.outgoing.breaker import FAILURES_IN_A_ROW, State, breaker
from tests.own_house import wait_until
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd, at_work, html_500

pytestmark = pytest.mark.django_db(transaction=True)

CALLS, TURNS, THREADS = 25, 2, 2
MOST_SLOWER = 2.5
HANG_S = 0.4


class Bad:
    """Traffic to one bad partner from three threads, until it is told to stop."""

    def __init__(self, end: PartnerEnd):
        self.end, self.endpoint = end, make(RoamingEndpoint, state="CONNECTED")
        self.refused_at_once = self.failed = 0
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def was_left_alone(self) -> bool:
        return self.refused_at_once > self.failed > 0

    def __enter__(self):
        self._is_over.clear()
        self._threads = [threading.Thread(target=self._call) for _ in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *what):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _call(self):
        while not self._is_over.wait(timeout=0.05):
            try:
                outgoing.call(self.endpoint, "GET", self.end.url, timeout_s=HANG_S)
                self.failed += 1
            except NotCalled:
                self.refused_at_once += 1
            except NotReached:
                self.failed += 1
        connections.close_all()


def steady_traffic(endpoint: RoamingEndpoint, url: str) -> tuple[float, list[float]]:
    """How long the calls took as a whole, and each one."""
    each: list[float] = []

    def call():
        for _ in range(CALLS):
            started = time.monotonic()
            assert outgoing.call(endpoint, "GET", url).status == 200
            each.append(time.monotonic() - started)
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(THREADS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started, each


def p90(durations: list[float]) -> float:
    return statistics.quantiles(durations, n=10)[-1]


def test_a_partner_that_hangs_slows_no_other(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    healthy = make(RoamingEndpoint, state="CONNECTED")
    with ExitStack() as stack:
        good, *ends = (stack.enter_context(at_work()) for _ in range(4))
        hanging, html, redirecting = (Bad(end) for end in ends)
        hanging.end.answer, html.end.answer = hanging.end.hang, html_500
        redirecting.end.answer = redirecting.end.redirect
        good.answer = good.slow(0.01)
        bad = (hanging, html, redirecting)
        steady_traffic(healthy, good.url)
        alone: list[tuple[float, list[float]]] = []
        beside: list[tuple[float, list[float]]] = []
        for _ in range(TURNS):
            alone.append(steady_traffic(healthy, good.url))
            with hanging, html, redirecting:
                beside.append(steady_traffic(healthy, good.url))
                wait_until(lambda: all(one.was_left_alone for one in bad), "they are left alone")
        breakers = [breaker.state(one.endpoint.pk) for one in bad]
        calls_taken = [len(one.end.asked) for one in bad]

    # Throughput and latency of the healthy one, each by its best turn: noise only adds.
    assert min(time for time, _ in beside) < MOST_SLOWER * min(time for time, _ in alone)
    assert min(p90(each) for _, each in beside) < MOST_SLOWER * min(p90(each) for _, each in alone)
    assert all(len(each) == CALLS * THREADS for _, each in beside)
    # Each bad one was left alone after a few failures: five in a row, those under way, a probe.
    assert State.CLOSED not in breakers
    assert max(calls_taken) < 3 * FAILURES_IN_A_ROW
    assert all(one.was_left_alone for one in bad)
    # The time that the bad ones cost is theirs alone: nobody waited longer than once.
    failures = Exchange.objects.filter(is_success=False)
    assert failures.count() == sum(one.failed for one in bad)
    assert not failures.filter(endpoint=healthy).exists()
