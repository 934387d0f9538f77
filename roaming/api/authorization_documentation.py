"""OpenAPI of authorizations and whitelists."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, extend_schema

from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from roaming.api.authorization_messages import (
    AskedAuthorization,
    AuthorizationAnswered,
    AuthorizationPage,
    CredentialResult,
    ListedCredential,
    WhitelistAnswer,
    WhitelistPage,
)
from roaming.api.fields import FIELDS

_FIELDS = {
    "kind": "What is shown: RFID, APP (or QR code), USER_NAME, CERTIFICATE, AD_HOC, OTHER.",
    "uid": "Card number, app id, user name; of a CERTIFICATE the contract id (EMAID).",
    "uid_sha256": "SHA-256 of the normal form of uid, in place of it.",
    "contract_id": "The contract, if it is known; stored sealed.",
    "cso_id": "Your CSO party, e.g. DE*NLX.",
    "csp_id": "The home-CSP party, e.g. FR*VOL; in a question: ask this one and nobody else.",
    "location_id": "Your id of the site.",
    "evse_uid": "Your id of the EVSE.",
    "evse_id": "EVSE id, e.g. DE*NLX*E1001*1.",
    "connector_id": "Your id of the connector.",
    "is_stop": "The user wants to end the session that runs there.",
    "certificate": "Of a CERTIFICATE: whether it was revoked (status) and when it ends.",
    "correlation_id": "The same question with the same id within 30 s has the same answer.",
    "decision": "ALLOWED, BLOCKED, EXPIRED, NO_CREDIT, NOT_ALLOWED, UNKNOWN or NOT_REACHED.",
    "decided_by": "CSP, its WHITELIST, or POLICY (the clearing house's rules).",
    "reason": "Why, in words.",
    "reference": "Name it in the session and the record (authorization_reference).",
    "session_id": "Our id of the service session that it opened.",
    "request_id": "Our id of the decision.",
    "asked_at": "When we were asked, UTC.",
    "answered_at": "When it was decided, UTC.",
    "is_repeated": "This question was answered before.",
    "is_valid": "False: it may not be used any more.",
    "offline_policy": "ALWAYS, ALLOWED, ALLOWED_OFFLINE or NEVER: may the list decide?",
    "group_id": "Credentials of one group may end each other's sessions.",
    "ends_at": "From then on it counts no more, UTC.",
    "updated_at": "When you last changed it; an older word changes nothing.",
    "personal": "What else is known, such as visual_number and issuer; stored sealed.",
    "entry_id": "Our id of the entry.",
    "outcome": "created, updated, unchanged or stale (a newer word is stored).",
    "received": "Credentials sent.",
    "ended": "Entries that the whole list lacked: not valid any more.",
    "sequence": "Number of the entry's last change.",
    "last_sequence": "Read on from here.",
}
describe(
    AskedAuthorization,
    AuthorizationAnswered,
    AuthorizationPage,
    ListedCredential,
    CredentialResult,
    WhitelistAnswer,
    WhitelistPage,
    fields=FIELDS | _FIELDS,
)
_AUTHORIZATIONS, _WHITELISTS = ["Authorizations"], ["Whitelists"]
QUESTION = {
    "cso_id": "DE*NLX",
    "kind": "RFID",
    "uid": "04A1B2C3D4E5F6",
    "location_id": "LOC1",
    "evse_uid": "1001",
    "evse_id": "DE*NLX*E1001*1",
    "correlation_id": "station-17-4711",
}
LIST = [
    {
        "kind": "RFID",
        "uid": "04A1B2C3D4E5F6",
        "contract_id": "FR-VOL-C12345678",
        "is_valid": True,
        "offline_policy": "ALLOWED",
        "updated_at": "2026-11-14T10:00:00Z",
    },
    {
        "kind": "RFID",
        "uid_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "is_valid": True,
        "offline_policy": "ALWAYS",
        "updated_at": "2026-11-14T10:00:00Z",
    },
]


def _body(schema: object, example: object) -> dict:
    shown = OpenApiExample("As sent", value=example, request_only=True)
    return {JSON: OpenApiRequest(schema, examples=[shown])}


_LIST = {"type": "array", "items": ref(ListedCredential)}
_LIMIT = OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100.")

ask_authorization = extend_schema(
    operation_id="askAuthorization",
    tags=_AUTHORIZATIONS,
    summary="Ask whether somebody may charge",
    description=(
        "Answered within some seconds: by the CSP's list where it lets the list decide, else by"
        " the CSP itself; what nobody listed is asked of every CSP you have an agreement with."
        " Any decision is HTTP 200. Who is ALLOWED has a service session from then on."
    ),
    request=_body(ref(AskedAuthorization), QUESTION),
    responses=answer(200, AuthorizationAnswered, "What was decided")
    | problems(400, 404, 413, 415, 422),
)
list_authorizations = extend_schema(
    operation_id="listAuthorizations",
    tags=_AUTHORIZATIONS,
    summary="Read the decisions of your parties",
    description="A CSO reads what it asked, a CSP what was decided in its name. Newest first.",
    parameters=[
        OpenApiParameter("cursor", UUID, description="From the next link."),
        OpenApiParameter("decision", str, description="Only these, e.g. NOT_REACHED."),
        _LIMIT,
    ],
    responses=answer(200, AuthorizationPage, "A page of decisions") | problems(400),
)
read_whitelist = extend_schema(
    operation_id="readWhitelist",
    tags=_WHITELISTS,
    summary="Read what changed on a CSP's list",
    description=(
        "For the CSP itself, and for CSOs with an agreement in force. Each entry stands at its"
        " last change; reading on from last_sequence misses nothing. A credential that was"
        " published as a hash is told as that hash."
    ),
    parameters=[
        OpenApiParameter("after_sequence", int, description="The last_sequence you have stored."),
        _LIMIT,
    ],
    responses=answer(200, WhitelistPage, "Changes, in their order") | problems(400, 404),
)
put_whitelist = extend_schema(
    operation_id="putWhitelist",
    tags=_WHITELISTS,
    summary="Publish the whole list of a CSP",
    description=(
        "What the list lacks is not valid any more. uid_sha256 in place of uid keeps the number"
        " from everybody, us included."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request=_body(_LIST, LIST),
    responses=answer(200, WhitelistAnswer, "One result per credential")
    | problems(400, 404, 409, 413, 415, 422),
)
patch_whitelist = extend_schema(
    operation_id="patchWhitelist",
    tags=_WHITELISTS,
    summary="Publish changes of a CSP's list",
    description="Other entries stay as they are; an older updated_at than the stored one is stale.",
    parameters=[IDEMPOTENCY_KEY],
    request=_body(_LIST, LIST),
    responses=answer(200, WhitelistAnswer, "One result per credential")
    | problems(400, 404, 409, 413, 415, 422),
)
