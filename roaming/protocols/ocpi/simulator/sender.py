"""Our own objects, as a peer pulls them: lists by page, single ones, and what hangs below them."""

from datetime import datetime
from urllib.parse import urlencode

from roaming.protocols.ocpi.simulator.answers import (
    Answer,
    Refused,
    invalid,
    no_such_method,
    object_of,
)
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.platform import Platform, instant
from roaming.protocols.ocpi.simulator.server import Request

_PREFERENCES_CAPABLE = "CHARGING_PREFERENCES_CAPABLE"


def listed(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """A page, or one object by its id; a Location's EVSEs and connectors below it."""
    if request.method != "GET":
        raise no_such_method()
    module = request.parts[3]
    if not rest:
        return _page(platform, request, module)
    return Answer(_one(platform, module, rest))


def sessions(platform: Platform, request: Request, rest: list[str]) -> Answer:
    if len(rest) == 2 and rest[1] == "charging_preferences":
        return _preferences(platform, request, rest[0])
    if not rest and "date_from" not in request.query:
        raise invalid("date_from is required")
    return listed(platform, request, rest)


def tokens(platform: Platform, request: Request, rest: list[str]) -> Answer:
    if len(rest) == 2 and rest[1] == "authorize":
        return _authorize(platform, request, rest[0])
    return listed(platform, request, rest)


def _page(platform: Platform, request: Request, module: str) -> Answer:
    limit, offset = (
        _number(request, "limit", platform.options.page_limit),
        _number(request, "offset", 0),
    )
    limit = min(limit, platform.options.page_limit)
    start, end = _time(request, "date_from"), _time(request, "date_to")
    visible = [
        one
        for one in platform.own.get(module, {}).values()
        if (start is None or instant(one["last_updated"]) >= start)
        and (end is None or instant(one["last_updated"]) < end)
    ]
    headers = {"X-Total-Count": str(len(visible)), "X-Limit": str(platform.options.page_limit)}
    if offset + limit < len(visible):
        query = request.query | {"offset": str(offset + limit), "limit": str(limit)}
        url = f"{platform.base_url}{request.target.partition('?')[0]}?{urlencode(query)}"
        headers["Link"] = f'<{url}>; rel="next"'
    return Answer(visible[offset : offset + limit], headers=headers)


def _one(platform: Platform, module: str, rest: list[str]) -> Document:
    name = "uid" if module == "tokens" else "id"
    here: Document | None = None
    candidates = list(platform.own.get(module, {}).values())
    for key, inner in zip(rest, (name, "uid", "id"), strict=False):
        here = next((one for one in candidates if str(one[inner]).upper() == key.upper()), None)
        if here is None:
            raise Refused(404, 2003 if module == "locations" else 2000, f"There is no {key}")
        candidates = here.get("evses") or here.get("connectors") or []
    assert here is not None  # noqa: S101 rest is never empty here
    return here


def _preferences(platform: Platform, request: Request, session_id: str) -> Answer:
    if request.method != "PUT":
        raise no_such_method()
    session = _one(platform, "sessions", [session_id])
    wishes = object_of(request)
    if "profile_type" not in wishes:
        raise invalid("profile_type is missing")
    try:
        evse = _one(platform, "locations", [session["location_id"], session["evse_uid"]])
    except Refused:
        evse = {}
    if _PREFERENCES_CAPABLE not in evse.get("capabilities", []):
        raise Refused(404, 2001, "The EVSE takes no preferences")
    platform.results.setdefault(session_id, []).append(wishes)
    return Answer("ACCEPTED")


def _authorize(platform: Platform, request: Request, uid: str) -> Answer:
    """By ``manners.decisions``, else by our token; without a type an RFID token is meant."""
    if request.method != "POST":
        raise no_such_method()
    place = object_of(request) if request.raw else None
    kind = request.query.get("type") or request.query.get("token_type") or "RFID"
    token = platform.own.get("tokens", {}).get((uid.upper(), kind))
    decided = platform.manners.decisions.get(uid)
    if token is None:
        raise Refused(404, 2004, "Unknown token")
    allowed, reference = decided or ("ALLOWED" if token["valid"] else "BLOCKED", "")
    info: Document = {"allowed": allowed}
    if platform.version != "2.1.1":
        info["token"] = token
        if reference:
            info["authorization_reference"] = reference
    if place:
        info["location"] = place
    return Answer(info)


def _number(request: Request, name: str, otherwise: int) -> int:
    said = request.query.get(name, "")
    if said and not said.isdigit():
        raise invalid(f"{name} is no number")
    return int(said) if said else otherwise


def _time(request: Request, name: str) -> datetime | None:
    said = request.query.get(name)
    try:
        return instant(said) if said else None
    except ValueError as error:
        raise invalid(f"{name} is no time") from error
