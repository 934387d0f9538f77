"""A valid row of each table of endpoints, locations, credentials and sessions, with changes."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from django.db.models import Model

from clearinghouse.uuid7 import new_uuid7
from partners.models import (
    CertificationRun,
    EndpointInterface,
    EndpointSecret,
    EndpointToken,
    PartyPresence,
    RoamingEndpoint,
)
from roaming.models import (
    AuthorizationRequest,
    Exchange,
    Location,
    LocationEvse,
    ObjectPush,
    RemoteRequest,
    Reservation,
    ServiceSession,
    SessionAlias,
    SessionMove,
    Tariff,
    TariffAudience,
    WhitelistCounter,
    WhitelistEntry,
)
from tests.makers import NOON, nordlicht, partner_of, voltaire

HASH = "ab" * 32
_NUMBERS = count(1)


def _hash() -> str:
    return new_uuid7().hex * 2


DEFAULTS: dict[type[Model], Callable[[], dict[str, Any]]] = {
    RoamingEndpoint: lambda: {
        "owner": partner_of(nordlicht()),
        "environment": "LIVE",
        "protocol": "OCPI",
        "protocol_version": "2.2.1",
        "url": f"https://cpo.example/{new_uuid7()}",
    },
    EndpointToken: lambda: {
        "endpoint": make(RoamingEndpoint),
        "purpose": "ACTIVE",
        "token_sha256": _hash(),
        "created_at": NOON,
    },
    EndpointSecret: lambda: {
        "endpoint": make(RoamingEndpoint),
        "encrypted_token": b"sealed",
        "starts_at": NOON,
    },
    EndpointInterface: lambda: {
        "endpoint": make(RoamingEndpoint),
        "module": "cdrs",
        "side": "RECEIVER",
        "url": "https://cpo.example/cdrs",
    },
    PartyPresence: lambda: {"party": nordlicht(), "state": "CONNECTED", "changed_at": NOON},
    CertificationRun: lambda: {
        "partner": partner_of(nordlicht()),
        "environment": "TEST",
        "ran_at": NOON,
        "passed": 1,
        "failed": 0,
        "report": {"versions_url": "https://partner.example/versions", "cases": []},
        "signature": "a.b.c",
    },
    Location: lambda: {
        "cso": nordlicht(),
        "location_id": str(new_uuid7()),
        "updated_at": NOON,
        "received_at": NOON,
    },
    LocationEvse: lambda: {
        "location": make(Location),
        "cso": nordlicht(),
        "evse_uid": str(new_uuid7()),
        "status": "AVAILABLE",
        "updated_at": NOON,
        "received_at": NOON,
    },
    TariffAudience: lambda: {
        "tariff": Tariff.objects.create(
            seller=nordlicht(), tariff_id=str(new_uuid7()), currency="EUR"
        ),
        "buyer": voltaire(),
    },
    WhitelistEntry: lambda: {
        "csp": voltaire(),
        "kind": "RFID",
        "lookup_hash": _hash(),
        "is_valid": True,
        "offline_policy": "ALLOWED",
        "updated_at": NOON,
        "received_at": NOON,
        "sequence": next(_NUMBERS),
    },
    WhitelistCounter: lambda: {"csp": voltaire()},
    AuthorizationRequest: lambda: {
        "cso": nordlicht(),
        "csp": voltaire(),
        "kind": "RFID",
        "decision": "ALLOWED",
        "decided_by": "CSP",
        "asked_at": NOON,
        "answered_at": NOON,
    },
    ServiceSession: lambda: {
        "cso": nordlicht(),
        "csp": voltaire(),
        "state": "ACTIVE",
        "started_at": NOON,
        "updated_at": NOON,
        "received_at": NOON,
    },
    SessionAlias: lambda: {
        "session": make(ServiceSession),
        "party": nordlicht(),
        "alias": str(new_uuid7()),
    },
    SessionMove: lambda: {
        "session": make(ServiceSession),
        "version": 2,
        "state_before": "PENDING",
        "state": "ACTIVE",
        "actor": "somebody",
        "moved_at": NOON,
    },
    Reservation: lambda: {
        "csp": voltaire(),
        "cso": nordlicht(),
        "reservation_id": str(new_uuid7()),
        "number": secrets.randbelow(2**31),
        "location_id": "L1",
        "state": "RESERVED",
        "expires_at": NOON + timedelta(hours=1),
        "created_at": NOON,
        "changed_at": NOON,
    },
    RemoteRequest: lambda: {
        "csp": voltaire(),
        "cso": nordlicht(),
        "kind": "START",
        "callback_sha256": _hash(),
        "asked_at": NOON,
        "deadline_at": NOON + timedelta(seconds=30),
    },
    ObjectPush: lambda: {
        "endpoint": make(RoamingEndpoint),
        "kind": "LOCATION",
        "subject_id": new_uuid7(),
        "wanted_at": NOON,
    },
    Exchange: lambda: {
        "endpoint": make(RoamingEndpoint),
        "direction": "OUT",
        "module": "locations",
        "verb": "PUT",
        "url": "https://cpo.example/locations",
        "http_status": 200,
        "status_code": 1000,
        "is_success": True,
        "asked_at": NOON,
        "duration_ms": 12,
    },
}


def make(model: type[Model], **changes: Any) -> Any:
    """A valid row of ``model``; ``changes`` in place of its values."""
    return model._default_manager.create(**(DEFAULTS[model]() | changes))
