"""OCPI as a way to reach parties: the methods of ``gateways.PartyGateway``, one file per module."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from partners.models import RoamingEndpoint
from roaming.gateways import Route, Unable
from roaming.messages.authorizations import AuthorizationAnswer, AuthorizationQuestion
from roaming.messages.registrations import Registration
from roaming.messages.sessions import (
    ChargingPreference,
    ChargingProfile,
    PreferenceAnswer,
    RemoteAnswer,
    RemoteAsk,
    RemoteOutcome,
)
from roaming.models import ObjectPush
from roaming.protocols.ocpi import registering
from roaming.protocols.ocpi.outgoing import (
    cdrs,
    clearing,
    commands,
    hubclientinfo,
    locations,
    sessions,
    tariffs,
    tokens,
    versions,
)

# What pushes the newest state of an object, by its kind.
_PUSHES: dict[str, Callable[[Route, UUID], None]] = {
    ObjectPush.Kind.EVSE: locations.push_evse,
    ObjectPush.Kind.LOCATION: locations.push,
    ObjectPush.Kind.PRESENCE: hubclientinfo.push,
    ObjectPush.Kind.SESSION: sessions.push,
    ObjectPush.Kind.TARIFF: tariffs.push,
    ObjectPush.Kind.CREDENTIAL: tokens.push,
}


class OcpiGateway(Unable):
    """Calls of the hub to partners' systems, in the version of each connection."""

    def authorize(
        self, route: Route, question: AuthorizationQuestion, *, timeout_s: float
    ) -> AuthorizationAnswer:
        return tokens.authorize(route, question, timeout_s=timeout_s)

    def ask(self, route: Route, ask: RemoteAsk, *, timeout_s: float) -> RemoteAnswer:
        return commands.ask(route, ask, timeout_s=timeout_s)

    def tell_outcome(self, route: Route, ask: RemoteAsk, outcome: RemoteOutcome) -> None:
        commands.tell_outcome(route, ask, outcome)

    def prefer(
        self, route: Route, session_id: str, wanted: ChargingPreference, *, timeout_s: float
    ) -> PreferenceAnswer:
        return sessions.prefer(route, session_id, wanted, timeout_s=timeout_s)

    def tell_profile(self, route: Route, session_id: str, profile: ChargingProfile) -> None:
        commands.tell_profile(route, session_id, profile)

    def push(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        push = _PUSHES.get(kind)
        if push is None:
            super().push(route, kind=kind, subject_id=subject_id)
        else:
            push(route, subject_id)

    def deliver_record(self, route: Route, *, record_id: UUID) -> str:
        return cdrs.deliver(route, record_id=record_id)

    def takes_news(self, endpoint: RoamingEndpoint) -> bool:
        return clearing.is_taken_by(endpoint)

    def deliver_news(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        clearing.tell(route, kind=kind, subject_id=subject_id)

    def ping(self, endpoint: RoamingEndpoint) -> None:
        versions.ping(endpoint)

    def register(
        self, endpoint: RoamingEndpoint, registration: Registration, *, now: datetime
    ) -> None:
        registering.register(endpoint, registration, now=now)
