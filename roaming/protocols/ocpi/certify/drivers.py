"""Tokens and authorization in real time, and commands."""

import time
from typing import Any

from roaming.protocols.ocpi.certify.case import NotApplicable, Seen, case, seen
from roaming.protocols.ocpi.certify.visit import Visit, new_id
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call, NothingCame
from roaming.protocols.ocpi.simulator.options import CPO, EMSP

_REFUSALS = ("BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED")
_ANSWERS = ("ACCEPTED", "REJECTED", "NOT_SUPPORTED", "UNKNOWN_SESSION")
_PATIENCE_WITH_RESULTS_S = 30
_AND_ANOTHER_S = 0.5  # within which a repeated result would come


@case(
    "TOK-01",
    "an authorization of one of the partner's tokens",
    "ALLOWED or a refusal, with the whole token since 2.2",
    roles=(EMSP,),
)
def authorize(visit: Visit) -> Seen:
    token = visit.listed("tokens", limit="20")[0]
    call = _authorize(visit, token["uid"], token["type"])
    info = call.data
    ok = call.ok and info["allowed"] in ("ALLOWED", *_REFUSALS)
    if visit.version != "2.1.1":
        ok = ok and info["token"]["contract_id"] == token["contract_id"]
    return seen(call, ok, f"allowed {info['allowed']}")


@case(
    "TOK-02",
    "an authorization of a token that nobody knows",
    "HTTP 404 and status_code 2004, no data",
    roles=(EMSP,),
)
def unknown_token(visit: Visit) -> Seen:
    call = _authorize(visit, new_id(), "RFID")
    return seen(call, (call.status, call.code, call.data) == (404, 2004, None))


@case(
    "TOK-03",
    "an authorization of a token that is not valid",
    "HTTP 200, status_code 1000 and a refusal",
    roles=(EMSP,),
)
def refused_token(visit: Visit) -> Seen:
    refused = [one for one in visit.listed("tokens") if one["valid"] is False]
    if not refused:
        raise NotApplicable("the partner's list has no token that is not valid")
    call = _authorize(visit, refused[0]["uid"], refused[0]["type"])
    allowed = call.data["allowed"]
    return seen(call, call.ok and allowed in _REFUSALS, f"allowed {allowed}")


@case(
    "TOK-04",
    "an authorization without a type, of a uid with two types",
    "the answer for the RFID token",
    roles=(EMSP,),
    versions=("2.2.1", "2.3.0"),
)
def rfid_is_meant(visit: Visit) -> Seen:
    types: dict[str, set[str]] = {}
    for one in visit.listed("tokens"):
        types.setdefault(one["uid"], set()).add(one["type"])
    twice = [uid for uid, kinds in types.items() if len(kinds) > 1 and "RFID" in kinds]
    if not twice:
        raise NotApplicable("no uid in the partner's list has RFID and another type")
    call = _authorize(visit, twice[0], "")
    kind = call.data["token"]["type"]
    return seen(call, call.ok and kind == "RFID", f"type {kind}")


@case("TOK-08", "a PATCH without last_updated", "status_code 2001")
def patch_without_time(visit: Visit) -> Seen:
    _, pushed = visit.push()
    changes: Document = {"valid": False} if visit.sells else {"name": "Patched"}
    call = visit.ask("PATCH", pushed.module, *pushed.path, body=changes)
    return seen(call, call.code == 2001)


@case("CMD-01", "START_SESSION at one of the partner's sites", "an answer at once", roles=(CPO,))
def start_session(visit: Visit) -> Seen:
    place = visit.listed("locations", limit="20")[0]
    uid = new_id()
    visit.us.add_token(uid)
    more: dict[str, Any] = {}
    if place.get("evses"):
        more["evse_uid"] = place["evses"][0]["uid"]
    call = visit.us.start_remote(uid, place["id"], **more)
    visit.started = call
    result, timeout = call.data["result"], call.data.get("timeout")
    has_timeout = visit.version == "2.1.1" or isinstance(timeout, int)
    ok = call.ok and result in _ANSWERS and has_timeout
    return seen(call, ok, f"{result}, timeout {timeout}")


@case(
    "CMD-02",
    "the result of that command at our response URL",
    "it comes once, within the announced time",
    roles=(CPO,),
)
def result_of_command(visit: Visit) -> Seen:
    call = visit.started
    if call is None or not call.ok or call.data["result"] != "ACCEPTED":
        raise NotApplicable("no command was accepted")
    if not visit.target.registers:
        raise NotApplicable("without a registration the partner cannot call us")
    patience_s = min(call.data.get("timeout", 30), _PATIENCE_WITH_RESULTS_S)
    try:
        result = visit.us.result_of(call, seconds=patience_s)
    except NothingCame:
        return Seen(f"no result within {patience_s} s", ok=False)
    time.sleep(_AND_ANOTHER_S)
    times = len(visit.us.results_of(call))
    return Seen(f"{result.get('result')}, {times} times", ok=times == 1)


def _authorize(visit: Visit, uid: str, kind: str) -> Call:
    name = "token_type" if visit.version == "2.1.1" else "type"
    query = f"?{name}={kind}" if kind else ""
    url = f"{visit.us.peer_url('SENDER', 'tokens')}/{uid}/authorize{query}"
    return visit.call("POST", url, "tokens", body={"location_id": "CERT"})
