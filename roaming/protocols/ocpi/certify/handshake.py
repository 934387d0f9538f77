"""Versions and credentials. Asked only where we have a registration token."""

from roaming.protocols.ocpi.certify.case import NotApplicable, Phase, Seen, case, seen
from roaming.protocols.ocpi.certify.visit import Visit
from roaming.protocols.ocpi.simulator import RegistrationFailed
from roaming.protocols.ocpi.simulator.exchanges import Call


@case(
    "CRD-01",
    "versions, then the details of one, with the registration token",
    "both come, each endpoint with an absolute URL",
    phase=Phase.BEFORE,
)
def details(visit: Visit) -> Seen:
    call = visit.details()
    endpoints = call.data["endpoints"]
    relative = [one["url"] for one in endpoints if "://" not in one["url"]]
    names = {one["identifier"] for one in endpoints}
    ok = call.ok and not relative and "credentials" in names
    return seen(call, ok, f"{len(endpoints)} endpoints, not absolute: {relative or 'none'}")


@case(
    "CRD-05",
    "PUT and DELETE of credentials before any registration",
    "HTTP 405 each",
    phase=Phase.BEFORE,
)
def unregistered(visit: Visit) -> Seen:
    url = visit.announced("credentials", "SENDER")
    calls = [
        visit.call(method, url, "credentials", token=visit.target.token, body={})
        for method in ("PUT", "DELETE")
    ]
    wrong = next((one for one in calls if one.status != 405), calls[0])
    return seen(wrong, all(one.status == 405 for one in calls))


@case(
    "CRD-06",
    "a registration while our versions endpoint answers with an error",
    "status_code 3001, and the registration token works still",
    phase=Phase.BEFORE,
)
def unreachable(visit: Visit) -> Seen:
    visit.us.behave("html500", "versions")
    try:
        call = _registered(visit)
    finally:
        visit.us.behave("well")
    again = visit.details()
    return seen(call, call.code == 3001 and again.ok, f"afterwards {again.summary}")


@case(
    "CRD-07",
    "a registration while we offer version 2.0 alone",
    "status_code 3002",
    phase=Phase.BEFORE,
)
def wrong_version(visit: Visit) -> Seen:
    offered, visit.us.versions = visit.us.versions, ("2.0",)
    try:
        call = _registered(visit)
    finally:
        visit.us.versions = offered
    return seen(call, call.code == 3002)


@case(
    "CRD-02",
    "a registration",
    "our versions and details are fetched with our token before the answer, which has a new one",
    phase=Phase.BEFORE,
)
def register(visit: Visit) -> Seen:
    earlier = len(visit.us.received("versions"))
    call = _registered(visit)
    fetched = len(visit.us.received("versions")) - earlier
    token = call.data.get("token") if isinstance(call.data, dict) else None
    ok = call.ok and fetched >= 2 and token not in (None, visit.target.token)
    return seen(call, ok, f"{fetched} fetched before the answer")


@case(
    "CRD-03", "the versions, with the registration token once more", "HTTP 401", phase=Phase.BEFORE
)
def spent_token(visit: Visit) -> Seen:
    _demand_registration(visit)
    call = visit.call("GET", visit.target.versions_url, "versions", token=visit.target.token)
    return seen(call, call.status == 401)


@case("CRD-04", "a second registration", "HTTP 405", phase=Phase.BEFORE)
def twice(visit: Visit) -> Seen:
    _demand_registration(visit)
    url = visit.us.peer_url("SENDER", "credentials")
    call = visit.call("POST", url, "credentials", body={})
    return seen(call, call.status == 405)


@case(
    "CRD-09",
    "new tokens for both sides (PUT)",
    "our details are fetched again, and the new token opens the door",
    phase=Phase.AFTER,
)
def renew(visit: Visit) -> Seen:
    old = visit.us.connection.outbound
    earlier = len(visit.us.received("versions"))
    try:
        visit.us.renew_registration()
    except RegistrationFailed as error:
        return Seen(str(error), ok=False)
    fetched = len(visit.us.received("versions")) - earlier
    call = visit.call("GET", visit.list_url, visit.list_module)
    ok = call.ok and fetched >= 2 and visit.us.connection.outbound != old
    return seen(call, ok, f"{fetched} fetched again")


@case("CRD-10", "the end (DELETE), then the list", "HTTP 401", phase=Phase.AFTER)
def leave(visit: Visit) -> Seen:
    url, token = visit.list_url, visit.us.connection.outbound
    left = visit.us.unregister()
    call = visit.call("GET", url, visit.list_module, token=token)
    return seen(call, left.ok and call.status == 401, f"DELETE: {left.summary}")


def _registered(visit: Visit) -> Call:
    """The POST of a registration, however it ended."""
    if visit.us.connection.registered:
        raise NotApplicable("the partner has registered us already, against an earlier case")
    try:
        visit.us.register(visit.target.versions_url, visit.target.token)
    except RegistrationFailed as error:
        posted = visit.us.sent("credentials", "POST")
        if not posted:
            raise NotApplicable(str(error)) from error
    return visit.us.sent("credentials", "POST")[-1]


def _demand_registration(visit: Visit) -> None:
    if not visit.us.connection.registered:
        raise NotApplicable("the registration failed")
