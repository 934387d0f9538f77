"""Service sessions while they run, and what is asked of a CSO from afar, in our words."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from roaming.messages.authorizations import ShownCredential

SessionStateWord = Literal["PENDING", "RESERVED", "ACTIVE", "COMPLETED", "INVALID"]
RemoteKind = Literal[
    "START",
    "STOP",
    "RESERVE",
    "CANCEL_RESERVATION",
    "UNLOCK",
    "SET_PROFILE",
    "GET_PROFILE",
    "CLEAR_PROFILE",
]
AnswerWord = Literal[
    "ACCEPTED", "REJECTED", "NOT_SUPPORTED", "UNKNOWN_SESSION", "TOO_OFTEN", "NOT_REACHED"
]
OutcomeWord = Literal[
    "DONE",
    "FAILED",
    "REJECTED",
    "NOT_SUPPORTED",
    "OCCUPIED",
    "INOPERATIVE",
    "UNKNOWN_RESERVATION",
    "CANCELED",
    "TIMED_OUT",
]


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its CSO tells of it. ``document`` carries no driver: ``driver`` does, sealed.

    ``driver_document`` is what the CSO said of the driver in its own words; it is sealed with it.
    """

    session_id: str
    state: SessionStateWord
    csp_code: str = ""
    driver: ShownCredential | None = None
    driver_document: dict[str, Any] = {}
    authorization_method: str = ""
    authorization_reference: str = ""
    location_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    energy_kwh: Decimal | None = None
    currency: str = ""
    total_excl_tax: Decimal | None = None
    total_incl_tax: Decimal | None = None
    updated_at: datetime
    document: dict[str, Any] = {}
    document_format: str = ""


class ProfilePeriod(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start_s`` seconds after the profile's start on: at most ``limit`` of its unit."""

    start_s: int
    limit: Decimal


class ChargingProfile(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a session may charge over time. ``min_rate`` is in ``unit`` too."""

    starts_at: datetime | None = None
    duration_s: int | None = None
    unit: Literal["W", "A"]
    min_rate: Decimal | None = None
    periods: tuple[ProfilePeriod, ...] = ()


class ChargingPreference(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver wants of a running session; energy in kWh."""

    goal: Literal["CHEAP", "FAST", "GREEN", "REGULAR"]
    departs_at: datetime | None = None
    energy_kwh: Decimal | None = None
    may_discharge: bool | None = None


PreferenceAnswer = Literal[
    "ACCEPTED", "DEPARTURE_REQUIRED", "ENERGY_REQUIRED", "GOAL_NOT_SUPPORTED", "NOT_POSSIBLE"
]


class RemoteAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What a CSP asks of a CSO.

    ``session_id`` is the CSO's id of it, or ours; ``duration_s`` of a profile that is asked for;
    ``reservation_number`` is ours, unique at the CSO, for who knows no ids per CSP.
    ``callback_key`` is ours: the CSO tells the outcome under it, or by ``request_id`` over our API.
    """

    kind: RemoteKind
    driver: ShownCredential | None = None
    driver_document: dict[str, Any] = {}
    session_id: str = ""
    reservation_id: str = ""
    reservation_number: int = 0
    location_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""
    authorization_reference: str = ""
    expires_at: datetime | None = None
    duration_s: int | None = None
    response_url: str = ""
    request_id: str = ""
    callback_key: str = ""
    correlation_id: str = ""
    profile: ChargingProfile | None = None
    document: dict[str, Any] = {}
    document_format: str = ""


class RemoteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The CSO's answer at once: only ACCEPTED has an outcome, within ``timeout_s``."""

    answer: AnswerWord
    timeout_s: int = 30
    messages: tuple[dict[str, str], ...] = ()


class RemoteOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it at the station; ``profile`` where one was asked for."""

    outcome: OutcomeWord
    messages: tuple[dict[str, str], ...] = ()
    profile: ChargingProfile | None = None
