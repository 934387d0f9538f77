"""What goes wrong, in OCPI's status codes (2.2.1 §5), and the answer it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from roaming.gateways import NotReached

SUCCESS = 1000
CLIENT_ERROR = 2000
INVALID = 2001
NOT_ENOUGH = 2002
UNKNOWN_LOCATION = 2003
UNKNOWN_TOKEN = 2004
SERVER_ERROR = 3000
CANNOT_USE_API = 3001
UNSUPPORTED_VERSION = 3002
NO_ENDPOINTS = 3003
HUB_ERROR = 4000
UNKNOWN_RECEIVER = 4001
TIMED_OUT = 4002
NOT_CONNECTED = 4003

_CODE_OF_NOT_REACHED = {
    "TIMED_OUT": TIMED_OUT,
    "AWAY": NOT_CONNECTED,
    "BROKEN": HUB_ERROR,
    "UNABLE": HUB_ERROR,
}


class _Absent:
    """``data`` is left out, which is not the same as null."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a module answers: ``data`` is an exact JSON tree, or left out."""

    data: Any = ABSENT
    status_code: int = SUCCESS
    message: str = ""
    http: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Fault(Exception):
    """A refusal. HTTP errors are for what never got as far as OCPI; else 200 with its code."""

    def __init__(self, status_code: int, message: str, *, http: int = 200):
        super().__init__(message)
        self.status_code, self.message, self.http = status_code, message, http

    def answer(self) -> Answer:
        return Answer(status_code=self.status_code, message=self.message, http=self.http)


class NotAuthorized(Fault):
    """No token, or none that we gave: HTTP 401."""

    def __init__(self, message: str = "This token is not known here."):
        super().__init__(CLIENT_ERROR, message, http=401)


def fault_of(error: NotReached) -> Fault:
    """The hub's code for a partner that was not reached; its own refusal goes on unchanged."""
    if error.status_code is not None:
        return Fault(error.status_code, str(error))
    return Fault(_CODE_OF_NOT_REACHED.get(error.kind, HUB_ERROR), str(error))
