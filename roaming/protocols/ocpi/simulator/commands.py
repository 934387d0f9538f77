"""Commands: taken as a seller of charging, and their results taken by who gave them."""

import contextlib
import threading
import time
from collections.abc import Callable

from roaming.protocols.ocpi.simulator import exact
from roaming.protocols.ocpi.simulator.answers import (
    Answer,
    Refused,
    invalid,
    no_such_method,
    object_of,
)
from roaming.protocols.ocpi.simulator.calls import Asked
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.options import CPO
from roaming.protocols.ocpi.simulator.platform import PeerLacks, Platform
from roaming.protocols.ocpi.simulator.server import Request

_NEEDS = {
    "START_SESSION": ("response_url", "token", "location_id"),
    "STOP_SESSION": ("response_url", "session_id"),
    "RESERVE_NOW": ("response_url", "token", "expiry_date", "reservation_id", "location_id"),
    "CANCEL_RESERVATION": ("response_url", "reservation_id"),
    "UNLOCK_CONNECTOR": ("response_url", "location_id", "evse_uid", "connector_id"),
}


def command(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """Answered at once after ``manners``; where that is ACCEPTED, the result follows."""
    if request.method != "POST":
        raise no_such_method()
    if len(rest) != 1 or rest[0] not in _NEEDS:
        raise Refused(404, 2000, "There is no such command")
    body = object_of(request)
    if missing := [name for name in _NEEDS[rest[0]] if not body.get(name)]:
        raise invalid(f"{', '.join(missing)} missing")
    manners = platform.manners
    said: Document = {"result": manners.command_answer}
    if platform.version != "2.1.1":
        said["timeout"] = manners.command_timeout_s
    if manners.command_answer == "ACCEPTED" and manners.command_result:
        follow(platform, "commands", body["response_url"], {"result": manners.command_result})
        if rest[0] == "START_SESSION" and manners.command_result == "ACCEPTED":
            _in_a_while(platform, lambda: platform.started_remotely(body))
    return Answer(said)


def result(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """A result for one of our commands; ours are known by what we put into their response URL."""
    if request.method != "POST":
        raise no_such_method()
    if not rest or rest[-1] not in platform.results:
        raise Refused(404, 2000, "No command waits here")
    body = object_of(request)
    body = body["data"] if isinstance(body.get("data"), dict) else body
    if "result" not in body:
        raise invalid("result is missing")
    platform.results[rest[-1]].append(body)
    return Answer()


def follow(platform: Platform, module: str, url: str, body: Document) -> None:
    """POST ``body`` to a response URL a little later."""
    speaker = next((one for one in platform.speakers if one.role == CPO), platform.speakers[0])
    wrapped = {"data": body} if platform.manners.wraps_results else body
    # The bytes are fixed now: a later test may change the manners.
    asked = Asked("POST", url, module, speaker=speaker, raw=exact.write(wrapped))
    _in_a_while(platform, lambda: platform.caller.send(asked))


def _in_a_while(platform: Platform, act: Callable[[], object]) -> None:
    def wait_and_act() -> None:
        time.sleep(platform.manners.command_delay_s)
        with contextlib.suppress(PeerLacks):  # who takes no sessions hears of none
            act()

    threading.Thread(target=wait_and_act, daemon=True).start()
