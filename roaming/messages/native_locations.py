"""A location in the words of our own API; what it tells is kept as the location's document."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from roaming.messages.locations import EvseFacts, EvseStatus, LocationFacts

Uid = Annotated[str, msgspec.Meta(min_length=1, max_length=36, pattern="^[!-~]+$")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[!-~]+$")]
Name = Annotated[str, msgspec.Meta(max_length=255)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Volts = Annotated[int, msgspec.Meta(ge=1, le=2_000)]
Amperes = Annotated[int, msgspec.Meta(ge=1, le=2_000)]
_LARGEST_KW = 5_000
PowerType = Literal["AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC"]


class NativeConnector(msgspec.Struct, frozen=True, kw_only=True):
    """One way to plug in. Voltage to neutral on three phases."""

    connector_id: Uid
    standard: Word
    format: Literal["SOCKET", "CABLE"]
    power_type: PowerType
    voltage_v: Volts
    current_a: Amperes
    max_power_kw: Decimal
    tariff_ids: list[Uid] = []

    def __post_init__(self) -> None:
        if not 0 < self.max_power_kw <= _LARGEST_KW:
            raise ValueError(f"max_power_kw is not above 0 and at most {_LARGEST_KW}")


class NativeEvse(msgspec.Struct, frozen=True, kw_only=True):
    """One EVSE; ``status`` holds until ``status_until_at``, if that is told."""

    evse_uid: Uid
    evse_id: Annotated[str, msgspec.Meta(max_length=48)] = ""
    status: EvseStatus = "UNKNOWN"
    status_at: Instant | None = None
    status_until_at: Instant | None = None
    capabilities: list[Word] = []
    connectors: Annotated[list[NativeConnector], msgspec.Meta(min_length=1)]


class NativeLocation(msgspec.Struct, frozen=True, kw_only=True):
    """One location with all its EVSEs; one that it tells no more is marked as removed."""

    name: Name = ""
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    city: Annotated[str, msgspec.Meta(min_length=1, max_length=45)]
    postal_code: Annotated[str, msgspec.Meta(max_length=10)] = ""
    country_code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    latitude: Decimal
    longitude: Decimal
    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    operator_name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    is_published: bool = True
    is_open_always: bool | None = None
    updated_at: Instant
    evses: Annotated[list[NativeEvse], msgspec.Meta(max_length=1_000)] = []

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= 90 and abs(self.longitude) <= 180):
            raise ValueError("latitude and longitude are not on Earth")


class NativeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How an EVSE stands since ``status_at``, and until when that can be relied on."""

    status: EvseStatus
    status_at: Instant
    status_until_at: Instant | None = None


def facts_of(location_id: str, given: NativeLocation, normal_ids: list[str]) -> LocationFacts:
    """``normal_ids``: the EVSE ids in normal form, in the order of the EVSEs."""
    document = msgspec.to_builtins(given, builtin_types=(Decimal, datetime))
    evses = document.pop("evses")
    return LocationFacts(
        location_id=location_id,
        name=given.name,
        address=given.address,
        city=given.city,
        postal_code=given.postal_code,
        country_code=given.country_code,
        latitude=round(given.latitude, 7),
        longitude=round(given.longitude, 7),
        time_zone=given.time_zone,
        operator_name=given.operator_name,
        is_published=given.is_published,
        updated_at=given.updated_at,
        evses=tuple(
            _evse_facts(one, document=own, evse_id=evse_id, updated_at=given.updated_at)
            for one, own, evse_id in zip(given.evses, evses, normal_ids, strict=True)
        ),
        document=document,
    )


def _evse_facts(
    given: NativeEvse, *, document: dict, evse_id: str, updated_at: datetime
) -> EvseFacts:
    kinds = {one.power_type[:2] for one in given.connectors}
    return EvseFacts(
        evse_uid=given.evse_uid,
        evse_id=evse_id,
        status=given.status,
        status_at=given.status_at or updated_at,
        status_until_at=given.status_until_at,
        capabilities=tuple(given.capabilities),
        connector_types=tuple(dict.fromkeys(one.standard for one in given.connectors)),
        current_type="DC" if "DC" in kinds else "AC",
        max_power_kw=max(one.max_power_kw for one in given.connectors),
        tariff_ids=tuple(dict.fromkeys(id_ for one in given.connectors for id_ in one.tariff_ids)),
        updated_at=updated_at,
        document=document,
    )
