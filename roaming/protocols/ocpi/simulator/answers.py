"""What a door of the partner says: an envelope, or a refusal."""

from dataclasses import dataclass, field
from typing import Any

from roaming.protocols.ocpi.simulator import exact
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.server import Request

NOTHING = object()


@dataclass(frozen=True)
class Answer:
    """``data`` left at NOTHING is left out of the envelope."""

    data: object = NOTHING
    status: int = 200
    code: int = 1000
    message: str = "Success"
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request cannot be done: HTTP status, OCPI code and a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = Answer(status=status, code=code, message=message)


def invalid(message: str) -> Refused:
    return Refused(200, 2001, message)


def no_such_method() -> Refused:
    return Refused(405, 2000, "Method not allowed")


def body_of(request: Request) -> Any:
    """:raises Refused: 400, the body is no JSON."""
    try:
        return exact.read(request.raw)
    except exact.NotJson as error:
        raise Refused(400, 2000, f"Not JSON: {error}") from error


def object_of(request: Request) -> Document:
    """:raises Refused: 400 for what is no JSON, 2001 for JSON that is no object."""
    body = body_of(request)
    if not isinstance(body, dict):
        raise invalid("The body is no object")
    return body
