"""Remote requests for partners' systems: a CSP asks, a CSO tells the outcome, both read."""

from uuid import UUID

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, read_body
from partners.api.problems import RequestRefused
from partners.models import Party
from roaming import queries
from roaming.api import acting, parameters
from roaming.api import remote_documentation as documentation
from roaming.api.remote_documentation import NewOutcome, NewRemoteRequest
from roaming.messages.sessions import RemoteAsk, RemoteOutcome
from roaming.rules.remote_outcomes import OutcomeVerdict
from roaming.services import remote, remote_outcomes, remote_reading
from roaming.services.remote_outcomes import OutcomeUnknown
from roaming.services.remote_routes import RemoteRefused

_READ, _WRITE = "remote:read", "remote:write"
_BODY_BYTES = 64 * 1024
# What each kind cannot be asked without.
_NEEDS: dict[str, tuple[str, ...]] = {
    "START": ("driver", "location_id"),
    "STOP": ("session_id",),
    "RESERVE": ("driver", "location_id", "reservation_id", "expires_at"),
    "CANCEL_RESERVATION": ("reservation_id",),
    "UNLOCK": ("location_id", "evse_uid", "connector_id"),
    "SET_PROFILE": ("session_id", "profile"),
    "GET_PROFILE": ("session_id", "duration_s"),
    "CLEAR_PROFILE": ("session_id",),
}


class RemoteRequests(APIView):
    required_scopes = {"GET": [_READ], "POST": [_WRITE]}

    @documentation.list_requests
    def get(self, request):
        parameters.refuse_unknown(request, acting.PAGE_PARAMETERS)
        found = queries.readable_remote_requests(acting.reader(request))
        rows, following = acting.page(request, found)
        told = [remote_reading.row_of(row) for row in rows]
        return acting.answer(remote_reading.RemotePage(results=told, next=following))

    @documentation.ask
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        given = acting.decode(body, NewRemoteRequest)
        if missing := [name for name in _NEEDS[given.kind] if not getattr(given, name)]:
            raise ValidationError(dict.fromkeys(missing, f"is needed for {given.kind}"))
        csp = acting.acting_party(request, given.csp_id, Party.Role.CSP, field="csp_id")
        cso = None
        if given.cso_id:
            cso = acting.known_party(request, given.cso_id, Party.Role.CSO, field="cso_id")
        try:
            asked = remote.ask(_asked(given), csp=csp, cso=cso, clock=timezone.now)
        except RemoteRefused as refused:
            raise RequestRefused(422, refused.code, str(refused)) from refused
        failure = f"{asked.failure.kind}: {asked.failure}" if asked.failure else ""
        return acting.answer(remote_reading.detail_of(asked.request, failure=failure), status=201)


class RemoteRequestOne(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.get_request
    def get(self, request, request_id: UUID):
        found = queries.readable_remote_requests(acting.reader(request))
        row = found.filter(pk=request_id).first()
        if row is None:
            raise Http404
        return acting.answer(remote_reading.detail_of(row))


class RemoteOutcomeOf(APIView):
    required_scopes = {"POST": [_WRITE]}

    @documentation.tell_outcome
    def post(self, request, request_id: UUID):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        given = acting.decode(body, NewOutcome)
        told = RemoteOutcome(
            outcome=given.outcome,
            messages=({"language": "en", "text": given.message},) if given.message else (),
            profile=given.profile,
        )
        csos = Party.objects.filter(pk__in=acting.acting_ids(request), role=Party.Role.CSO)
        try:
            taken = remote_outcomes.outcome_of(request_id, told, csos=csos, now=timezone.now())
        except OutcomeUnknown:
            raise Http404 from None
        if taken.verdict is OutcomeVerdict.NOTHING_WAITS:
            detail = "This request was not accepted, so it has no outcome."
            raise RequestRefused(409, "NOTHING_WAITS", detail)
        return acting.answer(remote_reading.detail_of(taken.request))


class Reservations(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.list_reservations
    def get(self, request):
        parameters.refuse_unknown(request, acting.PAGE_PARAMETERS)
        found = queries.readable_reservations(acting.reader(request))
        rows, following = acting.page(request, found)
        told = [remote_reading.reservation_row(row) for row in rows]
        return acting.answer(remote_reading.ReservationPage(results=told, next=following))


class ReservationOne(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.get_reservation
    def get(self, request, reservation_id: UUID):
        found = queries.readable_reservations(acting.reader(request))
        row = found.filter(pk=reservation_id).first()
        if row is None:
            raise Http404
        return acting.answer(remote_reading.reservation_row(row))


def _asked(given: NewRemoteRequest) -> RemoteAsk:
    fields = {name: getattr(given, name) for name in given.__struct_fields__}
    del fields["csp_id"], fields["cso_id"]
    return RemoteAsk(**fields)
