"""Charging profiles: taken as a seller of charging, and their results taken by who asked."""

from roaming.protocols.ocpi.simulator.answers import (
    Answer,
    Refused,
    invalid,
    no_such_method,
    object_of,
)
from roaming.protocols.ocpi.simulator.commands import follow
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.platform import Platform, stamp
from roaming.protocols.ocpi.simulator.server import Request


def profile(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """GET the active one, PUT and DELETE ours, each for a session of ours, each with a result."""
    if request.method not in ("GET", "PUT", "DELETE"):
        raise no_such_method()
    if len(rest) != 1:
        raise Refused(404, 2000, "The path needs the session's id")
    body = object_of(request) if request.method == "PUT" else {}
    response_url = body.get("response_url") or request.query.get("response_url")
    if not response_url or (request.method == "PUT" and "charging_profile" not in body):
        raise invalid("response_url or charging_profile is missing")
    answer, timeout = platform.manners.profile_answer, platform.manners.command_timeout_s
    if (rest[0].upper(),) not in platform.own.get("sessions", {}):
        answer = "UNKNOWN_SESSION"
    if answer == "ACCEPTED":
        said = _result(platform, request.method, rest[0], body)
        follow(platform, "chargingprofiles", response_url, said)
    return Answer({"result": answer, "timeout": timeout})


def _result(platform: Platform, method: str, session_id: str, body: Document) -> Document:
    profiles = platform.held.setdefault("chargingprofiles", {})
    if method == "PUT":
        profiles[session_id.upper(),] = body["charging_profile"]
    elif method == "DELETE":
        profiles.pop((session_id.upper(),), None)
    else:
        active = profiles.get((session_id.upper(),), {"charging_rate_unit": "W"})
        return {
            "result": "ACCEPTED",
            "profile": {"start_date_time": stamp(), "charging_profile": active},
        }
    return {"result": "ACCEPTED"}


def result(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """A result at a response URL of ours (POST), or the profile of a session has changed (PUT)."""
    if request.method not in ("POST", "PUT"):
        raise no_such_method()
    if not rest or (request.method == "POST" and rest[-1] not in platform.results):
        raise Refused(404, 2000, "Nothing waits here")
    platform.results.setdefault(rest[-1], []).append(object_of(request))
    return Answer()
