"""How a partner behaves on the wire: well, or in one of the ways that partners really fail.

``versions`` and ``credentials`` stay well-behaved unless they are named, so that a partner can
register first and misbehave afterwards.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from roaming.protocols.ocpi.simulator import exact
from roaming.protocols.ocpi.simulator.options import Options

_PAGE = b"<!doctype html><html><body><h1>500 Internal Server Error</h1></body></html>"


class Behaviour(StrEnum):
    WELL = "well"
    LATE = "late"  # answers, but after the peer's patience
    DUPLICATE = "duplicate"  # sends each request twice, byte for byte
    MALFORMED = "malformed"  # broken JSON, wrong types, no envelope: in turn, both ways
    SLOW = "slow"  # one byte at a time, both ways
    DROPPING = "dropping"  # hangs up in the middle, both ways
    HTML500 = "html500"  # an error page of a proxy
    REDIRECT = "redirect"  # sends the peer to another host
    HANG = "hang"  # takes the request and says nothing


class Wire(Protocol):
    """What a connection can do."""

    def send(self, data: bytes) -> None: ...


@dataclass(frozen=True)
class Rendered:
    """An answer in bytes: status line and headers apart from the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Answer"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1")


@dataclass
class Conduct:
    """The behaviour of now, and where: ``modules`` None is everything but the handshake."""

    options: Options
    behaviour: Behaviour = Behaviour.WELL
    modules: frozenset[str] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def at(self, module: str) -> Behaviour:
        if self.modules is None:
            misbehaves = module not in ("versions", "credentials")
        else:
            misbehaves = module in self.modules
        return self.behaviour if misbehaves else Behaviour.WELL

    def deliver(self, wire: Wire, module: str, answer: Rendered) -> bool:
        """Put an answer on the wire in this behaviour; whether the connection may live on."""
        behaviour = self.at(module)
        if behaviour is Behaviour.HANG:
            self.stopping.wait()
            return False
        if behaviour is Behaviour.LATE:
            self.stopping.wait(self.options.late_s)
        answer = self._replaced(behaviour, answer)
        if behaviour is Behaviour.DROPPING:
            wire.send(answer.head() + answer.body[: len(answer.body) // 2])
            return False
        whole = answer.head() + answer.body
        for part in self.dripped(whole) if behaviour is Behaviour.SLOW else (whole,):
            wire.send(part)
        return True

    def _replaced(self, behaviour: Behaviour, answer: Rendered) -> Rendered:
        match behaviour:
            case Behaviour.HTML500:
                return Rendered(500, {"Content-Type": "text/html"}, _PAGE)
            case Behaviour.REDIRECT:
                return Rendered(307, {"Location": self.options.redirect_to}, b"")
            case Behaviour.MALFORMED:
                return Rendered(answer.status, answer.headers, self.spoiled(answer.body))
        return answer

    def content(self, module: str, raw: bytes) -> bytes | Iterator[bytes]:
        """A request's body as this behaviour sends it."""
        match self.at(module):
            case Behaviour.MALFORMED:
                return self.spoiled(raw)
            case Behaviour.SLOW:
                return self.dripped(raw)
            case Behaviour.DROPPING:
                return _cut_off(raw)
            case _:
                return raw

    def spoiled(self, raw: bytes) -> bytes:
        """Broken JSON, numbers as text and text as numbers, and a bare list, in turn."""
        turn = next(self._turns) % 3
        if turn == 0 or not raw:
            return raw[: len(raw) * 2 // 3] + b"{"
        return exact.write(_mistyped(exact.read(raw))) if turn == 1 else b'["what",null,{}]'

    def dripped(self, raw: bytes) -> Iterator[bytes]:
        for position in range(len(raw)):
            self.stopping.wait(self.options.slow_byte_s)
            yield raw[position : position + 1]


class HungUp(Exception):
    """The partner cut its own request off."""


def _cut_off(raw: bytes) -> Iterator[bytes]:
    yield raw[: len(raw) // 2]
    raise HungUp("the partner hung up in the middle of its request")


def _mistyped(value: object) -> object:
    if isinstance(value, dict):
        return {name: _mistyped(one) for name, one in value.items()}
    if isinstance(value, list):
        return {str(number): _mistyped(one) for number, one in enumerate(value)}
    return 42 if isinstance(value, str) else str(value)
