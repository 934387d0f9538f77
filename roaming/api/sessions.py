"""Service sessions for partners' systems: a CSO tells of them, both sides read them."""

from datetime import datetime
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, read_body
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party
from roaming import queries
from roaming.api import acting, parameters
from roaming.api import session_documentation as documentation
from roaming.api.numbered import actor_of
from roaming.api.session_documentation import NewSession, StatedPreference
from roaming.gateways import NotReached
from roaming.messages.sessions import ChargingPreference, SessionFacts
from roaming.models import ServiceSession
from roaming.services import preferences, session_news, session_reading, sessions
from roaming.services.remote_routes import RemoteRefused
from roaming.services.sessions import SessionRefused

READ, WRITE, ASK = "session:read", "session:write", "remote:write"
_BODY_BYTES = 512 * 1024
_SMALL_BODY_BYTES = 10_000


class Sessions(APIView):
    required_scopes = {"GET": [READ], "POST": [WRITE]}

    @documentation.list_sessions
    def get(self, request):
        parameters.refuse_unknown(request, acting.PAGE_PARAMETERS | {"updated_since", "state"})
        reader = acting.reader(request)
        found = queries.readable_sessions(reader)
        if state := request.query_params.get("state"):
            if state not in ServiceSession.State.values:
                known = ", ".join(ServiceSession.State.values)
                raise ValidationError({"state": f"is none of {known}"})
            found = found.filter(state=state)
        if "updated_since" in request.query_params:
            found = found.filter(updated_at__gte=_instant(request, "updated_since"))
        rows, following = acting.page(request, found)
        told = session_reading.rows_of(rows, reader.party_ids)
        return acting.answer(session_reading.SessionPage(results=told, next=following))

    @documentation.put_session
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        given = acting.decode(body, NewSession)
        cso = acting.acting_party(request, given.cso_id, Party.Role.CSO, field="cso_id")
        actor = actor_of(client_of(request))
        try:
            taken = sessions.take(_facts(given), cso=cso, actor=actor, now=timezone.now())
        except SessionRefused as refused:
            raise RequestRefused(422, refused.code, str(refused)) from refused
        if taken.is_written:
            _tell(taken.session)
        told = session_reading.detail_of(taken.session, acting.reader(request).party_ids)
        return acting.answer(told, status=201 if taken.is_new else 200)


class SessionOne(APIView):
    required_scopes = {"GET": [READ]}

    @documentation.get_session
    def get(self, request, session_id: UUID):
        reader = acting.reader(request)
        session = queries.readable_sessions(reader).filter(pk=session_id).first()
        if session is None:
            raise Http404
        return acting.answer(session_reading.detail_of(session, reader.party_ids))


class SessionPreference(APIView):
    required_scopes = {"PUT": [ASK]}

    @documentation.put_preference
    def put(self, request, session_id: UUID):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_SMALL_BODY_BYTES)
        wanted = acting.decode(body, ChargingPreference)
        own = ServiceSession.objects.filter(pk=session_id, csp__in=acting.acting_ids(request))
        session = own.select_related("csp").first()
        if session is None or session.csp is None:
            raise Http404
        try:
            said = preferences.state(str(session.pk), wanted, csp=session.csp)
        except RemoteRefused as refused:
            raise RequestRefused(422, refused.code, str(refused)) from refused
        except NotReached as failure:
            raise not_reached(failure) from failure
        return acting.answer(StatedPreference(answer=said))


def not_reached(failure: NotReached) -> RequestRefused:
    """The problem of a partner that was not reached, or refused in its own words."""
    code = "CSO_REFUSED" if failure.kind == "REFUSED" else "CSO_NOT_REACHED"
    return RequestRefused(422, code, f"Nothing was done: {failure}")


def _tell(session: ServiceSession) -> None:
    """A CSP that will not have the session is its own matter here: the CSO has told us."""
    try:
        session_news.tell(session, now=timezone.now())
    except NotReached:
        return


def _facts(given: NewSession) -> SessionFacts:
    fields = {name: getattr(given, name) for name in given.__struct_fields__}
    fields["csp_code"] = fields.pop("csp_id")
    del fields["cso_id"]
    return SessionFacts(**fields)


def _instant(request, name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(request.query_params[name].replace(" ", "+"))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValidationError({name: "send RFC 3339 with an offset, e.g. 2026-11-14T12:00:00Z"})
    return instant
