"""Authorization: ours beside the plain DRF way on one server, and our share of a slow partner's.

Both ways in turns: requests per second with eight at once, then p50 and p99 at a steady rate that
the slower way can carry. A way that answers anything but ALLOWED is no measurement.
"""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from django.db import connection
from rich.console import Console
from rich.table import Table

from partners.models import RoamingEndpoint
from partners.services.clients import create_api_client
from roaming.models import AuthorizationRequest
from roaming.services import whitelist
from tests import makers
from tests.benchmarks import raw_copy
from tests.benchmarks.processor_time import Cost, cost_of
from tests.benchmarks.web_server import WebServer, web_server
from tests.roaming.authorization_world import after, answering
from tests.roaming.credential_world import card
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd, at_work
from tests.roaming.webhook_receiver import subscribe

OURS, BASELINE = "/api/v1/authorizations/ask/", "/api/baseline/authorize/"
GOAL_RATIO, GOAL_SHARE_MS, PARTNER_S = 5.0, 50.0, 0.2
AT_ONCE, STEADY, STEADY_SLOW = 8, 25, 10
_NOW = datetime.now(tz=UTC)


@dataclass(frozen=True)
class Sizes:
    cards: int
    requests: int
    rounds: int
    slow_asks: int


FULL, SMALL = Sizes(20_000, 500, 3, 400), Sizes(500, 60, 1, 40)


def main(*, is_small: bool) -> None:
    sizes = SMALL if is_small else FULL
    console = Console(width=110)
    uids = _lay_out(sizes)
    with at_work(PartnerEnd(answer=after(PARTNER_S, answering()))) as slow:
        _slow_csp(slow)
        with web_server() as server:
            server.log_in(_client())
            _ask(server, OURS, next(uids))
            _ask(server, BASELINE, next(uids))
            _compare(server, uids, sizes, console)
            _share(server, sizes, console)


def _lay_out(sizes: Sizes) -> Iterator[str]:
    makers.AgreementMaker()
    numbers = [f"{number:08X}" for number in range(sizes.cards)]
    whitelist.publish_many(
        [card(uid=uid, contract_id=makers.numbered_contract(n)) for n, uid in enumerate(numbers)],
        csp=makers.voltaire(),
        now=_NOW,
    )

    def endless() -> Iterator[str]:
        while True:
            yield from numbers

    return endless()


def _slow_csp(end: PartnerEnd) -> None:
    """Fjell is asked each time, and takes a fifth of a second."""
    fjell = makers.fjell()
    makers.AgreementMaker(buyer=fjell)
    endpoint = make(
        RoamingEndpoint,
        owner=makers.partner_of(fjell),
        protocol="REST",
        url=f"{end.url}/authorize",
        state="CONNECTED",
    )
    endpoint.parties.set([fjell])
    subscribe(fjell, f"{end.url}/hook")


def _client():
    return create_api_client(
        makers.partner_of(makers.nordlicht()),
        environment="LIVE",
        name="bench",
        scopes=["authorization:write"],
    )


def _compare(server: WebServer, uids: Iterator[str], sizes: Sizes, console: Console) -> None:
    costs: dict[str, list[Cost]] = {OURS: [], BASELINE: []}
    for _ in range(sizes.rounds):
        for path in (BASELINE, OURS):
            costs[path].append(_cost(server, path, [next(uids) for _ in range(sizes.requests)]))
    steady = {
        path: _many(
            server,
            path,
            [next(uids) for _ in range(sizes.requests)],
            at_once=AT_ONCE,
            per_second=STEADY,
        )
        for path in (BASELINE, OURS)
    }
    table = Table(
        "way", "requests/s", "processor ms each: server, database", f"p50 ms at {STEADY}/s",
        "p99 ms", title="Authorization",
    )  # fmt: skip
    for name, path in (("plain DRF, ORM row by row", BASELINE), ("ours", OURS)):
        p50, p99 = _percentiles(steady[path])
        rate = statistics.median(sizes.requests / one.wall_s for one in costs[path])
        used = [
            statistics.median(getattr(one, part) / sizes.requests * 1000 for one in costs[path])
            for part in ("python_s", "database_s")
        ]
        table.add_row(
            name, f"{rate:,.0f}", f"{used[0]:.1f}, {used[1]:.1f}", f"{p50:.1f}", f"{p99:.1f}"
        )
    console.print(table)
    pairs = list(zip(costs[BASELINE], costs[OURS], strict=True))
    by_clock = statistics.median(theirs.wall_s / ours.wall_s for theirs, ours in pairs)
    _tell(console, "requests per second, ours : plain DRF", by_clock, GOAL_RATIO)
    # Barely moves with what else the machine does, and leaves out who asks.
    by_work = statistics.median(_work_s(theirs) / _work_s(ours) for theirs, ours in pairs)
    _tell(console, "processor time of server and database, plain DRF : ours", by_work, GOAL_RATIO)


def _cost(server: WebServer, path: str, uids: list[str]) -> Cost:
    connection.ensure_connection()
    return cost_of(
        lambda: _many(server, path, uids, at_once=AT_ONCE),
        python=server.pids,
        postmaster=raw_copy.postmaster_of(connection.connection),
    )


def _work_s(cost: Cost) -> float:
    return cost.python_s + cost.database_s


def _share(server: WebServer, sizes: Sizes, console: Console) -> None:
    """What is ours of each answer at a steady rate: the whole, less what the partner took.

    Four that ask in step, all at once again and again, wait for each other: told beside it.
    """
    uids = [f"{number:08X}" for number in range(10**9, 10**9 + sizes.slow_asks)]
    half = len(uids) // 2
    took_ms = _many(
        server, OURS, uids[:half], at_once=AT_ONCE, per_second=STEADY_SLOW, csp_id="NO*FJL"
    )
    in_step_ms = _many(server, OURS, uids[half:], at_once=4, csp_id="NO*FJL")
    logged = AuthorizationRequest.objects.filter(csp=makers.fjell(), decided_by="CSP")
    partner_ms = list(logged.values_list("partner_ms", flat=True))
    if len(partner_ms) != sizes.slow_asks:
        raise AssertionError(f"{len(partner_ms)} of {sizes.slow_asks} were answered by the CSP")
    p50, p99 = _percentiles([each - PARTNER_S * 1000 for each in took_ms])
    word = "ok" if p99 <= GOAL_SHARE_MS else "WARN"
    console.print(
        f"{word}  our share with a partner that takes {PARTNER_S * 1000:.0f} ms:"
        f" at {STEADY_SLOW}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        f" (goal p99 <= {GOAL_SHARE_MS:.0f} ms)"
    )
    p50, p99 = _percentiles([each - PARTNER_S * 1000 for each in in_step_ms])
    console.print(f"    four in step: p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def _tell(console: Console, name: str, ratio: float, goal: float) -> None:
    console.print(f"{'ok' if ratio >= goal else 'WARN'}  {name}: {ratio:.1f}x (goal {goal:.0f}x)")


def _many(
    server: WebServer,
    path: str,
    uids: list[str],
    *,
    at_once: int,
    per_second: float = 0,
    csp_id: str = "",
) -> list[float]:
    """Ask all, ``at_once`` together; milliseconds of each. ``per_second``: when each is due."""
    due: SimpleQueue[tuple[float, str]] = SimpleQueue()
    begin = time.perf_counter()
    for number, uid in enumerate(uids):
        due.put((begin + number / per_second if per_second else 0.0, uid))
    took_ms: list[float] = []
    faults: list[BaseException] = []

    def work() -> None:
        line = http.client.HTTPConnection(*_address(server), timeout=60)
        try:
            _drain(due, lambda uid: _ask(server, path, uid, line, csp_id), took_ms)
        except Exception as fault:  # noqa: BLE001 told to whoever waits
            faults.append(fault)
        finally:
            line.close()

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return took_ms


def _drain(
    due: "SimpleQueue[tuple[float, str]]", ask: Callable[[str], None], took_ms: list[float]
) -> None:
    while True:
        try:
            at, uid = due.get_nowait()
        except Empty:
            return
        if at:
            time.sleep(max(at - time.perf_counter(), 0))
        started = at or time.perf_counter()
        ask(uid)
        took_ms.append((time.perf_counter() - started) * 1000)


def _ask(
    server: WebServer,
    path: str,
    uid: str,
    line: http.client.HTTPConnection | None = None,
    csp_id: str = "",
) -> None:
    question = {
        "cso_id": "DE*NLX",
        "kind": "RFID",
        "uid": uid,
        "location_id": "LOC1",
        "evse_uid": "1001",
        "evse_id": "DE*NLX*E1001*1",
    } | ({"csp_id": csp_id} if csp_id else {})
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    line = line or server.connection
    line.request("POST", path, json.dumps(question).encode(), headers)
    response = line.getresponse()
    text = response.read()
    if response.status != 200 or json.loads(text)["decision"] != "ALLOWED":
        raise AssertionError(f"{path} answered {response.status}: {text[:500]!r}")


def _address(server: WebServer) -> tuple[str, int]:
    return server.connection.host, server.connection.port


def _percentiles(values: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]
