"""Ask a partner with an endpoint of protocol REST: one signed POST, one small JSON answer.

Signed after the Standard Webhooks specification with the secret of the party's webhook, so that
its system checks both the same way. A CSP is asked whether somebody may charge; a CSO to start,
stop, reserve and the like: ``type`` tells them apart.
"""

from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from django.utils import timezone

from clearinghouse.uuid7 import new_uuid7
from roaming.gateways import NotReached, Route, Unable
from roaming.messages.authorizations import (
    AuthorizationAnswer,
    AuthorizationQuestion,
    DecisionWord,
    ShownCredential,
    WhereCharged,
)
from roaming.messages.registrations import Registration
from roaming.messages.sessions import (
    AnswerWord,
    ChargingPreference,
    ChargingProfile,
    PreferenceAnswer,
    RemoteAnswer,
    RemoteAsk,
    RemoteKind,
    RemoteOutcome,
)
from roaming.models import WebhookSubscription
from roaming.services.outgoing import Reply, call
from roaming.services.webhook_call import signatures

PROTOCOL = "REST"
AUTHORIZATIONS, REMOTE_REQUESTS = MODULES = ("authorizations", "remote-requests")
T = TypeVar("T", bound=msgspec.Struct)
LONGEST_ANSWER = 64 * 1024


class AskedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a CSP's system is sent."""

    type: str = "AUTHORIZATION"
    question_id: str
    cso_id: str
    csp_id: str
    credential: ShownCredential
    where: WhereCharged | None
    asked_at: datetime
    correlation_id: str


class GivenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What it answers; NOT_REACHED is ours to say."""

    decision: DecisionWord
    reference: str = ""
    reason: str = ""
    contract_id: str = ""
    valid_until_at: datetime | None = None


class AskedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a CSO's system is sent; ``request_id`` is the one to tell the outcome of."""

    type: str = "REMOTE_REQUEST"
    request_id: str
    kind: RemoteKind
    cso_id: str
    csp_id: str
    driver: ShownCredential | None
    session_id: str
    reservation_id: str
    reservation_number: int
    location_id: str
    evse_uid: str
    connector_id: str
    authorization_reference: str
    expires_at: datetime | None
    duration_s: int | None
    profile: ChargingProfile | None
    asked_at: datetime
    correlation_id: str


# What is passed on as it was asked.
_SAME = tuple(
    name for name in AskedRequest.__struct_fields__ if name in RemoteAsk.__struct_fields__
)


class RequestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What it answers at once; NOT_REACHED is ours to say."""

    answer: AnswerWord
    timeout_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 30
    message: Annotated[str, msgspec.Meta(max_length=512)] = ""


class RestGateway(Unable):
    """Implements ``roaming.gateways.PartyGateway`` as far as a native partner is asked."""

    def authorize(
        self, route: Route, question: AuthorizationQuestion, *, timeout_s: float
    ) -> AuthorizationAnswer:
        question_id = new_uuid7()
        asked = msgspec.json.encode(
            AskedQuestion(
                question_id=str(question_id),
                cso_id=route.sender.code,
                csp_id=route.receiver.code,
                credential=question.shown,
                where=question.where,
                asked_at=question.asked_at,
                correlation_id=question.correlation_id,
            )
        )
        reply = _posted(
            route,
            question_id,
            asked,
            module=AUTHORIZATIONS,
            timeout_s=timeout_s,
            correlation_id=question.correlation_id,
            shown=question.shown,
        )
        given = _read(reply, GivenAnswer)
        if given.decision == "NOT_REACHED":
            raise NotReached("BROKEN", "it says that it is not there")
        return AuthorizationAnswer(
            decision=given.decision,
            reference=given.reference[:100],
            reason=given.reason[:200],
            contract_id=given.contract_id[:255],
            valid_until_at=given.valid_until_at,
        )

    def ask(self, route: Route, ask: RemoteAsk, *, timeout_s: float) -> RemoteAnswer:
        request_id = UUID(ask.request_id)
        asked = msgspec.json.encode(
            AskedRequest(
                cso_id=route.receiver.code,
                csp_id=route.sender.code,
                asked_at=timezone.now(),
                **{name: getattr(ask, name) for name in _SAME},
            )
        )
        reply = _posted(
            route,
            request_id,
            asked,
            module=REMOTE_REQUESTS,
            timeout_s=timeout_s,
            correlation_id=ask.correlation_id,
            shown=ask.driver,
        )
        given = _read(reply, RequestAnswer)
        if given.answer == "NOT_REACHED":
            raise NotReached("BROKEN", "it says that it is not there")
        messages = ({"language": "en", "text": given.message},) if given.message else ()
        return RemoteAnswer(answer=given.answer, timeout_s=given.timeout_s, messages=messages)

    def tell_outcome(self, route: Route, ask: RemoteAsk, outcome: RemoteOutcome) -> None:
        raise NotReached("UNABLE", "a native partner is told what became of it by a message")

    def prefer(
        self, route: Route, session_id: str, wanted: ChargingPreference, *, timeout_s: float
    ) -> PreferenceAnswer:
        raise NotReached("UNABLE", "a native partner is not asked for preferences")

    def tell_profile(self, route: Route, session_id: str, profile: ChargingProfile) -> None:
        raise NotReached("UNABLE", "a native partner is not told of charging profiles")

    def push(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        raise NotReached("UNABLE", "a native partner pulls what it wants")

    def deliver_record(self, route: Route, *, record_id: UUID) -> str:
        raise NotReached("UNABLE", "a native partner pulls its records")

    def deliver_news(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        raise NotReached("UNABLE", "a native partner is told by its webhook")

    def ping(self, endpoint: Any) -> None:
        raise NotReached("UNABLE", "a native partner is not looked after")

    def register(self, endpoint: Any, registration: Registration, *, now: datetime) -> None:
        raise NotReached("UNABLE", "a native partner is given an API client instead")


def _posted(
    route: Route,
    message_id: UUID,
    body: bytes,
    *,
    module: str,
    timeout_s: float,
    correlation_id: str,
    shown: ShownCredential | None,
) -> Reply:
    known = (shown.uid, shown.contract_id, shown.uid_sha256) if shown else ()
    return call(
        route.endpoint,
        "POST",
        route.endpoint.url,
        body=body,
        headers=_signed(route, message_id, body),
        module=module,
        timeout_s=timeout_s,
        request_id=str(message_id),
        correlation_id=correlation_id,
        private=[each for each in known if each],
        longest_body=LONGEST_ANSWER,
    )


def _signed(route: Route, question_id: UUID, body: bytes) -> dict[str, str]:
    subscription = WebhookSubscription.objects.filter(party=route.receiver.pk).first()
    if subscription is None:
        raise NotReached("UNABLE", f"{route.receiver.code} has no webhook, so no secret to sign by")
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        **signatures(subscription, message_id=question_id, body=body, at=timezone.now()),
    }


def _read(reply: Reply, kind: type[T]) -> T:
    if not 200 <= reply.status < 300:
        raise NotReached("BROKEN", f"it answered HTTP {reply.status}")
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotReached("BROKEN", "its answer could not be read") from error
