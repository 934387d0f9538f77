"""The partner's front door: who asks, for which module, and the envelope around every answer."""

import traceback
from collections.abc import Callable

from roaming.protocols.ocpi.simulator import (
    commands,
    exact,
    profiles,
    receiver,
    registration,
    sender,
)
from roaming.protocols.ocpi.simulator.answers import NOTHING, Answer, Refused
from roaming.protocols.ocpi.simulator.calls import UNROUTED
from roaming.protocols.ocpi.simulator.conduct import Rendered
from roaming.protocols.ocpi.simulator.exchanges import IN, Call
from roaming.protocols.ocpi.simulator.platform import Platform, stamp
from roaming.protocols.ocpi.simulator.server import Request

Door = Callable[[Platform, Request, list[str]], Answer]

_DOORS: dict[tuple[str, str], Door] = {
    ("sender", "locations"): sender.listed,
    ("sender", "tariffs"): sender.listed,
    ("sender", "sessions"): sender.sessions,
    ("sender", "cdrs"): sender.listed,
    ("sender", "tokens"): sender.tokens,
    ("sender", "invoicereconciliation"): sender.listed,
    ("sender", "commands"): commands.result,
    ("sender", "chargingprofiles"): profiles.result,
    ("receiver", "locations"): receiver.locations,
    ("receiver", "tariffs"): receiver.tariffs,
    ("receiver", "sessions"): receiver.sessions,
    ("receiver", "cdrs"): receiver.cdrs,
    ("receiver", "tokens"): receiver.tokens,
    ("receiver", "hubclientinfo"): receiver.client_info,
    ("receiver", "invoicereconciliation"): receiver.invoices,
    ("receiver", "commands"): commands.command,
    ("receiver", "chargingprofiles"): profiles.profile,
}


def answer(platform: Platform, request: Request) -> tuple[str, Rendered]:
    """The module that was asked, and the answer in bytes; both are recorded."""
    module = _module(request.parts)
    call = Call(
        IN,
        request.method,
        platform.base_url + request.target,
        module,
        request.headers,
        request.raw,
    )
    platform.exchanges.begin(call)
    try:
        said = _said(platform, request)
    except Refused as refused:
        said = refused.answer
    except Exception:  # noqa: BLE001 a defect of the simulator must be seen by whoever runs it
        call.trouble = traceback.format_exc()
        said = Answer(status=500, code=3000, message="Server error")
    rendered = _rendered(request, module, said)
    if platform.manners.tamper:
        rendered = platform.manners.tamper(request, rendered)
    call.status, call.answer_raw = rendered.status, rendered.body
    call.answer_headers = {name.lower(): value for name, value in rendered.headers.items()}
    platform.exchanges.end(call)
    return module, rendered


def _module(parts: list[str]) -> str:
    """``versions`` for the details, too."""
    if len(parts) > 3:
        return parts[3]
    return parts[2] if len(parts) == 3 else "versions"


def _said(platform: Platform, request: Request) -> Answer:
    known = platform.connection.who(request.headers.get("authorization", ""))
    if not known:
        raise Refused(401, 2000, "Unknown token")
    match request.parts:
        case ["ocpi", "versions"]:
            return registration.versions(platform, request)
        case ["ocpi", version]:
            return registration.details(platform, request, version)
        case ["ocpi", version, "credentials"]:
            return registration.credentials(platform, request, version)
        case ["ocpi", platform.version, interface, module, *rest] if (
            interface,
            module,
        ) in registration.interfaces(platform, platform.version):
            if known != "active":
                raise Refused(401, 2000, "This token is for the registration only")
            door = _DOORS.get((interface, module), receiver.custom)
            return door(platform, request, rest)
    raise Refused(404, 2000, "No such endpoint")


def _rendered(request: Request, module: str, said: Answer) -> Rendered:
    envelope = {} if said.data is NOTHING else {"data": said.data}
    envelope |= {"status_code": said.code, "status_message": said.message, "timestamp": stamp()}
    headers = {"Content-Type": "application/json"} | said.headers
    for name in ("X-Request-ID", "X-Correlation-ID"):
        if name.lower() in request.headers:
            headers[name] = request.headers[name.lower()]
    if module not in UNROUTED:
        for here, there in (("to", "from"), ("from", "to")):
            for part in ("country-code", "party-id"):
                if value := request.headers.get(f"ocpi-{there}-{part}"):
                    headers[f"OCPI-{here}-{part}"] = value
    return Rendered(said.status, headers, exact.write(envelope))
