"""Owners, routing headers and what must not change on the way."""

from roaming.protocols.ocpi.certify.case import SINCE_2_2, Seen, case, seen
from roaming.protocols.ocpi.certify.visit import Visit, new_id
from roaming.protocols.ocpi.simulator.platform import stamp


@case(
    "RTE-16",
    "the list, with routing headers in lower case",
    "an ordinary answer",
    versions=SINCE_2_2,
)
def lower_case(visit: Visit) -> Seen:
    us = visit.us.speakers[0]
    headers = {
        "OCPI-from-country-code": us.country_code.lower(),
        "OCPI-from-party-id": us.party_id.lower(),
    }
    call = visit.call("GET", visit.list_url, visit.list_module, headers=headers)
    return seen(call, call.ok)


@case(
    "RTE-17",
    "versions, with routing headers that do not belong there",
    "an ordinary answer",
    versions=SINCE_2_2,
)
def headers_at_versions(visit: Visit) -> Seen:
    headers = {"OCPI-to-country-code": "XX", "OCPI-to-party-id": "XXX"}
    call = visit.call("GET", visit.target.versions_url, "versions", headers=headers)
    return seen(call, call.ok)


@case(
    "RTE-18",
    "an object whose owner differs from its URL",
    "status_code 2001",
    versions=SINCE_2_2,
)
def other_owner(visit: Visit) -> Seen:
    _, pushed = visit.push()
    foreign = pushed.document | {"party_id": "XXX"}
    call = visit.ask("PUT", pushed.module, *pushed.path, body=foreign)
    return seen(call, call.code == 2001)


@case("RTE-21", "an object, and the same one back", "last_updated exactly as it was sent")
def same_time(visit: Visit) -> Seen:
    _, pushed = visit.push()
    kept = visit.kept(pushed)
    sent, came = pushed.document["last_updated"], kept.data["last_updated"]
    return seen(kept, kept.ok and came == sent, f"sent {sent}, came {came}")


@case(
    "HCI-01",
    "news of another party (PUT clientinfo)",
    "taken",
    versions=SINCE_2_2,
)
def news_of_a_party(visit: Visit) -> Seen:
    about = {
        "party_id": "CRT",
        "country_code": "NL",
        "role": "CPO",
        "status": "CONNECTED",
        "last_updated": stamp(),
    }
    call = visit.ask("PUT", "hubclientinfo", "NL", "CRT", body=about)
    return seen(call, call.ok)


@case(
    "CMD-05",
    "the result of a command that was never given",
    "HTTP 404 or status_code 2xxx",
    roles=("EMSP",),
)
def strange_result(visit: Visit) -> Seen:
    url = f"{visit.us.peer_url('SENDER', 'commands')}/START_SESSION/{new_id()}"
    call = visit.call("POST", url, "commands", body={"result": "ACCEPTED"})
    is_refused = call.status == 404 or (call.code is not None and 2000 <= call.code < 3000)
    return seen(call, is_refused)
