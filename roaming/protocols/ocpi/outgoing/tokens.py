"""Ask a CSP's OCPI system about a token, and push tokens to CSOs."""

from typing import Any, get_args
from uuid import UUID

from django.utils import timezone

from roaming.gateways import NotReached, Route
from roaming.messages.authorizations import (
    AuthorizationAnswer,
    AuthorizationQuestion,
    DecisionWord,
    PublishedCredential,
)
from roaming.models import WhitelistEntry
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.faults import UNKNOWN_TOKEN
from roaming.protocols.ocpi.identity import format_of
from roaming.protocols.ocpi.outgoing.calling import Request, one_of, send
from roaming.protocols.ocpi.tokens import (
    published_of,
    references_of,
    token_of,
    type_of,
    where_of,
)
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.services import whitelist

_MODULE = "tokens"
_ALLOWED_TYPES = frozenset({"ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"})


def authorize(
    route: Route, question: AuthorizationQuestion, *, timeout_s: float
) -> AuthorizationAnswer:
    """Real-time authorization: asked once, never again.

    :raises NotReached: what ``send`` raises; ``BROKEN`` where the answer decides nothing
    """
    version = route.endpoint.protocol_version
    shown = question.shown
    if not shown.uid:
        raise NotReached("UNABLE", "OCPI asks by uid, and only its hash is known")
    parameter = "token_type" if version == "2.1.1" else "type"
    try:
        heard = send(
            route,
            Request(
                verb="POST",
                module=_MODULE,
                side="SENDER",
                path=(shown.uid, "authorize"),
                query={parameter: type_of(shown.kind, version)},
                body=references_of(question.where, version),
                private=tuple(filter(None, (shown.uid, shown.contract_id))),
                timeout_s=timeout_s,
            ),
        )
    except NotReached as error:
        if error.status_code == UNKNOWN_TOKEN:
            return AuthorizationAnswer(decision="UNKNOWN", reason=str(error)[:200])
        raise
    return _answer(one_of(route.endpoint, heard.data), route, version)


def push(route: Route, subject_id: UUID) -> None:
    """PUT one token as its CSP last published it; what has no uid is nobody's to use."""
    entry = WhitelistEntry.objects.select_related("csp").filter(pk=subject_id).first()
    if entry is None:
        return
    version = route.endpoint.protocol_version
    [credential] = whitelist.published([entry])
    tree = token_of(credential, csp=entry.csp, version=version)
    if tree is None:
        return
    parameter = "token_type" if version == "2.1.1" else "type"
    send(
        route,
        Request(
            verb="PUT",
            module=_MODULE,
            side="RECEIVER",
            path=(entry.csp.country_code, entry.csp.party_id, credential.shown.uid),
            query={parameter: tree["type"]},
            body=tree,
            private=tuple(filter(None, (credential.shown.uid, credential.shown.contract_id))),
            subject=("CREDENTIAL", subject_id),
        ),
    )


def _answer(data: Any, route: Route, version: str) -> AuthorizationAnswer:
    if not isinstance(data, dict) or data.get("allowed") not in _ALLOWED_TYPES:
        raise NotReached("BROKEN", "its answer does not say whether somebody may charge")
    info, token = data.get("info"), data.get("token")
    credential = _credential(token, route, version)
    return AuthorizationAnswer(
        decision=_word(data["allowed"]),
        reference=str(data.get("authorization_reference") or "")[:100],
        reason=str(info.get("text", ""))[:200] if isinstance(info, dict) else "",
        where=where_of(data["location"]) if isinstance(data.get("location"), dict) else None,
        contract_id=credential.shown.contract_id if credential else "",
        credential=credential,
        document=data,
        document_format=format_of(version),
    )


def _credential(token: Any, route: Route, version: str) -> PublishedCredential | None:
    """What the answer says of the token, where it is one of that CSP's own and complete."""
    if not isinstance(token, dict) or version == "2.1.1":
        return None
    faults = objects.faults_of(version, "Token", token)
    if any(fault.is_fatal for fault in faults) or not _is_of(token, route):
        return None
    return published_of(token, version, now=timezone.now())


def _is_of(token: Tree, route: Route) -> bool:
    stated = f"{token['country_code']}*{token['party_id']}".upper()
    return stated == route.receiver.code


def _word(allowed: str) -> DecisionWord:
    words: tuple[DecisionWord, ...] = get_args(DecisionWord)
    return next(word for word in words if word == allowed)
