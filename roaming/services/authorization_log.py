"""Write decisions down: the request, the authorization for the rules, the session it opens."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from clearinghouse.statements import run_bound
from clearinghouse.uuid7 import uuid7s_at
from partners.models import Party
from roaming.intake.normal import lookup_key, normal_evse_id
from roaming.messages.authorizations import (
    AuthorizationAnswer,
    AuthorizationDecision,
    AuthorizationQuestion,
    WhereCharged,
)
from roaming.models import AuthorizationRequest
from roaming.rules.authorization import REPEATED_WITHIN, Candidate
from roaming.services import drivers
from roaming.services.whitelist import NOBODY, Whose

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a question was decided, before it is written down. ``session_id``: of a stop."""

    decision: str
    decided_by: str
    reason: str = ""
    candidate: Candidate | None = None
    answer: AuthorizationAnswer | None = None
    failure: str = ""
    status_code: int | None = None
    partner_ms: int | None = None
    whose: Whose = NOBODY
    session_id: UUID | None = None


def question_hash_of(
    question: AuthorizationQuestion, *, cso: Party, csp: Party | None, lookup_hash: str
) -> str:
    """The same question under the same correlation id has the same one; without an id none has."""
    if not question.correlation_id:
        return ""
    where = question.where or WhereCharged()
    parts = (
        str(cso.pk),
        str(csp.pk if csp else ""),
        lookup_hash,
        "stop" if question.is_stop else "start",
        where.location_id,
        ",".join(where.evse_uids),
        ",".join(where.connector_ids),
        where.evse_id,
        question.correlation_id,
    )
    return hmac.digest(lookup_key(), "\n".join(parts).encode(), hashlib.sha256).hex()


def write(
    outcome: Outcome,
    question: AuthorizationQuestion,
    *,
    cso: Party,
    question_hash: str,
    now: datetime,
    answered_at: datetime,
) -> AuthorizationDecision:
    """Write one decision down and return it; the earlier one where another thread was first."""
    parameters = _parameters(outcome, question, cso=cso, now=now, answered_at=answered_at)
    parameters["question_hash"] = question_hash
    if not _is_first(parameters):
        same = AuthorizationRequest.objects.filter(
            cso=cso, question_hash=question_hash, asked_at__gt=now - REPEATED_WITHIN
        ).exclude(decision="NOT_REACHED")
        return told_again(same.order_by("asked_at").values_list("pk", flat=True)[0])
    candidate = outcome.candidate
    return AuthorizationDecision(
        decision=outcome.decision,  # type: ignore[arg-type]
        decided_by=outcome.decided_by,  # type: ignore[arg-type]
        reason=outcome.reason,
        reference=parameters["reference"],
        csp_id=candidate.csp_id if candidate else None,
        csp_code=candidate.csp_code if candidate else "",
        session_id=parameters["session_id"],
        request_id=parameters["request_id"],
        asked_at=now,
        answered_at=answered_at,
        partner_ms=outcome.partner_ms,
        failure=outcome.failure,  # type: ignore[arg-type]
        status_code=outcome.status_code,
        entry_id=candidate.listed.entry_id if candidate and candidate.listed else None,
        answer=outcome.answer,
    )


def _is_first(parameters: dict[str, Any]) -> bool:
    """Write it, unless the same was answered; two at once are told apart by the database alone."""
    try:
        return bool(run_bound(_SQL / "authorize_write.sql", parameters, is_prepared=True))
    except IntegrityError as fault:
        diagnosis = getattr(fault.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "the_same_question_is_answered_once":
            raise
        return False


def told_again(request_id: UUID) -> AuthorizationDecision:
    """What was decided before, to whoever asks the same again."""
    row = AuthorizationRequest.objects.select_related("csp").get(pk=request_id)
    return AuthorizationDecision(
        decision=row.decision,  # type: ignore[arg-type]
        decided_by=row.decided_by,  # type: ignore[arg-type]
        reason=row.reason,
        reference=row.reference,
        csp_id=row.csp_id,
        csp_code=row.csp.code if row.csp else "",
        session_id=row.session_id,
        request_id=row.pk,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        partner_ms=row.partner_ms,
        is_repeated=True,
    )


def _driver(
    outcome: Outcome, question: AuthorizationQuestion, *, now: datetime, is_kept: bool
) -> dict[str, Any]:
    """Who drives the session that is opened: as the CSP listed it, else sealed as it was shown."""
    candidate = outcome.candidate
    unsealed = {"identity_id": None, "identity_hash": "", "sealed": None}
    if candidate is None or not is_kept:
        return unsealed
    if candidate.listed and candidate.listed.identity_hash:
        return unsealed | {"identity_hash": candidate.listed.identity_hash}
    row = drivers.sealed(question.shown, outcome.whose.pseudonym, csp_id=candidate.csp_id, now=now)
    return {
        "identity_id": row.pk,
        "identity_hash": row.contract_hash,
        "sealed": row.encrypted_contract_id,
    }


def _parameters(
    outcome: Outcome,
    question: AuthorizationQuestion,
    *,
    cso: Party,
    now: datetime,
    answered_at: datetime,
) -> dict[str, Any]:
    request_id, new_session_id, move_id, trace_id = uuid7s_at(now, 4)
    candidate, answer = outcome.candidate, outcome.answer
    listed = candidate.listed if candidate else None
    where = question.where or WhereCharged()
    is_allowed = outcome.decision == "ALLOWED"
    opens_session = is_allowed and not question.is_stop
    session_id = new_session_id if opens_session else outcome.session_id
    reference = (answer.reference if answer else "") or (str(session_id) if session_id else "")
    is_answered = outcome.decided_by == "CSP" and outcome.decision != "UNKNOWN"
    return {
        "request_id": request_id,
        "session_id": session_id,
        "move_id": move_id,
        "trace_id": trace_id,
        "cso_id": cso.pk,
        "csp_id": candidate.csp_id if candidate else None,
        "environment": cso.environment,
        "kind": listed.kind if listed else question.shown.kind,
        "asked_kind": question.shown.kind,
        "pseudonym": outcome.whose.pseudonym,
        "contract_hash": outcome.whose.contract_hash,
        **_driver(outcome, question, now=now, is_kept=opens_session),
        "location_id": where.location_id[:100],
        "evse_uid": where.evse_uids[0][:100] if len(where.evse_uids) == 1 else "",
        "evse_id": normal_evse_id(where.evse_id)[:60],
        "connector_id": where.connector_ids[0][:60] if len(where.connector_ids) == 1 else "",
        "is_stop": question.is_stop,
        "decision": outcome.decision,
        "decided_by": outcome.decided_by,
        "reason": outcome.reason[:200],
        "reference": reference[:100],
        "trace_reference": (reference or str(request_id))[:100],
        "valid_until_at": answer.valid_until_at if answer else None,
        "opens_session": opens_session,
        # A granted list counts for the rules as an answer does: the CSP gave its word beforehand.
        "is_traced": not question.is_stop and candidate is not None and (is_answered or is_allowed),
        "actor": f"authorization of {cso.code}",
        "asked_at": now,
        "answered_at": answered_at,
        "partner_ms": outcome.partner_ms,
        "correlation_id": question.correlation_id[:64],
        "repeated_since": now - REPEATED_WITHIN,
    }
