"""Commands and charging profiles to CSOs, and their results to the CSPs that asked."""

from django.conf import settings
from django.utils import timezone

from roaming.gateways import NotReached, Route
from roaming.messages.sessions import ChargingProfile, RemoteAnswer, RemoteAsk, RemoteOutcome
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.outgoing.calling import Request, send
from roaming.protocols.ocpi.outgoing.sessions import names_of
from roaming.protocols.ocpi.remote_words import (
    COMMAND_OF,
    active_profile_tree,
    answer_of,
    command_of,
    profile_tree,
    result_of,
)

RESULT_WITHIN_S = 5.0
_USUAL_DURATION_S = 3600
_PROFILE_VERB = {"GET_PROFILE": "GET", "SET_PROFILE": "PUT", "CLEAR_PROFILE": "DELETE"}


def ask(route: Route, asked: RemoteAsk, *, timeout_s: float) -> RemoteAnswer:
    """Put a request to the CSO with our address for its outcome; never a second time."""
    if asked.kind in _PROFILE_VERB:
        request = _profile_request(route, asked, timeout_s)
    else:
        request = _command_request(route, asked, timeout_s)
    heard = send(route, request)
    if not isinstance(heard.data, dict):
        raise NotReached("BROKEN", "its answer has no data")
    return answer_of(heard.data)


def tell_outcome(route: Route, asked: RemoteAsk, outcome: RemoteOutcome) -> None:
    """POST what became of it to where the CSP wants to hear it: the bare object, once."""
    version = route.endpoint.protocol_version
    body = result_of(outcome, version, kind=asked.kind)
    module = "chargingprofiles" if asked.kind in _PROFILE_VERB else "commands"
    request = Request("POST", module, url=asked.response_url, body=body, timeout_s=RESULT_WITHIN_S)
    send(route, request)


def tell_profile(route: Route, session_id: str, profile: ChargingProfile) -> None:
    """PUT an ActiveChargingProfile to the CSP."""
    if route.endpoint.protocol_version == "2.1.1":
        raise NotReached("UNABLE", "OCPI 2.1.1 knows no charging profiles")
    body = active_profile_tree(profile)
    request = Request(
        "PUT", "chargingprofiles", "SENDER", path=(session_id,), body=body,
        timeout_s=RESULT_WITHIN_S,
    )  # fmt: skip
    send(route, request)


def _command_request(route: Route, asked: RemoteAsk, timeout_s: float) -> Request:
    version, command = route.endpoint.protocol_version, COMMAND_OF[asked.kind]
    try:
        body = command_of(
            asked,
            version,
            csp=route.sender,
            url=_our_url(version, "commands", command, asked.callback_key),
            now=timezone.now(),
        )
    except objects.Untranslatable as error:
        raise NotReached("UNABLE", f"its version has no words for it: {error}") from error
    return Request(
        "POST",
        "commands",
        "RECEIVER",
        path=(command,),
        body=body,
        private=names_of(body),
        timeout_s=timeout_s,
    )


def _profile_request(route: Route, asked: RemoteAsk, timeout_s: float) -> Request:
    version = route.endpoint.protocol_version
    url = _our_url(version, "chargingprofiles", asked.kind, asked.callback_key)
    query, body = {"response_url": url}, None
    if asked.kind == "GET_PROFILE":
        query["duration"] = str(asked.duration_s or _USUAL_DURATION_S)
    if asked.kind == "SET_PROFILE" and asked.profile is not None:
        query, body = (
            {},
            {
                "charging_profile": profile_tree(asked.profile),
                "response_url": url,
            },
        )
    return Request(
        _PROFILE_VERB[asked.kind],
        "chargingprofiles",
        "RECEIVER",
        path=(asked.session_id,),
        query=query,
        body=body,
        timeout_s=timeout_s,
    )


def _our_url(version: str, module: str, kind: str, key: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}/ocpi/{version}/sender/{module}/{kind}/{key}"
