"""Calls between us and partners' systems, kept for thirty days as they went, masked.

Kept for staff, never for the machine: that a call could not be written down stops no call.
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import new_uuid7
from partners.models import RoamingEndpoint
from roaming.models import Exchange
from roaming.rules.masking import Mask

KEPT_FOR = timedelta(days=30)
_PRUNED_AT_ONCE = 10_000
_SQL = Path(__file__).parent / "sql"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One call with its answer. ``secrets`` and ``private`` are masked wherever they stand."""

    direction: str
    module: str
    verb: str
    url: str
    asked_at: datetime
    duration_ms: int
    http_status: int | None = None
    status_code: int | None = None
    is_success: bool = True
    attempt: int = 1
    request_id: str = ""
    correlation_id: str = ""
    request_body: bytes = b""
    response_body: bytes = b""
    error: str = ""
    subject: tuple[str, UUID] | None = None
    secrets: Iterable[str] = ()
    private: Iterable[str] = ()


def record(endpoint: RoamingEndpoint | None, traffic: Traffic, *, environment: str = "") -> UUID:
    """Write one exchange down and return its id; ``environment`` where no endpoint is known.

    Call it outside of transactions: what is rolled back was said all the same.
    """
    row = _row(endpoint, traffic, environment=environment)
    try:
        row.save(force_insert=True)
    except DatabaseError:
        _log.exception("an exchange was not recorded: %s %s", traffic.verb, traffic.module)
    return row.pk


def prune(*, now: datetime) -> int:
    """Delete what is older than thirty days, in small steps; how many."""
    deleted = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                load_statement(_SQL / "prune_exchanges.sql"),
                {"before": now - KEPT_FOR, "limit": _PRUNED_AT_ONCE},
            )
            deleted += cursor.rowcount
            if cursor.rowcount < _PRUNED_AT_ONCE:
                return deleted


def _row(endpoint: RoamingEndpoint | None, traffic: Traffic, *, environment: str) -> Exchange:
    mask = Mask(_key(), secrets=traffic.secrets, private=traffic.private)
    request_body, response_body = mask.body(traffic.request_body), mask.body(traffic.response_body)
    kind, subject_id = traffic.subject or ("", None)
    return Exchange(
        id=new_uuid7(),
        endpoint=endpoint,
        environment=endpoint.environment if endpoint else environment,
        direction=traffic.direction,
        module=traffic.module[:60],
        verb=traffic.verb[:7],
        url=mask.address(traffic.url)[:500],
        http_status=traffic.http_status,
        status_code=traffic.status_code,
        is_success=traffic.is_success,
        attempt=traffic.attempt,
        asked_at=traffic.asked_at,
        duration_ms=traffic.duration_ms,
        request_id=traffic.request_id[:64],
        correlation_id=traffic.correlation_id[:64],
        request_body=request_body,
        response_body=response_body,
        error=mask.text(traffic.error)[:300],
        subject_kind=kind,
        subject_id=subject_id,
    )


def masked(body: bytes) -> str:
    """What would be kept of a body."""
    return Mask(_key()).body(body)


@cache
def _key() -> bytes:
    """Of its own: what staff reads here can be compared with no pseudonym of records."""
    return hmac.digest(base64.b64decode(settings.PSEUDONYM_KEY), b"exchanges", hashlib.sha256)
