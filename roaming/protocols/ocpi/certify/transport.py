"""Tokens, envelopes, ids of requests, methods and URLs."""

from roaming.protocols.ocpi.certify.case import SINCE_2_2, Phase, Seen, case, seen
from roaming.protocols.ocpi.certify.visit import Visit, new_id
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.platform import instant


@case("TRN-01", "the list, without a token", "HTTP 401 and no data")
def no_token(visit: Visit) -> Seen:
    call = visit.call("GET", visit.list_url, visit.list_module, headers={"Authorization": ""})
    return seen(call, _is_refused(call))


@case("TRN-02", "the list, with a token that nobody issued", "HTTP 401 and no data")
def strange_token(visit: Visit) -> Seen:
    call = visit.call("GET", visit.list_url, visit.list_module, token=new_id())
    return seen(call, _is_refused(call))


@case(
    "TRN-04",
    "a functional module, with the registration token",
    "HTTP 401: that token is for the handshake",
    phase=Phase.BEFORE,
)
def registration_token(visit: Visit) -> Seen:
    url = visit.announced(visit.list_module, "SENDER")
    call = visit.call("GET", url, visit.list_module, token=visit.target.token)
    return seen(call, _is_refused(call))


@case("TRN-05", "a body that is no JSON", "HTTP 400")
def broken_json(visit: Visit) -> Seen:
    call = _written(visit, raw=b"{not json")
    return seen(call, call.status == 400)


@case("TRN-06", "an object without a field that is required", "HTTP 200 and status_code 2001")
def missing_field(visit: Visit) -> Seen:
    _, pushed = visit.push()
    without = dict(pushed.document)
    without.pop("issuer" if visit.sells else "address")
    call = visit.ask("PUT", pushed.module, *pushed.path, body=without)
    return seen(call, (call.status, call.code) == (200, 2001))


@case("TRN-07", "the list", "an envelope with data, status_code and a timestamp in UTC")
def envelope(visit: Visit) -> Seen:
    call = visit.call("GET", visit.list_url, visit.list_module)
    answer = call.answer if isinstance(call.answer, dict) else {}
    at = answer.get("timestamp")
    is_utc = isinstance(at, str) and instant(at).utcoffset() is not None and "+" not in at
    return seen(call, call.ok and isinstance(call.data, list) and is_utc, f"timestamp {at}")


@case(
    "TRN-08",
    "the list, with ids of request and correlation",
    "both come back in the answer's headers",
    versions=SINCE_2_2,
)
def echo(visit: Visit) -> Seen:
    call = visit.call("GET", visit.list_url, visit.list_module)
    names = ("x-request-id", "x-correlation-id")
    lost = [name for name in names if call.answer_headers.get(name) != call.headers[name]]
    return seen(call, call.ok and not lost, f"not echoed: {', '.join(lost) or 'none'}")


@case("TRN-09", "the list, without ids of request and correlation", "an ordinary answer")
def no_ids(visit: Visit) -> Seen:
    headers = {"X-Request-ID": "", "X-Correlation-ID": ""}
    call = visit.call("GET", visit.list_url, visit.list_module, headers=headers)
    return seen(call, call.ok)


@case("TRN-10", "an object with fields that OCPI does not know", "kept, and shown again")
def unknown_fields(visit: Visit) -> Seen:
    strange = {"of": [{"our": "own"}]}
    put, pushed = visit.push(cert_note=strange)
    kept = visit.kept(pushed)
    ok = put.ok and kept.ok and kept.data.get("cert_note") == strange
    return seen(kept if put.ok else put, ok)


@case("TRN-12", "an object that is not there", "HTTP 404 in an envelope, status_code 2xxx")
def not_there(visit: Visit) -> Seen:
    if visit.sells:
        call = visit.call("GET", f"{visit.list_url}/{new_id()}", "locations")
    else:
        call = visit.ask("GET", "locations", "NL", "XXX", new_id())
    return seen(call, call.status == 404 and call.code is not None and 2000 <= call.code < 3000)


@case("TRN-13", "a method that the module does not have", "HTTP 405")
def no_such_method(visit: Visit) -> Seen:
    if visit.sells:
        _, pushed = visit.push()
        call = visit.ask("DELETE", pushed.module, *pushed.path)
    else:
        call = visit.ask("PUT", "cdrs", body={})
    return seen(call, call.status == 405)


@case("TRN-14", "URLs with and without a slash at their end", "both answered, no redirect")
def slashes(visit: Visit) -> Seen:
    calls = [
        visit.call("GET", f"{visit.list_url}{slash}", visit.list_module) for slash in ("", "/")
    ]
    if not visit.sells:
        url = visit.us.peer_url("RECEIVER", "cdrs")
        calls += [visit.call("POST", f"{url}{slash}", "cdrs", body={}) for slash in ("", "/")]
    wrong = [one for one in calls if one.status != 200 or one.code is None]
    return seen((wrong or calls)[0], not wrong)


def _is_refused(call: Call) -> bool:
    return call.status == 401 and call.data is None


def _written(visit: Visit, *, raw: bytes) -> Call:
    if not visit.sells:
        return visit.us.send_cdr(raw)
    url = f"{visit.us.peer_url('RECEIVER', 'tokens')}/NL/TST/{new_id()}"
    return visit.call("PUT", url, "tokens", raw=raw)
