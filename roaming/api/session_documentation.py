"""What the OpenAPI document says of service sessions."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, extend_schema

from partners.api.bodies import JSON
from partners.api.schema import answer, describe, problems, ref
from roaming.api.fields import FIELDS
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import (
    ChargingPreference,
    ChargingProfile,
    PreferenceAnswer,
    ProfilePeriod,
    SessionStateWord,
)
from roaming.rules.record import Code, Id, Instant
from roaming.services.session_reading import (
    SessionAliasRow,
    SessionDetail,
    SessionMoveRow,
    SessionPage,
    SessionRow,
)

_TAGS = ["Service sessions"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its CSO tells of it: the whole of it, each time."""

    cso_id: Code
    session_id: Name
    state: SessionStateWord
    updated_at: Instant
    csp_id: Code = ""
    driver: ShownCredential | None = None
    authorization_method: Annotated[str, msgspec.Meta(max_length=30)] = ""
    authorization_reference: Id = ""
    location_id: Id = ""
    evse_uid: Id = ""
    connector_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    started_at: Instant | None = None
    ended_at: Instant | None = None
    energy_kwh: Decimal | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^([A-Z]{3})?$")] = ""
    total_excl_tax: Decimal | None = None
    total_incl_tax: Decimal | None = None
    document: dict[str, Any] = {}


class StatedPreference(msgspec.Struct, frozen=True, kw_only=True):
    """The CSO's answer to a preference."""

    answer: PreferenceAnswer


FIELDS_OF_SESSIONS = {
    "id": "Our id of it, the leading one.",
    "session_id": "The CSO's id of the session, unique among its own; case does not count.",
    "cso_id": "Party code of the visited-CSO, e.g. DE*NLX.",
    "csp_id": "Party code of the home-CSP, e.g. FR*VOL; empty: found by the driver.",
    "state": "PENDING, RESERVED, ACTIVE, COMPLETED or INVALID; AUTHORIZED: allowed, not told yet.",
    "version": "Counts the changes, from 1.",
    "driver": "What the driver showed. Stored encrypted; read by its CSP alone.",
    "kind": "RFID, APP, USER_NAME, CERTIFICATE, AD_HOC or OTHER.",
    "uid": "The card's number, user name or, of a certificate, the contract id.",
    "uid_sha256": "In place of uid where its CSP published that alone.",
    "authorization_reference": "The CSP's reference of the authorization.",
    "location_id": "The CSO's id of the location.",
    "evse_uid": "The CSO's technical id of the EVSE.",
    "connector_id": "The CSO's id of the connector.",
    "energy_kwh": "Energy so far, kWh.",
    "total_excl_tax": "Cost so far without tax; missing is not free.",
    "total_incl_tax": "Cost so far with tax.",
    "updated_at": "When the CSO last changed it; what is older than what we have is not written.",
    "received_at": "When we last wrote it, UTC.",
    "document": "What else the CSO tells, in words of its own; passed on as it is.",
    "document_format": "In whose words; empty: this API's.",
    "moves": "Each change, in order.",
    "aliases": "What each side calls the session.",
    "alias": "The id that the party uses.",
    "party": "Party code.",
    "goal": "CHEAP, FAST, GREEN or REGULAR.",
    "departs_at": "When the driver leaves, RFC 3339 with offset.",
    "may_discharge": "Energy may be taken back from the vehicle.",
    "starts_at": "From when the profile counts; missing: at once.",
    "duration_s": "Seconds that the profile lasts; missing: to the session's end.",
    "unit": "W or A.",
    "min_rate": "Least useful rate, in the profile's unit.",
    "periods": "Steps of the profile.",
    "start_s": "Seconds after the profile's start.",
    "limit": "At most so much, in the profile's unit.",
    "answer": "What the CSO says at once.",
}
describe(
    NewSession,
    StatedPreference,
    ShownCredential,
    ChargingPreference,
    ChargingProfile,
    ProfilePeriod,
    SessionRow,
    SessionMoveRow,
    SessionAliasRow,
    SessionDetail,
    SessionPage,
    fields=FIELDS | FIELDS_OF_SESSIONS,
)
SESSION_EXAMPLE = {
    "cso_id": "DE*NLX",
    "session_id": "NLX-S-1",
    "csp_id": "FR*VOL",
    "driver": {"kind": "RFID", "uid": "04A1B2C3D4E5F6", "contract_id": "FR-VOL-C12345678-J"},
    "state": "ACTIVE",
    "authorization_reference": "VOL-A-1",
    "location_id": "L1",
    "evse_uid": "E1",
    "connector_id": "1",
    "started_at": "2026-11-14T11:30:00Z",
    "energy_kwh": "4.2",
    "currency": "EUR",
    "total_excl_tax": "1.85",
    "updated_at": "2026-11-14T11:55:00Z",
}
_PAGING = [
    OpenApiParameter("cursor", str, description="From the next link."),
    OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
]

list_sessions = extend_schema(
    operation_id="listSessions",
    tags=_TAGS,
    summary="Read the sessions at your stations and of your drivers",
    parameters=[
        *_PAGING,
        OpenApiParameter("updated_since", str, description="RFC 3339; received since then."),
        OpenApiParameter("state", str, description="One state."),
    ],
    responses=answer(200, SessionPage, "A page of sessions") | problems(400),
)
put_session = extend_schema(
    operation_id="tellSession",
    tags=_TAGS,
    summary="Tell of a session of yours",
    description=(
        "The whole session, each time it changes; the same cso_id and session_id is the same"
        " session. What is older than what we have, and what comes after its end, is answered with"
        " what stands and not written. Its CSP is told at once."
    ),
    request={
        JSON: OpenApiRequest(
            ref(NewSession),
            examples=[OpenApiExample("It runs", value=SESSION_EXAMPLE, request_only=True)],
        )
    },
    responses=answer(201, SessionDetail, "A new session")
    | answer(200, SessionDetail, "The session as it stands")
    | problems(400, 404, 413, 415, 422),
)
get_session = extend_schema(
    operation_id="getSession",
    tags=_TAGS,
    summary="Read a session with its changes",
    responses=answer(200, SessionDetail, "The session") | problems(404),
)
put_preference = extend_schema(
    operation_id="stateChargingPreference",
    tags=_TAGS,
    summary="Say what your driver wants of a running session",
    description="Asked of the CSO at once, never queued. 422 CSO_NOT_REACHED: say it again.",
    request={JSON: OpenApiRequest(ref(ChargingPreference))},
    responses=answer(200, StatedPreference, "The CSO's answer") | problems(400, 404, 413, 415, 422),
)
