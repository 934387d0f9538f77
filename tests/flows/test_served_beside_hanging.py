"""Must-show 7 of the real web server: two processes of gunicorn, by the settings of deploy/.

Authorizations of CSPs that hang, answer HTML 500 or redirect, and steady ones of another CSP: in
turns alone and beside them, compared with itself. Each turn begins with all breakers closed, so
that every thread which the hanging one can hold is held while the others ask.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.db import connections

from partners.models import Party, RoamingEndpoint
from roaming.services.outgoing.breaker import Breaker, State
from tests import makers
from tests.own_house import wait_until
from tests.roaming.authorization_world import World, after, answering
from tests.roaming.partner_end import html_500
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS, AT_ONCE = 2, 8, 6
CALLS, TURNS, ASKING = 40, 3, 2
# The hanging one is asked by more threads than both processes let wait for it; each asks again half
# a second after its answer, so that the machine is not what is measured.
BAD_ASKING, PAUSE_S = (16, 2, 2), 0.5
MOST_SLOWER = 2.5


@contextmanager
def served() -> Iterator[int]:
    """The port of the web server in this test's database; its processes share our cache."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = connections["default"].settings_dict
    url = f"postgres://{database['USER']}@{quote(database['HOST'], safe='')}/{database['NAME']}"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"),
            "clearinghouse.wsgi:application",
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "clearinghouse.settings",
            "DATABASE_URL": url,
            "PARTNERS_MAY_BE_LOCAL": "true",
            "PARTNER_CALLS_AT_ONCE": str(AT_ONCE),
            "WEB_BIND": f"127.0.0.1:{port}",
            "WEB_CONCURRENCY": str(PROCESSES),
            "WEB_THREADS": str(THREADS),
            "LOG_LEVEL": "ERROR",
        },
    )
    try:
        wait_until(lambda: is_alive(port), "the web server answers", seconds=120)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def servers_cache() -> RedisCache:
    """As the server's processes name things in it; tests have names of their own."""
    return RedisCache(settings.CACHES["default"]["LOCATION"], {})


def csp(party_id: str) -> Party:
    partner = makers.PartnerMaker(name=party_id)
    return makers.PartyMaker(
        country_code="NO", party_id=party_id, role="CSP", partner=partner, owned_by=partner
    )


def is_alive(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class Stations:
    """Nordlicht's stations ask the web server whether drivers of one CSP may charge."""

    def __init__(self, port: int, token: str, csp: Party):
        self._port, self._token, self._csp = port, token, csp
        self.decisions: list[str] = []
        self.took_s: list[float] = []

    def ask(self, connection: HTTPConnection, number: int) -> None:
        question = {"cso_id": "DE*NLX", "csp_id": self._csp.code, "kind": "RFID"}
        body = json.dumps(question | {"uid": f"{number:08X}", "location_id": "LOC1"})
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        started = time.monotonic()
        connection.request("POST", "/api/v1/authorizations/ask/", body, headers)
        answer = connection.getresponse()
        decision = json.loads(answer.read())["decision"]
        self.took_s.append(time.monotonic() - started)
        self.decisions.append(decision)

    def steadily(self) -> tuple[float, float]:
        """Seconds that all calls took, and nine of ten of them at most."""
        self.took_s = []
        started = time.monotonic()
        with at_once(ASKING, self._some):
            pass
        return time.monotonic() - started, statistics.quantiles(self.took_s, n=10)[-1]

    def _some(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        for number in range(CALLS):
            self.ask(connection, number)
        connection.close()

    @contextmanager
    def all_the_time(self, count: int) -> Iterator[None]:
        is_over = threading.Event()

        def until_over() -> None:
            connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
            while not is_over.wait(timeout=PAUSE_S):
                self.ask(connection, len(self.decisions))
            connection.close()

        with at_once(count, until_over):
            try:
                yield
            finally:
                is_over.set()


@contextmanager
def at_once(count: int, work) -> Iterator[None]:
    faults: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except Exception as fault:  # noqa: BLE001 told to whoever waits
            faults.append(fault)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert faults == []


def test_the_web_server_serves_others_while_some_partners_hang():
    with ExitStack() as stack:
        world = World(stack)
        good = makers.voltaire()
        world.csp(good, answer=after(0.01, answering()))
        bad = [csp(f"B{number}X") for number in range(3)]
        ends = [world.csp(party) for party in bad]
        hanging, html, redirecting = ends
        hanging.answer, html.answer = hanging.hang, html_500
        redirecting.answer = redirecting.redirect
        endpoints = [RoamingEndpoint.objects.get(parties=party).pk for party in bad]
        token = PartnerSystem(makers.nordlicht()).token
        port = stack.enter_context(served())
        steady = Stations(port, token, good)
        others = [Stations(port, token, party) for party in bad]

        breaker = Breaker(shared=servers_cache())

        steady.steadily()
        alone, beside, held = [], [], []
        for _ in range(TURNS):
            alone.append(steady.steadily())
            for endpoint in endpoints:
                breaker.close(endpoint)
            hanging.asked.clear()
            with ExitStack() as asking:
                for one, count in zip(others, BAD_ASKING, strict=True):
                    asking.enter_context(one.all_the_time(count))
                wait_until(lambda: len(hanging.asked) >= AT_ONCE, "it holds what it can")
                beside.append(steady.steadily())
            held.append(len(hanging.asked))
        states = {breaker.state(endpoint) for endpoint in endpoints}
        for end in ends:
            end.is_over.set()

    assert set(steady.decisions) == {"ALLOWED"}
    assert all(set(one.decisions) == {"NOT_REACHED"} for one in others)
    # The whole and nine of ten calls, each by its best turn: noise only adds.
    for figure in (0, 1):
        slower = min(one[figure] for one in beside) / min(one[figure] for one in alone)
        assert slower < MOST_SLOWER, (alone, beside)
    # Each was left alone by both processes: what they had under way, and a few.
    assert State.CLOSED not in states
    assert max(held) <= PROCESSES * AT_ONCE + 5
