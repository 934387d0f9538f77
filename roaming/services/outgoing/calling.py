"""One call to a partner's system, from the guard to the record of it.

Order: no transaction may be open; a place among the calls under way; a pause that it asked for; the
breaker; then attempts until one is answered or the time is over, each one recorded.
"""

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TypedDict, Unpack
from uuid import UUID

import httpx
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from partners.models import RoamingEndpoint
from roaming.gateways import NotReached
from roaming.models import Exchange
from roaming.rules.retry_after import seconds_to_wait
from roaming.services import exchanges
from roaming.services.outgoing import wire
from roaming.services.outgoing.breaker import Admission, breaker
from roaming.services.outgoing.bulkhead import Full, bulkhead
from roaming.services.outgoing.pauses import pauses
from roaming.services.webhook_address import UnsafeAddress, check_url

TIMEOUT_S = 10.0
LONGEST_BODY = 8 * 1024 * 1024
FIRST_WAIT_S = 0.2
_FOR_NOW = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer, whatever its status; never a redirect. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a protocol finds in a reply: its own status code, and whether that means success."""

    is_success: bool
    status_code: int | None = None


# What the calls of this thread are about, where the caller does not say.
_about: ContextVar[tuple[str, UUID] | None] = ContextVar("outgoing_about", default=None)


@contextmanager
def about(kind: str, subject_id: UUID) -> Iterator[None]:
    """Note on the exchanges of the block what they are about, so that it can be sent again."""
    former = _about.set((kind, subject_id))
    try:
        yield
    finally:
        _about.reset(former)


class NotCalled(NotReached):
    """Nobody was asked: the breaker is open, the connection suspended, too much is under way, or it
    asked for a pause.
    """

    def __init__(self, text: str):
        super().__init__("AWAY", text)


class How(TypedDict, total=False):
    """``timeout_s`` is for everything: look-up, connection, all attempts, the last byte.

    Only calls that may be made twice get more than one of ``attempts``. ``private`` are values that
    name a driver, for the record of the call. ``verdict`` reads the protocol's status code.
    """

    body: bytes
    headers: Mapping[str, str]
    module: str
    timeout_s: float
    attempts: int
    request_id: str
    correlation_id: str
    subject: tuple[str, UUID] | None
    private: Iterable[str]
    verdict: Callable[[Reply], Verdict]
    longest_body: int


def call(endpoint: RoamingEndpoint, verb: str, url: str, **how: Unpack[How]) -> Reply:
    """Call a partner's system and return its answer, of any status but a redirect.

    :raises NotCalled: without a call; also ``AWAY``
    :raises NotReached: ``TIMED_OUT``, ``AWAY`` (no connection) or ``BROKEN`` (redirect, too long,
        no HTTP)
    """
    _refuse_in_transaction()
    if endpoint.state == RoamingEndpoint.State.SUSPENDED:
        raise NotCalled("this connection is suspended")
    try:
        with bulkhead.place(endpoint.pk, most=settings.PARTNER_CALLS_AT_ONCE):
            return _admitted(endpoint, verb, url, how)
    except Full as full:
        raise NotCalled(str(full)) from full


def _refuse_in_transaction() -> None:
    """Locks would be held while a partner's server thinks, and the record could be rolled back."""
    try:
        with transaction.atomic(durable=True):
            pass
    except RuntimeError as error:
        text = "a partner is called inside a transaction: commit first, then call"
        raise RuntimeError(text) from error


def _admitted(endpoint: RoamingEndpoint, verb: str, url: str, how: How) -> Reply:
    if left_s := pauses.left_s(endpoint.pk, how.get("module", "")):
        raise NotCalled(f"it asked to be left alone for {left_s:.0f} s more")
    admission = breaker.admit(endpoint.pk)
    if admission is None:
        raise NotCalled("it failed too often just now; it is tried again in a while")
    is_settled = False
    try:
        reply = _attempts(endpoint, verb, url, how, admission)
        is_settled = True
        _settle(endpoint.pk, admission, is_well=reply.status < 500)
        return reply
    except NotReached:
        is_settled = True
        _settle(endpoint.pk, admission, is_well=False)
        raise
    finally:
        if not is_settled:
            breaker.abandoned(endpoint.pk, admission)


def _settle(endpoint_id: UUID, admission: Admission, *, is_well: bool) -> None:
    (breaker.succeeded if is_well else breaker.failed)(endpoint_id, admission)


def _attempts(
    endpoint: RoamingEndpoint, verb: str, url: str, how: How, admission: Admission
) -> Reply:
    """A probe has one attempt: it asks for nothing but a sign of life."""
    most = 1 if admission.is_probe else max(how.get("attempts", 1), 1)
    with wire.Deadline(how.get("timeout_s", TIMEOUT_S)):
        for attempt in range(1, most + 1):
            is_last = attempt == most
            with wire.Deadline(wire.time_left() / (most - attempt + 1)):
                outcome = _recorded(endpoint, verb, url, how, attempt)
            is_final = isinstance(outcome, Reply) and outcome.status not in _FOR_NOW
            pause_s = _pause_asked_for(endpoint, outcome, how)
            if is_final or is_last or not _waited(attempt, at_least_s=pause_s):
                break
    if isinstance(outcome, NotReached):
        raise outcome
    return outcome


def _pause_asked_for(endpoint: RoamingEndpoint, outcome: Reply | NotReached, how: How) -> float:
    """The seconds of its Retry-After, told to all processes; 0: none."""
    if isinstance(outcome, NotReached):
        return 0.0
    asked = outcome.headers.get("retry-after", "")
    pause_s = seconds_to_wait(outcome.status, asked, now=timezone.now())
    pauses.begin(endpoint.pk, how.get("module", ""), pause_s)
    return pause_s


def _waited(attempt: int, *, at_least_s: float) -> bool:
    """Wait before the next attempt, twice as long each time, and spread; False: no time for it."""
    wait_s = FIRST_WAIT_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 no secret
    wait_s = max(wait_s, at_least_s)
    if wait_s >= wire.time_left():
        return False
    time.sleep(wait_s)
    return True


def _recorded(
    endpoint: RoamingEndpoint, verb: str, url: str, how: How, attempt: int
) -> Reply | NotReached:
    asked_at, started = timezone.now(), time.monotonic()
    outcome = _asked(verb, url, how)
    duration_ms = round((time.monotonic() - started) * 1000)
    if isinstance(outcome, Reply):
        read = how.get("verdict", _by_http)
        verdict = read(outcome)
        status, answer, error = outcome.status, outcome.body, ""
    else:
        verdict, status, answer = Verdict(is_success=False), None, b""
        error = f"{outcome.kind}: {outcome}"
    exchanges.record(
        endpoint,
        exchanges.Traffic(
            direction=Exchange.Direction.OUT,
            module=how.get("module", ""),
            verb=verb,
            url=url,
            asked_at=asked_at,
            duration_ms=duration_ms,
            http_status=status,
            status_code=verdict.status_code,
            is_success=verdict.is_success,
            attempt=attempt,
            request_id=how.get("request_id", ""),
            correlation_id=how.get("correlation_id", ""),
            request_body=how.get("body", b""),
            response_body=answer,
            error=error,
            subject=how.get("subject") or _about.get(),
            secrets=_secrets(how.get("headers", {})),
            private=how.get("private", ()),
        ),
    )
    return outcome


def _by_http(reply: Reply) -> Verdict:
    return Verdict(is_success=200 <= reply.status < 300)


def _secrets(headers: Mapping[str, str]) -> list[str]:
    """An error page likes to repeat what it was sent."""
    values = [value for name, value in headers.items() if name.lower() == "authorization"]
    return [part for value in values for part in (value, value.rpartition(" ")[2])]


def _asked(verb: str, url: str, how: How) -> Reply | NotReached:
    """One attempt, within the deadline that is set."""
    started = time.monotonic()
    try:
        check_url(url, may_be_local=settings.PARTNERS_MAY_BE_LOCAL)
        with _client(os.getpid()).stream(
            verb, url, content=how.get("body") or None, headers=dict(how.get("headers", {}))
        ) as response:
            if response.is_redirect or 300 <= response.status_code < 400:
                return NotReached("BROKEN", f"it redirects ({response.status_code})")
            body = _body(response, longest=how.get("longest_body", LONGEST_BODY))
    except httpx.TimeoutException as error:
        return NotReached("TIMED_OUT", f"{type(error).__name__}: {error}")
    except UnsafeAddress as unsafe:
        return NotReached("AWAY", f"its address {unsafe}")
    except (httpx.NetworkError, httpx.ProxyError) as error:
        return NotReached("AWAY", f"{type(error).__name__}: {error}")
    except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
        return NotReached("BROKEN", f"{type(error).__name__}: {error}")
    elapsed_ms = round((time.monotonic() - started) * 1000)
    return Reply(response.status_code, response.headers, body, elapsed_ms)


class _Unreadable(Exception):
    """The answer's body is not for us."""


def _body(response: httpx.Response, *, longest: int) -> bytes:
    """As it came: packed bodies were not asked for, and may hide any length."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _Unreadable("the body is packed, which nobody asked for")
    parts, length = [], 0
    for part in response.iter_raw():
        length += len(part)
        if length > longest:
            raise _Unreadable(f"the body is longer than {longest:,} bytes")
        parts.append(part)
    return b"".join(parts)


@cache
def _client(pid: int) -> httpx.Client:
    """One per process: sockets are not shared with what a worker forks."""
    return wire.new_client()
