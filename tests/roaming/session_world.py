"""A CSO and a CSP that agreed, a location, and an adapter that keeps what it was told."""

from datetime import datetime, timedelta
from typing import Any

from clearinghouse.identifiers import emi3_check_digit
from partners.models import RoamingEndpoint
from roaming import gateways
from roaming.gateways import NotReached
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import RemoteAnswer, RemoteAsk, SessionFacts
from roaming.models import Location, LocationEvse
from roaming.services import sessions
from tests.makers import NOON, nordlicht, partner_of
from tests.roaming.part_five_rows import make

CONTRACT = f"FRVOLC12345678{emi3_check_digit('FRVOLC12345678')}"
DRIVER = ShownCredential(kind="RFID", uid="04A1B2C3D4", contract_id=CONTRACT)


def told(**changes: Any) -> SessionFacts:
    """Voltaire's driver charges at Nordlicht's station since eleven."""
    fields: dict[str, Any] = {
        "session_id": "S-1",
        "state": "ACTIVE",
        "csp_code": "FR*VOL",
        "driver": DRIVER,
        "driver_document": {"visual": "on the card"},
        "authorization_method": "AUTH_REQUEST",
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "started_at": NOON - timedelta(hours=1),
        "currency": "EUR",
        "updated_at": NOON,
        "document": {"charging_periods": []},
        "document_format": "TEST 1",
    }
    return SessionFacts(**(fields | changes))


def take(*, cso=None, now: datetime = NOON, **changes: Any) -> sessions.Taken:
    return sessions.take(told(**changes), cso=cso or nordlicht(), actor="tests", now=now)


def place(cso=None, location_id: str = "L1", evse_uid: str = "E1") -> Location:
    location = make(Location, cso=cso or nordlicht(), location_id=location_id)
    make(
        LocationEvse,
        location=location,
        cso=location.cso,
        evse_uid=evse_uid,
        evse_id="DE*NLX*E1001*1",
    )
    return location


class KeepingGateway:
    """An adapter of the protocol KEPT: answers as it is told to, and keeps what passed."""

    def __init__(self) -> None:
        self.asked: list[RemoteAsk] = []
        self.routes: list[gateways.Route] = []
        self.told: list[tuple[RemoteAsk, Any]] = []
        self.answer = RemoteAnswer(answer="ACCEPTED", timeout_s=30)
        self.failure: NotReached | None = None
        self.on_ask = lambda ask: None

    def ask(self, route, ask, *, timeout_s):
        self.routes.append(route)
        self.asked.append(ask)
        self.on_ask(ask)
        if self.failure:
            raise self.failure
        return self.answer

    def tell_outcome(self, route, ask, outcome):
        if self.failure:
            raise self.failure
        self.routes.append(route)
        self.told.append((ask, outcome))


def connect(*parties) -> None:
    """Each party has a connection of the protocol KEPT that is up."""
    for party in parties:
        endpoint = make(
            RoamingEndpoint,
            owner=partner_of(party),
            environment=party.environment,
            protocol="KEPT",
            state="CONNECTED",
            registered_at=NOON,
        )
        endpoint.parties.add(party)
