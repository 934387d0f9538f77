"""How services reach a party, whatever its protocol. Adapters fill the registry at start.

A gateway makes calls over the network: never inside a transaction.
"""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

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


class NotReached(Exception):
    """The party's system gave no usable answer. ``kind`` says how.

    ``TIMED_OUT`` it took too long, ``AWAY`` it is not connected, ``BROKEN`` it answered nonsense,
    ``UNABLE`` it offers no such module, ``REFUSED`` it refused (``status_code`` of its protocol),
    ``UNTOLD`` it was not asked, as its protocol has no words for the thing.
    """

    def __init__(self, kind: str, text: str, *, status_code: int | None = None):
        super().__init__(text)
        self.kind = kind
        self.status_code = status_code


class Route:
    """From whom to whom a call goes, over which endpoint. Parties are rows of ``partners``."""

    __slots__ = ("correlation_id", "endpoint", "receiver", "sender")

    def __init__(self, *, endpoint: Any, sender: Any, receiver: Any, correlation_id: str = ""):
        self.endpoint, self.sender, self.receiver = endpoint, sender, receiver
        self.correlation_id = correlation_id


class PartyGateway(Protocol):
    """What a protocol's adapter can do. Each call raises ``NotReached``."""

    def authorize(
        self, route: Route, question: AuthorizationQuestion, *, timeout_s: float
    ) -> AuthorizationAnswer: ...

    def ask(self, route: Route, ask: RemoteAsk, *, timeout_s: float) -> RemoteAnswer: ...

    def tell_outcome(self, route: Route, ask: RemoteAsk, outcome: RemoteOutcome) -> None: ...

    def prefer(
        self, route: Route, session_id: str, wanted: ChargingPreference, *, timeout_s: float
    ) -> PreferenceAnswer: ...

    def tell_profile(self, route: Route, session_id: str, profile: ChargingProfile) -> None:
        """Tell a CSP how fast its session charges now: its CSO says so unasked."""

    def push(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        """Push the newest state of one object; ``kind`` is of ``ObjectPush``."""

    def deliver_record(self, route: Route, *, record_id: UUID) -> str:
        """Hand over one SDR; return where the receiver says it keeps it, or ""."""

    def takes_news(self, endpoint: Any) -> bool:
        """Does its system have a place for what becomes of records and disputes?"""

    def deliver_news(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        """Tell how a record or a dispute stands now; ``kind`` is of ``Delivery``."""

    def ping(self, endpoint: Any) -> None:
        """See whether its system answers at all."""

    def register(self, endpoint: Any, registration: Registration, *, now: datetime) -> None:
        """Register at its system; what fails leaves everything as it was."""


class Unable:
    """A gateway that can do nothing yet: an adapter overrides what its protocol has."""

    def authorize(
        self, route: Route, question: AuthorizationQuestion, *, timeout_s: float
    ) -> AuthorizationAnswer:
        raise NotReached("UNABLE", "its protocol authorizes nobody")

    def ask(self, route: Route, ask: RemoteAsk, *, timeout_s: float) -> RemoteAnswer:
        raise NotReached("UNABLE", "its protocol takes no remote requests")

    def tell_outcome(self, route: Route, ask: RemoteAsk, outcome: RemoteOutcome) -> None:
        raise NotReached("UNABLE", "its protocol hears no outcomes")

    def prefer(
        self, route: Route, session_id: str, wanted: ChargingPreference, *, timeout_s: float
    ) -> PreferenceAnswer:
        raise NotReached("UNABLE", "its protocol knows no charging preferences")

    def tell_profile(self, route: Route, session_id: str, profile: ChargingProfile) -> None:
        raise NotReached("UNABLE", "its protocol knows no charging profiles")

    def push(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        raise NotReached("UNABLE", f"{kind} is not pushed over its protocol")

    def deliver_record(self, route: Route, *, record_id: UUID) -> str:
        raise NotReached("UNABLE", "its protocol takes no records")

    def takes_news(self, endpoint: Any) -> bool:
        return False

    def deliver_news(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        raise NotReached("UNABLE", "its protocol has no place for news of records")

    def ping(self, endpoint: Any) -> None:
        raise NotReached("UNABLE", "its protocol gives no sign of life")

    def register(self, endpoint: Any, registration: Registration, *, now: datetime) -> None:
        raise NotReached("UNABLE", "its protocol has no registration")


_gateways: dict[str, PartyGateway] = {}


def register(protocol: str, gateway: PartyGateway) -> None:
    """Called once per adapter, by the app's ``ready``."""
    _gateways[protocol] = gateway


def gateway_of(protocol: str) -> PartyGateway:
    """:raises NotReached: no adapter speaks that protocol"""
    try:
        return _gateways[protocol]
    except KeyError:
        raise NotReached("UNABLE", f"nothing here speaks {protocol or 'no protocol'}") from None


def protocols() -> list[str]:
    """The protocols that an adapter speaks."""
    return sorted(_gateways)
