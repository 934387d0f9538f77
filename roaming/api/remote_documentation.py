"""What the OpenAPI document says of remote requests and reservations."""

from typing import Annotated

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, extend_schema

from partners.api.bodies import JSON
from partners.api.schema import answer, describe, problems, ref
from roaming.api.fields import FIELDS
from roaming.api.session_documentation import FIELDS_OF_SESSIONS
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import ChargingProfile, OutcomeWord, RemoteKind
from roaming.rules.record import Code, Id, Instant
from roaming.services.remote_reading import (
    RemoteDetail,
    RemotePage,
    RemoteRow,
    ReservationPage,
    ReservationRow,
)

_TAGS = ["Remote requests"]
Text = Annotated[str, msgspec.Meta(max_length=512)]


class NewRemoteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a CSP asks of a CSO; which fields are needed depends on ``kind``."""

    kind: RemoteKind
    csp_id: Code
    cso_id: Code = ""
    driver: ShownCredential | None = None
    session_id: Annotated[str, msgspec.Meta(max_length=250)] = ""
    reservation_id: Id = ""
    location_id: Id = ""
    evse_uid: Id = ""
    connector_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    authorization_reference: Id = ""
    expires_at: Instant | None = None
    duration_s: Annotated[int, msgspec.Meta(ge=1, le=604_800)] | None = None
    profile: ChargingProfile | None = None


class NewOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request at the station, as its CSO tells."""

    outcome: OutcomeWord
    message: Text = ""
    profile: ChargingProfile | None = None


_FIELDS = FIELDS_OF_SESSIONS | {
    "kind": "START, STOP, RESERVE, CANCEL_RESERVATION, UNLOCK, or SET_, GET_, CLEAR_PROFILE.",
    "cso_id": "Party code of the CSO; needed only where an id is several CSOs'.",
    "csp_id": "Party code of the CSP that asks.",
    "session_id": "STOP and profiles: our id of the session, or its CSO's.",
    "session": "Our id of the session it is about, or led to.",
    "reservation": "Our id of the reservation it is about.",
    "reservation_id": "The CSP's own id; asked for again it is the same place, changed.",
    "expires_at": "RESERVE: until when the place is kept.",
    "duration_s": "GET_PROFILE: for how many seconds from now.",
    "profile": "SET_PROFILE: the profile; GET_PROFILE: what the CSO told.",
    "asked_at": "When it was asked, UTC.",
    "deadline_at": "No outcome by then: TIMED_OUT, though a late one still counts.",
    "answer": (
        "At once: ACCEPTED (an outcome follows), REJECTED, NOT_SUPPORTED, UNKNOWN_SESSION,"
        " TOO_OFTEN or NOT_REACHED (the CSO could not be asked; nothing is kept for later)."
    ),
    "answered_at": "When the CSO answered, UTC.",
    "outcome": (
        "Later: DONE, FAILED, REJECTED, NOT_SUPPORTED, OCCUPIED, INOPERATIVE, UNKNOWN_RESERVATION,"
        " CANCELED (the place was taken away) or TIMED_OUT."
    ),
    "outcome_at": "When the outcome came, UTC.",
    "messages": "What the CSO says to the driver.",
    "message": "What to tell the driver.",
    "failure": "Why the CSO could not be asked, or how it refused.",
    "state": "ASKED, RESERVED, REFUSED, CANCELED, EXPIRED or USED.",
    "created_at": "When it was first asked for, UTC.",
    "changed_at": "When it last changed, UTC.",
}
describe(
    NewRemoteRequest,
    NewOutcome,
    RemoteRow,
    RemoteDetail,
    RemotePage,
    ReservationRow,
    ReservationPage,
    fields=FIELDS | _FIELDS,
)
START_EXAMPLE = {
    "kind": "START",
    "csp_id": "FR*VOL",
    "driver": {"kind": "APP", "uid": "driver-17", "contract_id": "FR-VOL-C12345678-J"},
    "location_id": "L1",
    "evse_uid": "E1",
    "authorization_reference": "VOL-A-2",
}
_PAGING = [
    OpenApiParameter("cursor", str, description="From the next link."),
    OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
]

list_requests = extend_schema(
    operation_id="listRemoteRequests",
    tags=_TAGS,
    summary="Read what your CSPs asked and your CSOs were asked",
    parameters=_PAGING,
    responses=answer(200, RemotePage, "A page of requests") | problems(400),
)
ask = extend_schema(
    operation_id="askRemotely",
    tags=_TAGS,
    summary="Start or stop a session, keep a place, unlock, set a charging profile",
    description=(
        "Passed on to the CSO at once or not at all: nothing is queued. 201 with the CSO's answer;"
        " after ACCEPTED read the request again for its outcome."
    ),
    request={
        JSON: OpenApiRequest(
            ref(NewRemoteRequest),
            examples=[OpenApiExample("Start a session", value=START_EXAMPLE, request_only=True)],
        )
    },
    responses=answer(201, RemoteDetail, "Asked; answer says what the CSO said")
    | problems(400, 404, 413, 415, 422),
)
get_request = extend_schema(
    operation_id="getRemoteRequest",
    tags=_TAGS,
    summary="Read a request with its outcome",
    responses=answer(200, RemoteDetail, "The request") | problems(404),
)
tell_outcome = extend_schema(
    operation_id="tellRemoteOutcome",
    tags=_TAGS,
    summary="Tell what became of a request that you accepted",
    description="Told to the CSP once; the same again changes nothing. A late outcome counts.",
    request={JSON: OpenApiRequest(ref(NewOutcome))},
    responses=answer(200, RemoteDetail, "The request as it stands")
    | problems(400, 404, 409, 413, 415),
)
list_reservations = extend_schema(
    operation_id="listReservations",
    tags=_TAGS,
    summary="Read the places kept for your drivers and at your stations",
    parameters=_PAGING,
    responses=answer(200, ReservationPage, "A page of reservations") | problems(400),
)
get_reservation = extend_schema(
    operation_id="getReservation",
    tags=_TAGS,
    summary="Read a reservation",
    responses=answer(200, ReservationRow, "The reservation") | problems(404),
)
