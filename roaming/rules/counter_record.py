"""The home-CSP's own record of one session, as it may be told to us.

Field names are the native API's JSON keys; decimals travel as strings.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

from roaming.rules.record import Code, Id, Instant, Long


class InboundCounterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A counter-record as its sender states it. ``None`` and "" mean: not stated."""

    counter_id: Id = ""
    csp_id: Code = ""
    cso_id: Code = ""
    replaces_counter_id: Id = ""
    service_session_id: Id = ""
    authorization_reference: Id = ""
    evse_id: Long = ""
    location_id: Id = ""
    contract_id: Long = ""
    tariff_id: Id = ""
    started_at: Instant | None = None
    ended_at: Instant | None = None
    energy_kwh: Decimal | None = None
    amount: Decimal | None = None
    currency: Annotated[str, msgspec.Meta(max_length=3)] = ""
