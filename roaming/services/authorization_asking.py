"""Ask CSPs over the network: one in this thread, several at once in threads of their own.

No transaction is open meanwhile. What comes after the deadline is logged and counts no more.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import connections

from partners.models import Party, RoamingEndpoint
from roaming.gateways import NotReached, Route, gateway_of
from roaming.messages.authorizations import AuthorizationAnswer, AuthorizationQuestion
from roaming.rules.authorization import Candidate

MOST_AT_ONCE = 200
logger = logging.getLogger(__name__)
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one CSP answered, or how it was not reached; ``elapsed_ms`` is its time, not ours."""

    candidate: Candidate
    answer: AuthorizationAnswer | None
    failure: NotReached | None
    elapsed_ms: int


def ask_one(candidate: Candidate, question: AuthorizationQuestion, *, cso: Party) -> Asked:
    """Ask the CSP; its gateway keeps the deadline."""
    [route] = _routes([candidate], question, cso)
    return _ask(candidate, route, question, timeout_s=settings.AUTHORIZATION_TIMEOUT_S)


def ask_around(
    candidates: Sequence[Candidate], question: AuthorizationQuestion, *, cso: Party
) -> list[Asked]:
    """Ask all at once until one says ALLOWED or the time is over; those that answered by then."""
    ends_at = time.monotonic() + settings.AUTHORIZATION_TIMEOUT_S
    answers: SimpleQueue[Asked] = SimpleQueue()
    is_over = threading.Event()
    waiting = 0
    for candidate, route in zip(candidates, _routes(candidates, question, cso), strict=True):
        if not _places.acquire(blocking=False):
            answers.put(Asked(candidate, None, NotReached("AWAY", "too much is asked at once"), 0))
        else:
            work = _Work(candidate, route, question, answers, is_over)
            threading.Thread(target=work, name="authorize", daemon=True).start()
        waiting += 1
    return list(_until_allowed(answers, waiting, ends_at, is_over))


def _until_allowed(
    answers: "SimpleQueue[Asked]", waiting: int, ends_at: float, is_over: threading.Event
) -> Iterator[Asked]:
    try:
        for _ in range(waiting):
            asked = answers.get(timeout=max(ends_at - time.monotonic(), 0.001))
            yield asked
            if asked.answer is not None and asked.answer.decision == "ALLOWED":
                return
    except Empty:
        return
    finally:
        is_over.set()


@dataclass(frozen=True, slots=True)
class _Work:
    """One CSP's part of asking around."""

    candidate: Candidate
    route: Route
    question: AuthorizationQuestion
    answers: "SimpleQueue[Asked]"
    is_over: threading.Event

    def __call__(self) -> None:
        try:
            asked = _ask(
                self.candidate,
                self.route,
                self.question,
                timeout_s=settings.AUTHORIZATION_TIMEOUT_S,
            )
            if self.is_over.is_set():
                logger.info(
                    "%s answered after %s ms, when it was decided already: discarded",
                    self.candidate.csp_code,
                    asked.elapsed_ms,
                )
            else:
                self.answers.put(asked)
        finally:
            _places.release()
            connections.close_all()


def _ask(
    candidate: Candidate, route: Route, question: AuthorizationQuestion, *, timeout_s: float
) -> Asked:
    """A gateway that breaks in a way it should not is a CSP not reached, and a log line."""
    with _measured() as elapsed:
        try:
            gateway = gateway_of(candidate.protocol)
            answer = gateway.authorize(route, question, timeout_s=timeout_s)
        except NotReached as error:
            if error.kind == "TIMED_OUT":
                logger.info(
                    "%s did not answer within %s s: a later answer is discarded",
                    candidate.csp_code,
                    timeout_s,
                )
            return Asked(candidate, None, error, elapsed())
        except Exception:
            logger.exception("asking %s failed", candidate.csp_code)
            broken = NotReached("BROKEN", "its answer could not be read")
            return Asked(candidate, None, broken, elapsed())
        return Asked(candidate, answer, None, elapsed())


@contextmanager
def _measured():
    started = time.monotonic()
    yield lambda: round((time.monotonic() - started) * 1000)


def _routes(
    candidates: Sequence[Candidate], question: AuthorizationQuestion, cso: Party
) -> list[Route]:
    endpoints = RoamingEndpoint.objects.in_bulk([one.endpoint_id for one in candidates])
    parties = Party.objects.in_bulk([one.csp_id for one in candidates])
    return [
        Route(
            endpoint=endpoints[one.endpoint_id],
            sender=cso,
            receiver=parties[one.csp_id],
            correlation_id=question.correlation_id,
        )
        for one in candidates
    ]
