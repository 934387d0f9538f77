"""Sessions: CSOs tell of them while they run, and the CSP of each reads its own (2.2.1 §9)."""

from datetime import datetime

from django.utils import timezone

from partners.models import Party
from roaming.messages.sessions import ChargingPreference, PreferenceAnswer, SessionFacts
from roaming.models import ServiceSession
from roaming.protocols.ocpi import faults, objects
from roaming.protocols.ocpi.bodies import check_id, check_owner, checked, object_of
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.session_documents import (
    patched,
    session_facts,
    session_tree,
    session_trees,
)
from roaming.protocols.ocpi.trees import times
from roaming.services import preferences, session_news, sessions
from roaming.services.remote_routes import RemoteRefused
from roaming.services.session_facts import facts_of, find
from roaming.services.sessions import SessionRefused, SessionUnknown, Taken

_NOWHERE = {"UNKNOWN_CSP", "NO_AGREEMENT"}
_ANSWER_OF: dict[PreferenceAnswer, str] = {
    "ENERGY_REQUIRED": "ENERGY_NEED_REQUIRED",
    "GOAL_NOT_SUPPORTED": "PROFILE_TYPE_NOT_SUPPORTED",
}


class SessionReceiver(ModuleView):
    """{GET, PUT, PATCH} receiver/sessions/{country}/{party}/{id}: a CSO's own."""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def get(self, call: Call, country: str, party: str, session_id: str) -> Answer:
        session = find(session_id, cso=call.owned_party(country, party, Party.Role.CSO))
        if session is None:
            raise _unknown(session_id)
        try:
            return Answer(session_tree(session, facts_of(session), call.version))
        except objects.Untranslatable as error:
            raise _no_words(call, error) from error

    def put(self, call: Call, country: str, party: str, session_id: str) -> Answer:
        cso = call.owned_party(country, party, Party.Role.CSO)
        tree = object_of(call, "Session")
        check_id(tree, "id", session_id)
        check_owner(tree, country, party)
        told = _facts(call, tree, cso)
        return _told(call, lambda: sessions.take(told, cso=cso, actor=_actor(call), now=call.now))

    def patch(self, call: Call, country: str, party: str, session_id: str) -> Answer:
        cso = call.owned_party(country, party, Party.Role.CSO)
        patch = object_of(call, "Session", is_patch=True)
        check_id(patch, "id", session_id)
        check_owner(patch, country, party)
        own = find(session_id, cso=cso)
        if own is None:
            raise _unknown(session_id)

        def merge(stored: SessionFacts) -> SessionFacts:
            before = session_tree(own, stored, call.version)
            merged = checked(call, "Session", patched(before, patch))
            return _facts(call, merged, cso)

        return _told(
            call,
            lambda: sessions.change(session_id, merge, cso=cso, actor=_actor(call), now=call.now),
        )


class SessionSender(ModuleView):
    """GET sender/sessions?date_from=: the sessions of the caller's drivers."""

    caller_role = Party.Role.CSP
    callee_role = Party.Role.CSO

    def get(self, call: Call) -> Answer:
        if not call.request.GET.get("date_from", "").strip():
            raise Fault(faults.INVALID, "date_from is missing: sessions are read since a time.")
        rows = ServiceSession.objects.filter(csp=call.sender).exclude(
            state=ServiceSession.State.AUTHORIZED
        )
        if call.receiver is not None:
            rows = rows.filter(cso=call.receiver)
        return page_of(
            call,
            rows.select_related("cso", "csp"),
            render=lambda page: session_trees(page, call.version),
        )


class ChargingPreferences(ModuleView):
    """PUT sender/sessions/{id}/charging_preferences: what the CSP's driver wants."""

    caller_role = Party.Role.CSP
    callee_role = Party.Role.CSO

    def put(self, call: Call, session_id: str) -> Answer:
        tree = object_of(call, "ChargingPreferences")
        wanted = ChargingPreference(
            goal=tree["profile_type"],
            departs_at=_instant(tree.get("departure_time")),
            energy_kwh=tree.get("energy_need"),
            may_discharge=tree.get("discharge_allowed"),
        )
        try:
            said = preferences.state(
                session_id,
                wanted,
                csp=call.sender,
                cso=call.receiver,
                correlation_id=call.correlation_id,
            )
        except RemoteRefused as refused:
            raise Fault(faults.INVALID, str(refused), http=404) from refused
        return Answer(_ANSWER_OF.get(said, said))


def _told(call: Call, work) -> Answer:
    """Take it, then pass it on; what its CSP refuses, its CSO hears in the CSP's words."""
    try:
        taken: Taken = work()
    except SessionRefused as refused:
        code = faults.UNKNOWN_RECEIVER if refused.code in _NOWHERE else faults.INVALID
        raise Fault(code, str(refused)) from refused
    except SessionUnknown as unknown:
        raise _unknown(str(unknown)) from unknown
    except objects.Untranslatable as error:
        raise _no_words(call, error) from error
    if taken.is_written:
        session_news.tell(taken.session, correlation_id=call.correlation_id, now=timezone.now())
    return Answer(http=201 if taken.is_new else 200)


def _facts(call: Call, tree: Tree, cso: Party) -> SessionFacts:
    """Where the session does not name its CSP, the receiver it is sent to does.

    :raises Fault: 2001, it names one and is sent to another
    """
    try:
        told = session_facts(tree, call.version, cso=cso)
    except objects.Untranslatable as error:
        raise _no_words(call, error) from error
    named = call.receiver.code if call.receiver else ""
    if told.csp_code and named and told.csp_code != named:
        raise Fault(faults.INVALID, f"cdr_token: a session of {told.csp_code} is sent to {named}.")
    return sessions.of_csp(told, told.csp_code or named)


def _actor(call: Call) -> str:
    return str(call.connection.endpoint)


def _instant(text: str | None) -> datetime | None:
    return times.instant(text) if text else None


def _unknown(session_id: str) -> Fault:
    return Fault(faults.CLIENT_ERROR, f"There is no session {session_id} of yours.", http=404)


def _no_words(call: Call, error: Exception) -> Fault:
    return Fault(faults.INVALID, f"OCPI {call.version} has no words for it: {error}")


_OWN = "receiver/sessions/<str:country>/<str:party>/<str:session_id>"
MODULE = Module(
    name="sessions",
    versions=VERSIONS,
    sides={"SENDER": "sender/sessions", "RECEIVER": "receiver/sessions"},
    routes=(
        ("sender/sessions", SessionSender.as_view()),
        (
            "sender/sessions/<str:session_id>/charging_preferences",
            ChargingPreferences.as_view(),
        ),
        (_OWN, SessionReceiver.as_view()),
    ),
    owner_role=Party.Role.CSO,
)
