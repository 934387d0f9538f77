"""May somebody charge? What is known beforehand decides, or says whom to ask.

Sources: OCPI 2.2.1 mod_tokens (whitelist types), IEC 63119 use cases UC-A1 to UC-A4 as far as they
are public: a CSP that cannot be asked has its list decide only where it said so, else nobody may.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from partners.rules.life import LEFT
from roaming.rules.identity import AUTHORIZING

# A caller that lost our answer asks the same again: it gets the same answer.
REPEATED_WITHIN = timedelta(seconds=30)
STANDS_IN = frozenset({"ALLOWED", "ALLOWED_OFFLINE", "ALWAYS"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A credential as its CSP listed it."""

    entry_id: UUID
    kind: str
    is_valid: bool
    offline_policy: str
    ends_at: datetime | None
    updated_at: datetime
    contract_hash: str = ""
    pseudonym: str = ""
    group_hash: str = ""
    identity_hash: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A CSP that may answer: by its list (``listed``), the contract's prefix, or by name."""

    csp_id: UUID
    csp_code: str
    csp_state: str
    is_agreed: bool
    is_direct: bool = False
    endpoint_id: UUID | None = None
    endpoint_state: str = ""
    protocol: str = ""
    listed: Listed | None = None

    @property
    def can_be_asked(self) -> bool:
        return self.endpoint_id is not None and self.endpoint_state == "CONNECTED"


@dataclass(frozen=True, slots=True)
class Decided:
    """Decided without asking."""

    decision: str
    decided_by: str
    reason: str = ""
    candidate: Candidate | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """The CSP is to be asked; ``stand_in`` counts where it cannot be."""

    candidate: Candidate
    stand_in: Decided


@dataclass(frozen=True, slots=True)
class AskAround:
    """Nobody listed it: every CSP with an agreement is asked."""


Verdict = Decided | Ask | AskAround


def judge(
    candidates: Sequence[Candidate],
    *,
    cso_state: str,
    now: datetime,
    is_addressed: bool = False,
    certificate_fault: Decided | None = None,
    list_may_decide: bool = True,
) -> Verdict:
    """What is to be done with a question. ``is_addressed``: the CSO named the one CSP.

    What a CSP lists without an agreement with the CSO is as good as unknown to that CSO.
    """
    if cso_state not in AUTHORIZING:
        return _refused(f"your company {_stands(cso_state)}")
    if certificate_fault is not None:
        return certificate_fault
    agreed = [one for one in candidates if one.is_agreed]
    if not agreed:
        if not is_addressed:
            return AskAround()
        direct = any(one.is_direct for one in candidates)
        how = "the two of you settle directly" if direct else "no agreement is in force"
        return _refused(how)
    best = min(agreed, key=lambda one: _rank(one, now))
    if best.csp_state not in AUTHORIZING:
        return _refused(f"{best.csp_code} {_stands(best.csp_state)}", best)
    return _by_list_or_csp(best, now, list_may_decide=list_may_decide)


def certificate_fault_of(*, ends_at: datetime | None, status: str, now: datetime) -> Decided | None:
    """A contract certificate that ended or was revoked lets nobody charge (ISO 15118-2 §7.9)."""
    if status == "REVOKED":
        return Decided("BLOCKED", "POLICY", "the contract certificate was revoked")
    if ends_at is not None and ends_at <= now:
        return Decided("EXPIRED", "POLICY", "the contract certificate has ended")
    return None


def word_of_list(candidate: Candidate, now: datetime, *, reason: str = "") -> Decided:
    """What the CSP's list says of a listed credential."""
    listed = candidate.listed
    if listed is None:
        raise ValueError("it is on no list")
    if listed.ends_at is not None and listed.ends_at <= now:
        decision = "EXPIRED"
    else:
        decision = "ALLOWED" if listed.is_valid else "BLOCKED"
    return Decided(decision, "WHITELIST", reason, candidate)


def _by_list_or_csp(best: Candidate, now: datetime, *, list_may_decide: bool) -> Verdict:
    listed = best.listed
    if listed is not None and listed.offline_policy == "ALWAYS" and list_may_decide:
        return word_of_list(best, now)
    unreached = f"{best.csp_code} could not be asked"
    if listed is not None and listed.offline_policy in STANDS_IN and list_may_decide:
        stand_in = word_of_list(best, now, reason=f"{unreached}; its list decided")
    else:
        stand_in = Decided("NOT_REACHED", "POLICY", unreached, best, failure="AWAY")
    return Ask(best, stand_in) if best.can_be_asked else stand_in


def _rank(candidate: Candidate, now: datetime) -> tuple[object, ...]:
    """Who lists it comes first, of those the valid, of those who listed it before the others.

    Not the newest word: a CSP that lists the cards of another would have its drivers. Who hands a
    card over to another CSP says that it is not valid any more.
    """
    listed = candidate.listed
    if listed is None:
        return (1, 0, 0, candidate.csp_code)
    is_good = listed.is_valid and (listed.ends_at is None or listed.ends_at > now)
    operates = candidate.csp_state in AUTHORIZING
    # Ours, so nobody can claim an earlier time: ids of version 7 are in the order of their making.
    return (0, not (is_good and operates), listed.entry_id.int, candidate.csp_code)


def _stands(state: str) -> str:
    return "has left" if state == LEFT else f"is {state or 'not set up'} here"


def _refused(reason: str, candidate: Candidate | None = None) -> Decided:
    return Decided("NOT_ALLOWED", "POLICY", reason, candidate)
