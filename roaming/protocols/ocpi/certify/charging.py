"""Sites, sessions and records, as a partner with drivers receives them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from roaming.protocols.ocpi.certify.case import SINCE_2_2, NotApplicable, Seen, case, seen
from roaming.protocols.ocpi.certify.visit import Pushed, Visit, new_id
from roaming.protocols.ocpi.simulator import documents
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import CPO, EMSP
from roaming.protocols.ocpi.simulator.platform import instant, stamp

_FINAL = "COMPLETED"


@case("LOC-01", "a connector alone", "the time of its EVSE and of its site moves", roles=(EMSP,))
def connector(visit: Visit) -> Seen:
    _, pushed = visit.push_site()
    evse = pushed.document["evses"][0]
    plug = evse["connectors"][0] | {"last_updated": stamp()}
    put = visit.ask("PUT", "locations", *pushed.path, evse["uid"], plug["id"], body=plug)
    kept = visit.kept(pushed)
    times = [kept.data["last_updated"], kept.data["evses"][0]["last_updated"]]
    moved = all(instant(at) >= instant(plug["last_updated"]) for at in times)
    return seen(kept if put.ok else put, put.ok and moved, f"site {times[0]}, EVSE {times[1]}")


@case("LOC-02", "an EVSE that is removed", "the site shows it as REMOVED", roles=(EMSP,))
def removed_evse(visit: Visit) -> Seen:
    _, pushed = visit.push_site()
    uid = pushed.document["evses"][0]["uid"]
    change = {"status": "REMOVED", "last_updated": stamp()}
    patched = visit.ask("PATCH", "locations", *pushed.path, uid, body=change)
    kept = visit.kept(pushed)
    statuses = [one["status"] for one in kept.data.get("evses", []) if one["uid"] == uid]
    return seen(kept if patched.ok else patched, statuses == ["REMOVED"], f"EVSE: {statuses}")


@case(
    "SES-01",
    "a period by PATCH, then a PUT without any",
    "the PATCH adds, the PUT replaces",
    roles=(EMSP,),
)
def periods(visit: Visit) -> Seen:
    begun = visit.session(charging_periods=[_period(), _period()])
    pushed = _pushed_session(visit, begun)
    change = {"charging_periods": [_period()], "kwh": 1, "last_updated": stamp()}
    patched = visit.ask("PATCH", "sessions", *pushed.path, body=change)
    added = len(visit.kept(pushed).data.get("charging_periods", []))
    emptied = pushed.document | {"charging_periods": [], "last_updated": stamp()}
    put = visit.ask("PUT", "sessions", *pushed.path, body=emptied)
    left = len(visit.kept(pushed).data.get("charging_periods") or [])
    worst = next((one for one in (begun, patched, put) if not one.ok), put)
    return seen(worst, (added, left) == (3, 0), f"{added} periods, then {left}")


@case("SES-02", "an ended session that is said to be active", "it stays ended", roles=(EMSP,))
def ended_session(visit: Visit) -> Seen:
    pushed = _pushed_session(visit, visit.session())
    visit.us.finish_session(pushed.document["id"])
    change = {"status": "ACTIVE", "last_updated": stamp()}
    call = visit.ask("PATCH", "sessions", *pushed.path, body=change)
    status = visit.kept(pushed).data["status"]
    ok = status == _FINAL and call.status == 200 and call.code in (1000, 2001)
    return seen(call, ok, f"status {status}")


@case(
    "SES-05",
    "preferences for a session at an EVSE that takes none",
    "HTTP 404 and status_code 2001",
    roles=(CPO,),
    versions=SINCE_2_2,
)
def preferences(visit: Visit) -> Seen:
    sessions = visit.listed("sessions", date_from="2015-01-01T00:00:00Z")
    capable = {
        evse["uid"]
        for place in visit.listed("locations")
        for evse in place.get("evses", [])
        if "CHARGING_PREFERENCES_CAPABLE" in evse.get("capabilities", [])
    }
    plain = [one for one in sessions if one["evse_uid"] not in capable]
    if not plain:
        raise NotApplicable("each session is at an EVSE that takes preferences")
    call = visit.us.prefer(plain[0]["id"], {"profile_type": "GREEN"})
    return seen(call, (call.status, call.code) == (404, 2001))


@case("CDR-01", "a record", "HTTP 201 and a Location that shows the record", roles=(EMSP,))
def record(visit: Visit) -> Seen:
    posted = visit.record()
    url = posted.answer_headers.get("location", "")
    shown = visit.us.get_cdr(url) if url else posted
    ok = posted.status == 201 and posted.ok and "://" in url and shown.data == posted.body
    return seen(posted, ok, f"Location {url or 'none'}: {shown.summary}")


@case("CDR-02", "the same record twice", "the same answer and Location again", roles=(EMSP,))
def same_record(visit: Visit) -> Seen:
    posted = visit.record()
    again = visit.us.send_cdr(posted.raw)
    same = posted.answer_headers.get("location") == again.answer_headers.get("location")
    return seen(again, posted.ok and again.ok and same, f"same Location: {same}")


@case("CDR-04", "a record of the same id and another cost", "status_code 2001", roles=(EMSP,))
def other_content(visit: Visit) -> Seen:
    posted = visit.record()
    other = visit.us.send_cdr(posted.body | {"total_energy": Decimal("99.9")})
    url = posted.answer_headers.get("location", "")
    kept = visit.us.get_cdr(url).data if url else posted.body
    return seen(other, posted.ok and other.code == 2001 and kept == posted.body)


@case(
    "CDR-16",
    "a credit of a record, with a negative total_cost",
    "taken",
    roles=(EMSP,),
    versions=SINCE_2_2,
)
def credit(visit: Visit) -> Seen:
    posted = visit.record()
    credited = visit.us.credit_cdr(posted.body["id"])
    return seen(credited, posted.ok and credited.ok)


@case(
    "CDR-19",
    "a second credit of one record",
    "status_code 2001",
    roles=(EMSP,),
    versions=SINCE_2_2,
)
def second_credit(visit: Visit) -> Seen:
    cdr_id = visit.record().body["id"]
    first = visit.us.credit_cdr(cdr_id)
    second = visit.us.credit_cdr(cdr_id, id=f"{cdr_id}-D")
    return seen(second, first.ok and second.code == 2001)


@case(
    "CDR-22",
    "a credit with an id of 39 characters, a record with one of 37",
    "the credit is taken, the record is not: status_code 2001",
    roles=(EMSP,),
    versions=SINCE_2_2,
)
def lengths_of_ids(visit: Visit) -> Seen:
    cdr_id = visit.record().body["id"]
    credited = visit.us.credit_cdr(cdr_id, id=new_id().ljust(39, "0"))
    long = visit.record(id=new_id().ljust(37, "0"))
    worst = long if credited.ok else credited
    return seen(worst, credited.ok and long.code == 2001)


@case("CDR-26", "a record at a site that was never published", "taken", roles=(EMSP,))
def unpublished_site(visit: Visit) -> Seen:
    # Nothing of this site is pushed; the record alone names it.
    hidden = new_id()
    visit.us.add_location(hidden)
    place = visit.us.drafts("locations")[hidden]
    driver = _driver(visit)
    session = documents.session(visit.us.speaker(CPO), new_id(), driver, place)
    session |= {"kwh": Decimal("10"), "end_date_time": stamp(), "start_date_time": _an_hour_ago()}
    tariff = documents.tariff(visit.us.speaker(CPO), new_id())
    draft = documents.cdr(session, new_id(), place, tariff)
    call = visit.us.send_cdr(visit.us.keep("cdrs", draft["id"], draft))
    return seen(call, call.ok)


@case(
    "CDR-27",
    "a record of a reservation that was never used: #NA, no session",
    "taken",
    roles=(EMSP,),
    versions=SINCE_2_2,
)
def reservation_only(visit: Visit) -> Seen:
    body = visit.record().body
    nowhere = dict.fromkeys(("evse_uid", "evse_id", "connector_id"), "#NA")
    body |= {"id": new_id(), "cdr_location": body["cdr_location"] | nowhere}
    body["charging_periods"] = [
        body["charging_periods"][0] | {"dimensions": [{"type": "RESERVATION_TIME", "volume": 1}]}
    ]
    del body["session_id"]
    call = visit.us.send_cdr(body)
    return seen(call, call.ok)


@case("CDR-30", "amounts of many digits", "each digit comes back", roles=(EMSP,))
def exact_amounts(visit: Visit) -> Seen:
    energy = Decimal("12345678.1234")
    posted = visit.record(total_energy=energy, remark="CERT: amounts")
    url = posted.answer_headers.get("location", "")
    shown = visit.us.get_cdr(url) if url else posted
    came = shown.data["total_energy"] if url else None
    return seen(shown, posted.ok and came == energy, f"sent {energy}, came {came}")


def _pushed_session(visit: Visit, call: Call) -> Pushed:
    owner = visit.us.speaker(CPO)
    path = (owner.country_code, owner.party_id, call.body["id"])
    return Pushed("sessions", path, call.body)


def _period() -> Document:
    return {"start_date_time": stamp(), "dimensions": [{"type": "ENERGY", "volume": 1}]}


def _driver(visit: Visit) -> Document:
    """In the words of 2.2.1."""
    token, owner = visit.driver(), visit.partys_speaker()
    named = documents.owned(owner) | {"type": "RFID", "contract_id": token.get("auth_id", "")}
    return named | token


def _an_hour_ago() -> str:
    return stamp(datetime.now(UTC) - timedelta(hours=1))
