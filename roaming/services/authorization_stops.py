"""The same user ends a session (IEC 63119 UC-A4): its own credential, or one of its group."""

from django.db.models import Q

from partners.models import Party
from roaming.intake.normal import normal_evse_id
from roaming.messages.authorizations import AuthorizationQuestion, WhereCharged
from roaming.models import ServiceSession, WhitelistEntry
from roaming.rules.authorization import Candidate
from roaming.services import whitelist
from roaming.services.authorization_facts import Known
from roaming.services.authorization_log import Outcome
from roaming.services.whitelist import Whose

_OPEN = ("AUTHORIZED", "PENDING", "RESERVED", "ACTIVE")
MOST_LOOKED_AT = 50


def judge_stop(question: AuthorizationQuestion, known: Known, *, cso: Party) -> Outcome:
    """Whether an open session there is of who shows this; its CSP is not asked again.

    A block or an end of the contract since then keeps nobody from ending what it began.
    """
    sessions = list(_open_sessions(question, cso))
    for session in sessions:
        if session.csp is not None and _is_of(session, question, known):
            return Outcome(
                decision="ALLOWED",
                decided_by="POLICY",
                reason="it began this session",
                candidate=_candidate(session.csp, known),
                whose=Whose(session.pseudonym, session.contract_hash),
                session_id=session.pk,
            )
    reason = "another user's session" if sessions else "no session is open there"
    return Outcome(decision="NOT_ALLOWED", decided_by="POLICY", reason=reason)


def _open_sessions(question: AuthorizationQuestion, cso: Party):
    where = question.where or WhereCharged()
    sessions = ServiceSession.objects.filter(cso=cso, state__in=_OPEN).select_related("csp")
    if where.location_id:
        sessions = sessions.filter(location_id=where.location_id)
    if len(where.evse_uids) == 1:
        sessions = sessions.filter(evse_uid__in=["", where.evse_uids[0]])
    if evse_id := where.evse_id:
        sessions = sessions.filter(Q(evse_id="") | Q(evse_id=normal_evse_id(evse_id)))
    return sessions.order_by("-id")[:MOST_LOOKED_AT]


def _is_of(session: ServiceSession, question: AuthorizationQuestion, known: Known) -> bool:
    told = whitelist.whose(question.shown, csp_id=session.csp_id)
    if session.pseudonym and told.pseudonym == session.pseudonym:
        return True
    for one in known.candidates:
        listed = one.listed
        if listed is None or one.csp_id != session.csp_id:
            continue
        if session.contract_hash and listed.contract_hash == session.contract_hash:
            return True
        if session.pseudonym and listed.pseudonym == session.pseudonym:
            return True
        if listed.group_hash and _is_of_group(session, listed.group_hash):
            return True
    return False


def _is_of_group(session: ServiceSession, group_hash: str) -> bool:
    began = WhitelistEntry.objects.filter(csp=session.csp_id, group_hash=group_hash)
    return bool(session.pseudonym) and began.filter(pseudonym=session.pseudonym).exists()


def _candidate(csp: Party, known: Known) -> Candidate:
    for one in known.candidates:
        if one.csp_id == csp.pk:
            return one
    return Candidate(csp_id=csp.pk, csp_code=csp.code, csp_state="ACTIVE", is_agreed=True)
