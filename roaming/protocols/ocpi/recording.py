"""Partners' calls to us, kept for staff beside ours to them, masked alike.

Written down when the answer has left: nobody who stands at a station waits for it.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from roaming.models import Exchange
from roaming.protocols.ocpi.connections import Connection
from roaming.services import exchanges
from roaming.services.exchanges import Traffic

logger = logging.getLogger(__name__)
_READS = ("GET", "HEAD")


class Answered(HttpResponse):
    """An answer with something to be done after it was sent: servers close a response then."""

    afterwards: Callable[[], object] | None = None

    def close(self) -> None:
        afterwards, self.afterwards = self.afterwards, None
        try:
            if afterwards is not None:
                afterwards()
        except Exception:
            # Kept for staff, never for the machine.
            logger.exception("a partner's call was not recorded")
        super().close()


class Incoming:
    """One call of a partner's system from its arrival on."""

    def __init__(self, request: HttpRequest, module: str, *, asked_at: datetime) -> None:
        self.request, self.module, self.asked_at = request, module, asked_at
        self.connection: Connection | None = None
        self._started = time.perf_counter()

    def keep(
        self,
        answered: Answered,
        *,
        status_code: int,
        request_id: str,
        correlation_id: str,
    ) -> None:
        """Have it recorded once ``answered`` has been sent.

        Who shows no token of ours is no partner: the web server's log has it.
        """
        connection = self.connection
        if connection is None:
            return
        duration_ms = round((time.perf_counter() - self._started) * 1000)

        def afterwards() -> None:
            is_well = answered.status_code < 400 and 1000 <= status_code < 2000
            exchanges.record(
                connection.endpoint,
                Traffic(
                    direction=Exchange.Direction.IN,
                    module=self.module,
                    verb=self.request.method or "",
                    url=self.request.get_full_path(),
                    asked_at=self.asked_at,
                    duration_ms=duration_ms,
                    http_status=answered.status_code,
                    status_code=status_code,
                    is_success=is_well,
                    request_id=request_id,
                    correlation_id=correlation_id,
                    request_body=_body(self.request),
                    response_body=self._told(answered, is_well=is_well),
                    secrets=[connection.shown],
                ),
            )

        answered.afterwards = afterwards

    def _told(self, answered: HttpResponse, *, is_well: bool) -> bytes:
        """Pages that partners pull can be pulled again by us; what was done or refused cannot."""
        is_read = self.request.method in _READS
        content: Any = answered.content
        return b"" if is_read and is_well else bytes(content)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except (RequestDataTooBig, UnreadablePostError):
        return b""
