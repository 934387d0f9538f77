"""Versions, details and credentials, asked of us and asked by us."""

from typing import Any

from roaming.protocols.ocpi.simulator.answers import (
    Answer,
    Refused,
    no_such_method,
    object_of,
)
from roaming.protocols.ocpi.simulator.calls import Asked
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import CPO, EMSP
from roaming.protocols.ocpi.simulator.platform import Platform
from roaming.protocols.ocpi.simulator.server import Request

_MODULES = {
    (CPO, "sender"): "locations tariffs sessions cdrs",
    (CPO, "receiver"): "tokens commands chargingprofiles hubclientinfo",
    (EMSP, "sender"): "tokens commands chargingprofiles",
    (EMSP, "receiver"): "locations tariffs sessions cdrs hubclientinfo",
}
_SINCE_2_2 = {"chargingprofiles", "hubclientinfo"}


class RegistrationFailed(Exception):
    """The handshake ended early; the message says where."""


def interfaces(platform: Platform, version: str) -> set[tuple[str, str]]:
    """What we serve in a version, as (interface, module)."""
    found = {
        (interface, module)
        for (role, interface), modules in _MODULES.items()
        for module in modules.split()
        if any(one.role == role for one in platform.speakers)
    }
    if version == "2.1.1":
        found = {pair for pair in found if pair[1] not in _SINCE_2_2}
    if version == "2.3.0":
        found |= {("sender", "invoicereconciliation"), ("receiver", "invoicereconciliation")}
    custom = {(interface.lower(), module) for interface, module in platform.options.custom_modules}
    return {pair for pair in found if pair[1] not in platform.options.hidden_modules} | custom


def versions(platform: Platform, request: Request) -> Answer:
    if request.method != "GET":
        raise no_such_method()
    root = f"{platform.base_url}/ocpi"
    return Answer([{"version": one, "url": f"{root}/{one}"} for one in platform.versions])


def details(platform: Platform, request: Request, version: str) -> Answer:
    if request.method != "GET":
        raise no_such_method()
    if version not in platform.versions:
        raise Refused(404, 3002, f"Version {version} is not offered")
    root = f"{platform.base_url}/ocpi/{version}"
    endpoints = [{"identifier": "credentials", "role": "SENDER", "url": f"{root}/credentials"}]
    for interface, module in sorted(interfaces(platform, version)):
        url = f"{root}/{interface}/{module}"
        endpoints.append({"identifier": module, "role": interface.upper(), "url": url})
    if version == "2.1.1":
        endpoints = [{"identifier": e["identifier"], "url": e["url"]} for e in endpoints]
    return Answer({"version": version, "endpoints": endpoints})


def credentials(platform: Platform, request: Request, version: str) -> Answer:
    """The peer registers at us, renews, or leaves; ``version`` of the URL is the one chosen."""
    connection = platform.connection
    if request.method == "GET":
        return Answer(_ours(platform, connection.inbound[-1] if connection.inbound else ""))
    if request.method not in ("POST", "PUT", "DELETE"):
        raise no_such_method()
    if connection.registered != (request.method != "POST"):
        raise Refused(405, 2000, "Already registered" if connection.registered else "Unregistered")
    if request.method == "DELETE":
        connection.forget()
        return Answer()
    said = object_of(request)
    if not all(isinstance(said.get(name), str) for name in ("token", "url")):
        raise Refused(200, 2001, "token and url are required")
    _meet(platform, said, version)
    connection.registration.clear()
    return Answer(_ours(platform, connection.issue()))


def _meet(platform: Platform, said: Document, version: str) -> None:
    """Fetch the peer's details with the token that it gave, before it is believed.

    :raises Refused: 3001 it cannot be reached, 3002 it lacks the version, 3003 a module.
    """
    try:
        endpoints = _endpoints(platform, said["url"], said["token"], version)
    except _NoVersion as error:
        raise Refused(200, 3002, str(error)) from error
    except RegistrationFailed as error:
        raise Refused(200, 3001, str(error)) from error
    missing = platform.options.needs - set(endpoints)
    if missing:
        raise Refused(200, 3003, f"Endpoints are missing: {sorted(missing)}")
    _keep(platform, said, endpoints, version)


def register(platform: Platform, versions_url: str, token: str) -> None:
    """Register at a peer with its TOKEN_A, in the version that we speak.

    :raises RegistrationFailed: it refused, or could not be talked to.
    """
    _exchange(platform, "POST", versions_url, token)


def meet(platform: Platform, versions_url: str, token: str) -> None:
    """Learn a peer's endpoints with a token that is active already; nothing is registered.

    :raises RegistrationFailed: it could not be talked to.
    """
    endpoints = _endpoints(platform, versions_url, token, platform.version)
    _keep(platform, {"token": token, "url": versions_url}, endpoints, platform.version)


def renew(platform: Platform) -> None:
    """New tokens for both sides (PUT).

    :raises RegistrationFailed: it refused, or could not be talked to.
    """
    connection = platform.connection
    _exchange(platform, "PUT", connection.versions_url, connection.outbound)


def leave(platform: Platform) -> Call:
    """Unregister at the peer (DELETE); its token is forgotten where it agreed."""
    url = platform.peer_url("SENDER", "credentials")
    call = platform.caller.send(Asked("DELETE", url, "credentials"))
    if call.ok:
        platform.connection.forget()
    return call


def _exchange(platform: Platform, method: str, versions_url: str, token: str) -> None:
    version = platform.version
    endpoints = _endpoints(platform, versions_url, token, version)
    url = endpoints.get(("credentials", "SENDER")) or endpoints.get(("credentials", ""))
    if url is None:
        raise RegistrationFailed("the peer has no credentials endpoint")
    ours = _ours(platform, platform.connection.issue())
    call = platform.caller.send(Asked(method, url, "credentials", ours, token=token))
    if not call.ok or not isinstance(call.data, dict):
        platform.connection.inbound.pop()
        raise RegistrationFailed(f"{method} credentials: {call.summary}")
    _keep(platform, call.data, endpoints, version)


class _NoVersion(RegistrationFailed):
    pass


def _endpoints(
    platform: Platform, versions_url: str, token: str, version: str
) -> dict[tuple[str, str], str]:
    listed = _fetched(platform, versions_url, token)
    if not isinstance(listed, list):
        raise RegistrationFailed("the versions are no list")
    url = next((one.get("url") for one in listed if one.get("version") == version), None)
    if url is None:
        raise _NoVersion(f"the peer does not offer {version}")
    found = _fetched(platform, url, token)
    if not isinstance(found, dict) or not isinstance(found.get("endpoints"), list):
        raise RegistrationFailed("the details name no endpoints")
    endpoints = {(one["identifier"], one.get("role", "")): one["url"] for one in found["endpoints"]}
    for (module, _), address in list(endpoints.items()):
        if module == "credentials":  # its role says nothing
            endpoints["credentials", "SENDER"] = address
    return endpoints


def _fetched(platform: Platform, url: str, token: str) -> Any:
    call = platform.caller.send(Asked("GET", url, "versions", token=token))
    if not call.ok:
        raise RegistrationFailed(f"GET {url}: {call.summary}")
    return call.data


def _keep(
    platform: Platform, said: Document, endpoints: dict[tuple[str, str], str], version: str
) -> None:
    connection = platform.connection
    platform.speak(version)
    connection.outbound, connection.versions_url = said["token"], said["url"]
    connection.endpoints, connection.peer = endpoints, said


def _ours(platform: Platform, token: str) -> Document:
    about = {"token": token, "url": platform.versions_url}
    business = {"name": f"Simulated {platform.speakers[0].name}"}
    roles = [
        {
            "role": one.role,
            "business_details": business,
            "party_id": one.party_id,
            "country_code": one.country_code,
        }
        for one in platform.speakers
    ]
    if platform.version != "2.1.1":
        return about | {"roles": roles}
    return about | {
        name: roles[0][name] for name in ("business_details", "party_id", "country_code")
    }
