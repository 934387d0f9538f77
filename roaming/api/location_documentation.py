"""What the OpenAPI document says of locations."""

from datetime import datetime
from decimal import Decimal

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, extend_schema

from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from roaming.api.location_filters import LocationFilter
from roaming.messages.native_locations import (
    NativeConnector,
    NativeEvse,
    NativeLocation,
    NativeStatus,
)
from roaming.services.location_reading import EvseTold, LocationPage, LocationTold

_TAGS = ["Locations"]
_FIELDS = {
    "id": "Our id of the location.",
    "cso": "The CSO party, e.g. DE*NLX.",
    "location_id": "As its CSO calls it.",
    "evse_uid": "The CSO's technical name of the EVSE; never used again.",
    "evse_id": "The public EVSE id (ISO 15118-2 Annex H).",
    "status": "AVAILABLE, BLOCKED, CHARGING, INOPERATIVE, OUT_OF_ORDER, PLANNED, REMOVED, RESERVED"
    " or UNKNOWN.",
    "status_at": "Since when, UTC.",
    "status_until_at": "From then on the status is not known, UTC.",
    "latitude": "WGS 84, degrees.",
    "longitude": "WGS 84, degrees.",
    "time_zone": "IANA, e.g. Europe/Berlin.",
    "is_published": "false: told to nobody but its CSO.",
    "is_open_always": "Round the clock, every day.",
    "max_power_kw": "kW.",
    "voltage_v": "Volt; to neutral on three phases.",
    "current_a": "Ampere.",
    "standard": "Of the plug, e.g. IEC_62196_T2.",
    "tariff_ids": "The tariffs that apply, as the CSO names them.",
    "updated_at": "As its CSO says, UTC. What is older than what we have is ignored.",
    "received_at": "When we received it, UTC.",
    "removed_at": "When it was told no more, UTC.",
    "current_type": "AC or DC.",
    "connector_types": "The standards of its plugs.",
    "capabilities": "What the EVSE can do, e.g. RFID_READER.",
}
describe(
    NativeConnector,
    NativeEvse,
    NativeLocation,
    NativeStatus,
    EvseTold,
    LocationTold,
    LocationPage,
    fields=_FIELDS,
)
EXAMPLE = {
    "name": "Harbour",
    "address": "Am Kai 1",
    "city": "Kiel",
    "postal_code": "24103",
    "country_code": "DE",
    "latitude": 54.3233,
    "longitude": 10.1394,
    "time_zone": "Europe/Berlin",
    "operator_name": "Nordlicht",
    "is_open_always": True,
    "updated_at": "2027-03-01T12:00:00Z",
    "evses": [
        {
            "evse_uid": "1001-1",
            "evse_id": "DE*NLX*E1001*1",
            "status": "AVAILABLE",
            "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
            "connectors": [
                {
                    "connector_id": "1",
                    "standard": "IEC_62196_T2",
                    "format": "SOCKET",
                    "power_type": "AC_3_PHASE",
                    "voltage_v": 230,
                    "current_a": 32,
                    "max_power_kw": 22,
                    "tariff_ids": ["NLX-AC"],
                }
            ],
        }
    ],
}
_BODY = OpenApiRequest(
    ref(NativeLocation),
    examples=[OpenApiExample("A location with one EVSE", value=EXAMPLE, request_only=True)],
)
_STATUS = OpenApiRequest(
    ref(NativeStatus),
    examples=[
        OpenApiExample(
            "In use, known for ten minutes",
            value={
                "status": "CHARGING",
                "status_at": "2027-03-01T12:00:00Z",
                "status_until_at": "2027-03-01T12:10:00Z",
            },
            request_only=True,
        )
    ],
)


def _filters() -> list[OpenApiParameter]:
    parameters = []
    for name, field in LocationFilter.base_filters.items():
        kind = type(field).__name__
        choices = [value for value, _ in field.extra.get("choices", [])]
        parameters.append(
            OpenApiParameter(
                name,
                _TYPES.get(kind, str),
                description=field.extra["help_text"],
                enum=choices or None,
                many=kind == "MultipleChoiceFilter",
            )
        )
    return parameters


_TYPES = {"NumberFilter": Decimal, "IsoDateTimeFilter": datetime}
list_locations = extend_schema(
    operation_id="listLocations",
    tags=_TAGS,
    summary="Read locations that you may see",
    description=(
        "Your own, and the published ones of CSOs with which one of your parties has an agreement"
        " in force. Filters narrow; pages are in the order of receipt."
    ),
    parameters=[
        *_filters(),
        OpenApiParameter("cursor", str, description="From the next link."),
        OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
    ],
    responses=answer(200, LocationPage, "A page of locations") | problems(400),
)
get_location = extend_schema(
    operation_id="getLocation",
    tags=_TAGS,
    summary="Read one location",
    responses=answer(200, LocationTold, "The location") | problems(404),
)
put_location = extend_schema(
    operation_id="putLocation",
    tags=_TAGS,
    summary="Tell a location as a whole",
    description=(
        "EVSEs that it tells no more are marked as removed. What is older than what we have is"
        " ignored; the answer is what we have. Everyone who may see it is told if it changed."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={JSON: _BODY},
    responses=answer(200, LocationTold, "Kept")
    | answer(201, LocationTold, "New")
    | problems(400, 404, 409, 413, 415, 422),
)
put_status = extend_schema(
    operation_id="putEvseStatus",
    tags=_TAGS,
    summary="Tell how an EVSE stands",
    description="Saying the same again is harmless and is passed on to nobody.",
    parameters=[IDEMPOTENCY_KEY],
    request={JSON: _STATUS},
    responses=answer(200, LocationTold, "Kept") | problems(400, 404, 409, 413, 415, 422),
)
