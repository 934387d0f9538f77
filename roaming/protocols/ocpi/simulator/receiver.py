"""What a peer pushes to us: kept in memory as a careful partner would keep it."""

from roaming.protocols.ocpi.simulator import shapes
from roaming.protocols.ocpi.simulator.answers import (
    Answer,
    Refused,
    invalid,
    no_such_method,
    object_of,
)
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.platform import Key, Platform, instant
from roaming.protocols.ocpi.simulator.server import Request

_OWNER = ("country_code", "party_id")
_NAMES = {"tokens": (*_OWNER, "uid"), "hubclientinfo": _OWNER}
_INSIDE = {"evse": ("evses", "uid"), "connector": ("connectors", "id")}
_FINAL = ("COMPLETED", "INVALID")


def tariffs(platform: Platform, request: Request, rest: list[str]) -> Answer:
    patched = platform.version == "2.1.1"
    return _object(platform, request, rest, "GET PUT DELETE" + (" PATCH" if patched else ""))


def sessions(platform: Platform, request: Request, rest: list[str]) -> Answer:
    return _object(platform, request, rest, "GET PUT PATCH")


def tokens(platform: Platform, request: Request, rest: list[str]) -> Answer:
    kind = request.query.get("type") or request.query.get("token_type") or "RFID"
    return _object(platform, request, rest, "GET PUT PATCH", kind)


def client_info(platform: Platform, request: Request, rest: list[str]) -> Answer:
    return _object(platform, request, rest, "GET PUT")


def invoices(platform: Platform, request: Request, rest: list[str]) -> Answer:
    if request.method == "POST" and not rest:
        document = _sound(platform, request, "invoicereconciliation")
        rest = [document["country_code"], document["party_id"], document["id"]]
        return _stored(platform, "invoicereconciliation", _key(rest), document)
    return _object(platform, request, rest, "GET PUT DELETE")


def custom(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """A module that is not OCPI's: what comes is kept by its path, and shown again."""
    module, key = request.parts[3], _key(rest)
    if request.method == "GET":
        return Answer(_held(platform, module, key))
    platform.held.setdefault(module, {})[key] = object_of(request) if request.raw else {}
    return Answer()


def locations(platform: Platform, request: Request, rest: list[str]) -> Answer:
    """A Location, or an EVSE or connector within it, whose ``last_updated`` moves its parents'."""
    if len(rest) <= 3:
        return _object(platform, request, rest, "GET PUT PATCH")
    if request.method not in ("GET", "PUT", "PATCH"):
        raise no_such_method()
    parents, kind = _parents(platform, rest)
    part = _inner(parents[-1], kind, rest[-1])
    if part is None and request.method != "PUT":
        raise _no("locations")
    if request.method == "GET":
        return Answer(part)
    said = object_of(request)
    if request.method == "PATCH":
        _check_changes(platform, kind, said)
    elif wrong := shapes.wrong_with(platform.version, kind, said):
        raise invalid("; ".join(wrong))
    return _put_inside(parents, kind, part, said, replaces=request.method == "PUT")


def _parents(platform: Platform, rest: list[str]) -> tuple[list[Document], str]:
    """What an EVSE or connector lies in, and which of both it is."""
    location = _held(platform, "locations", _key(rest[:3]))
    if len(rest) == 4:
        return [location], "evse"
    evse = _inner(location, "evse", rest[3])
    if evse is None or len(rest) > 5:
        raise _no("locations")
    return [location, evse], "connector"


def _put_inside(
    parents: list[Document], kind: str, part: Document | None, said: Document, *, replaces: bool
) -> Answer:
    if part is None:
        parents[-1].setdefault(_INSIDE[kind][0], []).append(said)
    else:
        if replaces:
            part.clear()
        part |= said
    for parent in parents:
        parent["last_updated"] = max(parent["last_updated"], said["last_updated"], key=instant)
    return Answer(status=201 if part is None else 200)


def _inner(parent: Document, kind: str, said: str) -> Document | None:
    lists, name = _INSIDE[kind]
    return next((one for one in parent.get(lists, []) if one[name].upper() == said.upper()), None)


def cdrs(platform: Platform, request: Request, rest: list[str]) -> Answer:
    if request.method == "GET" and rest:
        return Answer(_held(platform, "cdrs", _key(rest)))
    if request.method != "POST" or rest:
        raise no_such_method()
    document = _sound(platform, request, "cdrs")
    owner = [document[name] for name in _OWNER if name in document]
    path = [*owner, document["id"]]
    key = _key(path)
    headers = {"Location": platform.url("receiver", "cdrs", *path)}
    kept = platform.held.setdefault("cdrs", {})
    if key in kept:
        if kept[key] != document:
            raise invalid("This id is used by a CDR of other content")
        return Answer(headers=headers)
    _check_cdr(platform, document)
    kept[key] = document
    return Answer(status=201, headers=headers)


def _check_cdr(platform: Platform, document: Document) -> None:
    is_credit = bool(document.get("credit"))
    if len(document["id"]) > (39 if is_credit else 36):
        raise invalid("The id is too long")
    if is_credit:
        original = document.get("credit_reference_id")
        if not original:
            raise invalid("credit_reference_id is missing")
        credited = [
            one for one in platform.objects("cdrs") if one.get("credit_reference_id") == original
        ]
        if credited:
            raise invalid("That CDR is credited already")


def _object(
    platform: Platform, request: Request, rest: list[str], methods: str, kind: str = ""
) -> Answer:
    if request.method not in methods.split():
        raise no_such_method()
    module = request.parts[3]
    names = _NAMES.get(module, (*_OWNER, "id"))
    if len(rest) != len(names):
        raise Refused(404, 2000, f"The path needs {', '.join(names)}")
    key = _key([*rest, kind] if kind else rest)
    if request.method == "GET":
        return Answer(_held(platform, module, key))
    if request.method == "DELETE":
        _held(platform, module, key)
        del platform.held[module][key]
        return Answer()
    if request.method == "PATCH":
        return _patched(platform, request, module, key)
    document = _sound(platform, request, module)
    for name, said in zip(names, rest, strict=True):
        if str(document.get(name, said)).upper() != said.upper():
            raise invalid(f"{name} differs from the URL")
    return _stored(platform, module, key, document)


def _stored(platform: Platform, module: str, key: Key, document: Document) -> Answer:
    kept = platform.held.setdefault(module, {})
    known = kept.get(key)
    if known is not None and (_is_older(document, known) or _ends_twice(module, known, document)):
        return Answer()
    kept[key] = document
    return Answer(status=201 if known is None else 200)


def _patched(platform: Platform, request: Request, module: str, key: Key) -> Answer:
    known, changes = _held(platform, module, key), object_of(request)
    _check_changes(platform, module, changes)
    if _is_older(changes, known) or _ends_twice(module, known, changes):
        return Answer()
    periods = [*known.get("charging_periods", []), *changes.get("charging_periods", [])]
    known |= changes
    if module == "sessions" and periods:
        known["charging_periods"] = periods
    return Answer()


def _check_changes(platform: Platform, kind: str, changes: Document) -> None:
    if "last_updated" not in changes:
        raise invalid("last_updated is missing")
    if wrong := shapes.wrong_with(platform.version, kind, changes, whole=False):
        raise invalid("; ".join(wrong))


def _sound(platform: Platform, request: Request, module: str) -> Document:
    document = object_of(request)
    if wrong := shapes.wrong_with(platform.version, module, document):
        raise invalid("; ".join(wrong))
    return document


def _held(platform: Platform, module: str, key: Key) -> Document:
    found = platform.held.get(module, {}).get(key)
    if found is None:
        raise _no(module)
    return found


def _no(module: str) -> Refused:
    return Refused(404, {"locations": 2003, "tokens": 2004}.get(module, 2000), "Unknown object")


def _is_older(said: Document, known: Document) -> bool:
    return instant(said["last_updated"]) < instant(known["last_updated"])


def _ends_twice(module: str, known: Document, said: Document) -> bool:
    """A session that has ended stays as it is."""
    return (
        module == "sessions"
        and known["status"] in _FINAL
        and said.get("status") not in (None, known["status"])
    )


def _key(parts: list[str]) -> Key:
    return tuple(part.upper() for part in parts)
