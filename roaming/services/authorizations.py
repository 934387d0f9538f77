"""May somebody charge here? The list, the CSP, or every CSP with an agreement decides.

Each question is answered once and written down (``AuthorizationRequest``); who is allowed has a
service session from then on. Source: IEC 63119 use cases UC-A1 to UC-A4, OCPI mod_tokens.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from partners.models import Party
from roaming.gateways import NotReached
from roaming.messages.authorizations import (
    AuthorizationAnswer,
    AuthorizationDecision,
    AuthorizationQuestion,
)
from roaming.rules.authorization import (
    Ask,
    AskAround,
    Candidate,
    Decided,
    certificate_fault_of,
    judge,
)
from roaming.services import (
    authorization_asking,
    authorization_facts,
    authorization_log,
    authorization_stops,
    whitelist,
)
from roaming.services.authorization_asking import Asked
from roaming.services.authorization_facts import Known
from roaming.services.authorization_log import Outcome
from roaming.services.whitelist import Whose

# Of those who know the credential the plainest refusal is told.
_REFUSALS = ("BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED")


def decide(
    question: AuthorizationQuestion, *, cso: Party, now: datetime, csp: Party | None = None
) -> AuthorizationDecision:
    """Decide one question of ``cso``; ``csp`` where it names the one to be asked.

    CSPs may be asked over the network: never call this inside a transaction.

    :raises NothingShown: the question has neither uid nor SHA-256
    """
    started = time.monotonic()
    hashes = whitelist.lookup_hashes_of(question.shown, cso.environment)
    question_hash = authorization_log.question_hash_of(
        question, cso=cso, csp=csp, lookup_hash=hashes[0]
    )
    known = authorization_facts.read(
        question,
        cso=cso,
        csp=csp,
        lookup_hashes=hashes,
        question_hash=question_hash,
        now=now,
    )
    if known.repeated_id is not None:
        return authorization_log.told_again(known.repeated_id)
    if question.is_stop:
        outcome = authorization_stops.judge_stop(question, known, cso=cso)
    else:
        outcome = _outcome(question, known, cso=cso, csp=csp, now=now)
    return authorization_log.write(
        outcome,
        question,
        cso=cso,
        question_hash=question_hash,
        now=now,
        answered_at=now + timedelta(seconds=time.monotonic() - started),
    )


def _outcome(
    question: AuthorizationQuestion,
    known: Known,
    *,
    cso: Party,
    csp: Party | None,
    now: datetime,
) -> Outcome:
    evidence, is_certificate = question.certificate, question.shown.kind == "CERTIFICATE"
    fault = None
    if is_certificate and evidence is not None:
        fault = certificate_fault_of(ends_at=evidence.ends_at, status=evidence.status, now=now)
    verdict = judge(
        known.candidates,
        cso_state=known.cso_state,
        now=now,
        is_addressed=csp is not None,
        certificate_fault=fault,
        # A list knows the contract, not whether this certificate stands for it.
        list_may_decide=not is_certificate or (evidence is not None and evidence.status == "GOOD"),
    )
    if isinstance(verdict, Decided):
        return _decided(verdict, question)
    if isinstance(verdict, AskAround):
        return _around(question, cso=cso, now=now)
    return _asked(verdict, question, cso=cso, now=now)


def _decided(verdict: Decided, question: AuthorizationQuestion) -> Outcome:
    return Outcome(
        decision=verdict.decision,
        decided_by=verdict.decided_by,
        reason=verdict.reason,
        candidate=verdict.candidate,
        failure=verdict.failure,
        whose=_whose(verdict.candidate, question),
    )


def _asked(ask: Ask, question: AuthorizationQuestion, *, cso: Party, now: datetime) -> Outcome:
    asked = authorization_asking.ask_one(ask.candidate, question, cso=cso)
    if asked.answer is not None:
        return _answered(asked, asked.answer, question, now=now)
    failure = asked.failure or NotReached("BROKEN", "it did not answer")
    if failure.kind == "REFUSED":
        # The CSP was there and could not say: its own words go back, and nobody stands in.
        return Outcome(
            decision="NOT_REACHED",
            decided_by="CSP",
            reason=str(failure)[:200],
            candidate=ask.candidate,
            failure="REFUSED",
            status_code=failure.status_code,
            partner_ms=asked.elapsed_ms,
            whose=_whose(ask.candidate, question),
        )
    stand_in = ask.stand_in
    is_unreached = stand_in.decision == "NOT_REACHED"
    return Outcome(
        decision=stand_in.decision,
        decided_by=stand_in.decided_by,
        reason=stand_in.reason,
        candidate=ask.candidate,
        failure=failure.kind if is_unreached else "",
        status_code=failure.status_code if is_unreached else None,
        partner_ms=asked.elapsed_ms,
        whose=_whose(ask.candidate, question),
    )


def _around(question: AuthorizationQuestion, *, cso: Party, now: datetime) -> Outcome:
    """Nobody listed it: whoever knows it says so."""
    candidates = authorization_facts.csps_around(cso, now=now)
    asked = authorization_asking.ask_around(candidates, question, cso=cso)
    answers = [(one, one.answer) for one in asked if one.answer is not None]
    for decision in ("ALLOWED", *_REFUSALS):
        for one, answer in answers:
            if answer.decision == decision:
                return _answered(one, answer, question, now=now)
    return _nobody(candidates, answers, asked)


def _nobody(
    candidates: Sequence[Candidate],
    answers: Sequence[tuple[Asked, AuthorizationAnswer]],
    asked: Sequence[Asked],
) -> Outcome:
    missing = len(candidates) - len(answers)
    partner_ms = max((one.elapsed_ms for one in asked), default=None)
    if candidates and not answers:
        kinds = {one.failure.kind for one in asked if one.failure is not None}
        return Outcome(
            decision="NOT_REACHED",
            decided_by="POLICY",
            reason=f"none of {len(candidates)} CSPs could be asked",
            failure="AWAY" if kinds and "TIMED_OUT" not in kinds else "TIMED_OUT",
            partner_ms=partner_ms,
        )
    late = f"; {missing} of {len(candidates)} CSPs did not answer" if missing else ""
    return Outcome(
        decision="UNKNOWN",
        decided_by="POLICY",
        reason=f"no CSP knows this credential{late}",
        partner_ms=partner_ms,
    )


def _answered(
    asked: Asked, answer: AuthorizationAnswer, question: AuthorizationQuestion, *, now: datetime
) -> Outcome:
    if answer.credential is not None:
        csp = Party.objects.get(pk=asked.candidate.csp_id)
        whitelist.publish(answer.credential, csp=csp, now=now)
    return Outcome(
        decision=answer.decision,
        decided_by="CSP",
        reason=answer.reason,
        candidate=asked.candidate,
        answer=answer,
        partner_ms=asked.elapsed_ms,
        whose=_whose(asked.candidate, question, contract_id=answer.contract_id),
    )


def _whose(
    candidate: Candidate | None, question: AuthorizationQuestion, *, contract_id: str = ""
) -> Whose:
    """The list's word, else of the contract that was told."""
    if candidate is None:
        return Whose()
    listed = candidate.listed
    if listed is not None and not contract_id:
        return Whose(listed.pseudonym, listed.contract_hash)
    return whitelist.whose(question.shown, contract_id=contract_id, csp_id=candidate.csp_id)
