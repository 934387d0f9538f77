"""A location as we speak of it: what we ask questions of, and the owner's own document beside it.

No protocol's word in here. ``document`` carries everything its owner sent in the words of
``document_format`` ("" = our own API); adapters write and read it, services pass it on.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

EvseStatus = Literal[
    "AVAILABLE",
    "BLOCKED",
    "CHARGING",
    "INOPERATIVE",
    "OUT_OF_ORDER",
    "PLANNED",
    "REMOVED",
    "RESERVED",
    "UNKNOWN",
]


class EvseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One EVSE. ``evse_uid`` is technical, ``evse_id`` the public one; power in kW."""

    evse_uid: str
    evse_id: str = ""
    status: EvseStatus = "UNKNOWN"
    status_at: datetime | None = None
    status_until_at: datetime | None = None
    capabilities: tuple[str, ...] = ()
    connector_types: tuple[str, ...] = ()
    current_type: Literal["", "AC", "DC"] = ""
    max_power_kw: Decimal | None = None
    tariff_ids: tuple[str, ...] = ()
    updated_at: datetime
    document: dict[str, Any] = {}


class LocationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One location; ``country_code`` is ISO 3166 alpha-2.

    ``tells_evses``: ``evses`` are all that it has; otherwise nothing is said of them.
    """

    location_id: str
    name: str = ""
    address: str = ""
    city: str = ""
    postal_code: str = ""
    country_code: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    time_zone: str = ""
    operator_name: str = ""
    is_published: bool = True
    updated_at: datetime
    evses: tuple[EvseFacts, ...] = ()
    tells_evses: bool = True
    document: dict[str, Any] = {}
    document_format: str = ""
