"""A partner that writes head and body apart is not waited for much longer than for a head alone."""

import statistics
import time

from roaming.services.outgoing.wire import Deadline, new_client
from tests.roaming.partner_end import OK, at_work

ROUNDS = 15


def median_s(end, client, body: bytes) -> float:
    end.answer = lambda asked, handler: (200, body)
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with Deadline(20):
            assert client.post(f"{end.url}/", content=b"{}").content == body
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def test_takes_no_longer(settings):
    """The body lies at the partner until it hears that the head came (Nagle's algorithm)."""
    settings.PARTNERS_MAY_BE_LOCAL = True
    with at_work() as end, new_client() as client:
        head_alone = median_s(end, client, b"")
        # The kernel would take 40 ms to tell it, some thirty times as long.
        assert median_s(end, client, OK) < 8 * head_alone
