"""Ask a CSP with an endpoint of protocol REST: one signed POST, one small JSON answer.

Signed after the Standard Webhooks specification with the secret of the CSP's webhook, so that its
system checks both the same way.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone
from standardwebhooks import Webhook

from clearinghouse.uuid7 import new_uuid7
from roaming.gateways import NotReached, Route
from roaming.messages.authorizations import (
    AuthorizationAnswer,
    AuthorizationQuestion,
    DecisionWord,
    ShownCredential,
    WhereCharged,
)
from roaming.messages.registrations import Registration
from roaming.messages.sessions import (
    ChargingPreference,
    ChargingProfile,
    PreferenceAnswer,
    RemoteAnswer,
    RemoteAsk,
    RemoteOutcome,
)
from roaming.models import WebhookSubscription
from roaming.services.outgoing import Reply, call
from roaming.services.webhook_call import open_secret

PROTOCOL = "REST"
LONGEST_ANSWER = 64 * 1024


class AskedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a CSP's system is sent."""

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


class RestGateway:
    """Implements ``roaming.gateways.PartyGateway`` as far as a native partner is asked."""

    def authorize(
        self, route: Route, question: AuthorizationQuestion, *, timeout_s: float
    ) -> AuthorizationAnswer:
        question_id = new_uuid7()
        body = msgspec.json.encode(
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
        shown = question.shown
        reply = call(
            route.endpoint,
            "POST",
            route.endpoint.url,
            body=body,
            headers=_signed(route, question_id, body),
            module="authorizations",
            timeout_s=timeout_s,
            request_id=str(question_id),
            correlation_id=question.correlation_id,
            private=[each for each in (shown.uid, shown.contract_id, shown.uid_sha256) if each],
            longest_body=LONGEST_ANSWER,
        )
        given = _read(reply)
        return AuthorizationAnswer(
            decision=given.decision,
            reference=given.reference[:100],
            reason=given.reason[:200],
            contract_id=given.contract_id[:255],
            valid_until_at=given.valid_until_at,
        )

    def ask(self, route: Route, ask: RemoteAsk, *, timeout_s: float) -> RemoteAnswer:
        raise NotReached("UNABLE", "a native partner reads what is asked of it")

    def tell_outcome(self, route: Route, ask: RemoteAsk, outcome: RemoteOutcome) -> None:
        raise NotReached("UNABLE", "a native partner reads what became of it")

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

    def takes_news(self, endpoint: Any) -> bool:
        return False

    def deliver_news(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        raise NotReached("UNABLE", "a native partner is told by its webhook")

    def ping(self, endpoint: Any) -> None:
        raise NotReached("UNABLE", "a native partner is not looked after")

    def register(self, endpoint: Any, registration: Registration, *, now: datetime) -> None:
        raise NotReached("UNABLE", "a native partner is given an API client instead")


def _signed(route: Route, question_id: UUID, body: bytes) -> dict[str, str]:
    subscription = WebhookSubscription.objects.filter(party=route.receiver.pk).first()
    if subscription is None:
        raise NotReached("UNABLE", f"{route.receiver.code} has no webhook, so no secret to sign by")
    # The library takes the wall time of what it is given as UTC.
    signed_at = timezone.now().astimezone(UTC)
    signature = Webhook(open_secret(subscription)).sign(
        msg_id=str(question_id), timestamp=signed_at, data=body.decode()
    )
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "webhook-id": str(question_id),
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": signature,
    }


def _read(reply: Reply) -> GivenAnswer:
    if not 200 <= reply.status < 300:
        raise NotReached("BROKEN", f"it answered HTTP {reply.status}")
    try:
        given = msgspec.json.decode(reply.body, type=GivenAnswer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotReached("BROKEN", "its answer could not be read") from error
    if given.decision == "NOT_REACHED":
        raise NotReached("BROKEN", "it says that it is not there")
    return given
