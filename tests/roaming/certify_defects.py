"""Partners with one defect each: how an answer must be bent so that just this case fails."""

from dataclasses import replace

from roaming.protocols.ocpi.simulator import exact
from roaming.protocols.ocpi.simulator.conduct import Rendered


def answered(body=None, status=None, when=lambda request: True, **headers):
    """Answers to some requests have another status, envelope or headers (None removes)."""

    def tamper(request, answer):
        if not when(request):
            return answer
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {n: v for n, v in answer.headers.items() if n.lower() not in changed}
        kept |= {name: value for name, value in changed.items() if value is not None}
        raw = answer.body if body is None else exact.write(body(exact.read(answer.body)))
        return Rendered(status or answer.status, kept, raw)

    return tamper


def instead(old, new):
    """One HTTP status for another."""
    return lambda request, answer: replace(answer, status=new) if answer.status == old else answer


def code(new, old=2001):
    """Another status_code than ``old``, as a success."""

    def bend(envelope):
        return envelope | {"status_code": new} if envelope["status_code"] == old else envelope

    return answered(bend)


def data(change, method="GET"):
    """What ``change`` makes of the data of one object."""

    def bend(envelope):
        if isinstance(envelope.get("data"), dict):
            envelope["data"] = change(envelope["data"])
        return envelope

    return answered(bend, when=lambda request: request.method == method)


def rows(change):
    """What ``change`` makes of the rows of a list."""

    def bend(envelope):
        if isinstance(envelope.get("data"), list):
            envelope["data"] = change(envelope["data"])
        return envelope

    return answered(bend)


def refused(when):
    """Status 400 to some requests."""
    return answered(lambda envelope: {"status_code": 2000}, 400, when)


def asks(method, *words):
    return lambda request: request.method == method and all(one in request.target for one in words)


def once_more():
    """Bodies that came before."""
    known = set()

    def is_known(request):
        came_before = bool(request.raw) and request.raw in known
        known.add(request.raw)
        return came_before

    return is_known


def without(*names):
    return lambda document: {n: v for n, v in document.items() if n not in names}


def _evse(**changes):
    def bend(place):
        return place | {"evses": [one | changes for one in place["evses"]]}

    return lambda document: bend(document) if "evses" in document else document


EITHER = {
    "TRN-01": instead(401, 403),
    "TRN-02": instead(401, 404),
    "TRN-05": instead(400, 200),
    "TRN-06": code(1000),
    "TRN-07": answered(without("timestamp")),
    "TRN-08": answered(x_correlation_id=None),
    "TRN-09": refused(lambda request: "x-request-id" not in request.headers),
    "TRN-10": data(without("cert_note")),
    "TRN-12": instead(404, 200),
    "TRN-13": instead(405, 404),
    "TRN-14": answered(status=308, when=lambda request: request.target.endswith("/")),
    "PAG-01": answered(x_total_count=None),
    "PAG-02": rows(lambda found: found * 2),
    "PAG-03": answered(x_limit="1"),
    "PAG-05": answered(
        lambda envelope: envelope | {"data": []}, when=lambda request: "date_from" in request.target
    ),
    "PAG-06": answered(link=None),
    "RTE-16": refused(lambda request: request.headers.get("ocpi-from-country-code") == "nl"),
    "RTE-17": refused(lambda request: "ocpi-to-party-id" in request.headers),
    "RTE-18": code(1000),
    "RTE-21": data(lambda document: document | {"last_updated": "2026-01-01T00:00:00Z"}),
    "TOK-08": code(1000),
    "HCI-01": refused(asks("PUT", "hubclientinfo")),
}
OF_A_SELLER = {
    "PAG-08": answered(status=500, when=asks("GET", "sessions")),
    "CMD-01": data(lambda answer: answer | {"result": "MAYBE"}, "POST"),
    "SES-05": instead(404, 200),
}
OF_A_PROVIDER = {
    "CMD-05": answered(lambda envelope: {"status_code": 1000}, 200, asks("POST", "commands")),
    "TOK-01": data(lambda info: info | {"allowed": "YES"}, "POST"),
    "TOK-02": instead(404, 200),
    "TOK-03": data(lambda info: info | {"allowed": "ALLOWED"}, "POST"),
    "TOK-04": data(lambda info: info | {"token": info["token"] | {"type": "APP_USER"}}, "POST"),
    "LOC-01": data(_evse(last_updated="2026-01-01T00:00:00Z")),
    "LOC-02": data(lambda place: place | {"evses": []}),
    "SES-01": data(lambda session: session | {"charging_periods": [1, 2, 3]}),
    "SES-02": data(lambda session: session | {"status": "ACTIVE"}),
    "CDR-01": answered(location=None),
    "CDR-02": answered(location="http://elsewhere/", when=once_more()),
    "CDR-04": code(1000),
    "CDR-16": refused(lambda request: b'"credit":true' in request.raw),
    "CDR-19": code(1000),
    "CDR-22": code(1000),
    "CDR-26": refused(asks("POST", "cdrs")),
    "CDR-27": refused(lambda request: b"#NA" in request.raw),
    "CDR-30": data(lambda cdr: cdr | {"total_energy": 12345678}),
}
DEFECTS = {
    (case_id, role): defect
    for role, table in (("cso", EITHER | OF_A_SELLER), ("csp", EITHER | OF_A_PROVIDER))
    for case_id, defect in table.items()
}

HANDSHAKE_DEFECTS = {
    "TRN-04": instead(401, 200),
    "CRD-01": answered(
        lambda envelope: (
            envelope
            | (
                {"data": envelope["data"] | {"endpoints": envelope["data"]["endpoints"][1:]}}
                if isinstance(envelope["data"], dict)
                else {}
            )
        ),
        when=asks("GET", "/ocpi/2.2.1"),
    ),
    "CRD-02": data(lambda said: said | {"token": None}, "POST"),
    "CRD-03": instead(401, 200),
    "CRD-04": instead(405, 200),
    "CRD-05": instead(405, 404),
    "CRD-06": code(2000, old=3001),
    "CRD-07": code(3001, old=3002),
    "CRD-09": refused(asks("PUT", "credentials")),
    "CRD-10": instead(401, 200),
}
