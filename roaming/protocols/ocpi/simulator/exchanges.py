"""Everything that a simulated partner heard and said, for tests to ask."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from roaming.protocols.ocpi.simulator import exact

IN, OUT = "in", "out"


class NothingCame(AssertionError):
    """What was waited for did not arrive in time."""


@dataclass
class Call:
    """One request and its answer; ``status`` 0 means that none came. Header names in lower case.

    ``seconds`` is how long a call of ours took, to the last byte.
    """

    direction: str
    method: str
    url: str
    module: str
    headers: Mapping[str, str]
    raw: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: int = 0
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_raw: bytes = b""
    trouble: str = ""
    seconds: float = 0

    @property
    def body(self) -> Any:
        return _json_or_none(self.raw)

    @property
    def answer(self) -> Any:
        return _json_or_none(self.answer_raw)

    @property
    def code(self) -> int | None:
        """OCPI's ``status_code`` of the answer, where it has a number there."""
        code = self.answer.get("status_code") if isinstance(self.answer, dict) else None
        return code if isinstance(code, int) else None

    @property
    def data(self) -> Any:
        return self.answer.get("data") if isinstance(self.answer, dict) else None

    @property
    def ok(self) -> bool:
        """Any 2xx and any 1xxx."""
        return 200 <= self.status < 300 and self.code is not None and 1000 <= self.code < 2000

    @property
    def summary(self) -> str:
        """What came, in a few words."""
        if not self.status:
            return f"no answer: {self.trouble}"
        if self.code is None:
            return f"HTTP {self.status}, no OCPI answer"
        message = self.answer.get("status_message") or ""
        return f"HTTP {self.status}, status_code {self.code} {message}".strip()

    def line(self) -> exact.Document:
        """For a person who reads along; the tokens of the connection are left out."""
        headers = {n: v for n, v in self.headers.items() if n.startswith(("ocpi-", "x-"))}
        return {
            "at": self.at.isoformat(),
            "direction": self.direction,
            "method": self.method,
            "url": self.url,
            "headers": headers,
            "body": _masked(self.body),
            "status": self.status,
            "answer": _masked(self.answer),
        } | ({"trouble": self.trouble} if self.trouble else {})


class Exchanges:
    """The calls in their order. Safe for threads."""

    def __init__(self, trace: Callable[[Call], None] | None = None) -> None:
        self._calls: list[Call] = []
        self._changed = threading.Condition()
        self._trace = trace

    def begin(self, call: Call) -> Call:
        with self._changed:
            self._calls.append(call)
        return call

    def end(self, call: Call) -> None:
        if self._trace:
            self._trace(call)
        with self._changed:
            self._changed.notify_all()

    def of(self, direction: str, module: str | None = None, method: str = "") -> list[Call]:
        with self._changed:
            return [
                call
                for call in self._calls
                if call.direction == direction
                and module in (None, call.module)
                and method in ("", call.method)
            ]

    def wait_for(self, enough: Callable[[], bool], what: str, *, seconds: float) -> None:
        """:raises NothingCame: ``enough`` is still not so after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not enough():
            with self._changed:
                self._changed.wait(0.05)
            if time.monotonic() > deadline:
                raise NothingCame(f"not within {seconds} s: {what}")

    def clear(self) -> None:
        with self._changed:
            self._calls.clear()


def _json_or_none(raw: bytes) -> Any:
    try:
        return exact.read(raw) if raw else None
    except exact.NotJson:
        return None


def _masked(value: Any) -> Any:
    """The same with the credentials' ``token`` unreadable; a charging token is an object."""
    if isinstance(value, dict):
        return {
            name: "***" if name == "token" and isinstance(one, str) else _masked(one)
            for name, one in value.items()
        }
    return [_masked(one) for one in value] if isinstance(value, list) else value
