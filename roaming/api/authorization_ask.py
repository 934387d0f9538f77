"""POST /api/v1/authorizations/ask/: somebody stands at the station and waits.

A plain view, because what the framework does for each request takes longer than the decision. What
it cannot answer with a decision goes the framework's way, which tells what is wrong.
"""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.api.bodies import JSON, not_json, read_body
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party, PartyOwnership
from partners.queries import in_period
from partners.rules.life import EFFECTS
from roaming.api import authorization_documentation as documentation
from roaming.api.authorization_messages import AskedAuthorization, answered, question_of
from roaming.services import authorization_callers, authorizations
from roaming.services.whitelist import NothingShown

_SCOPE = "authorization:write"
_BODY_BYTES = 10_000
_decode = msgspec.json.Decoder(AskedAuthorization).decode
_encode = msgspec.json.Encoder().encode


class AuthorizationAsk(APIView):
    required_scopes = {"POST": [_SCOPE]}

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        framework = super().as_view(**initkwargs)

        def view(request: HttpRequest, *arguments: Any, **named: Any) -> Any:
            return _at_once(request) or framework(request, *arguments, **named)

        view.cls = cls  # type: ignore[attr-defined]
        view.initkwargs = initkwargs  # type: ignore[attr-defined]
        return csrf_exempt(view)

    @documentation.ask_authorization
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        try:
            asked = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise not_json(error) from error
        cso = _own_cso(request, asked.cso_id)
        csp = _csp(request, asked.csp_id) if asked.csp_id else None
        return _decided(asked, cso=cso, csp=csp)


def _at_once(request: HttpRequest) -> HttpResponse | None:
    """The answer, if the request is as it should be and its caller may ask; else ``None``."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if (
        request.method != "POST"
        or request.content_type != JSON
        or "HTTP_CONTENT_ENCODING" in request.META
        or int(request.META.get("CONTENT_LENGTH") or 0) > _BODY_BYTES
        or scheme.lower() != "bearer"
    ):
        return None
    try:
        asked = _decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    now = timezone.now()
    caller = authorization_callers.caller_of(
        token.strip(), cso_code=asked.cso_id, csp_code=asked.csp_id, now=now
    )
    if (
        caller is None
        or _SCOPE not in caller.scopes
        or caller.expires_at <= now
        or not EFFECTS[caller.partner_standing].connects
        or caller.cso is None
        or (asked.csp_id and caller.csp is None)
        or not (asked.uid or asked.uid_sha256)
    ):
        return None
    return _decided(asked, cso=caller.cso, csp=caller.csp)


def _decided(asked: AskedAuthorization, *, cso: Party, csp: Party | None) -> HttpResponse:
    now = timezone.now()
    try:
        decision = authorizations.decide(question_of(asked, now=now), cso=cso, csp=csp, now=now)
    except NothingShown as nothing:
        raise RequestRefused(422, "CREDENTIAL_MISSING", f"{nothing}.") from nothing
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(_encode(answered(decision)), content_type=JSON, headers=headers)


def _own_cso(request, code: str) -> Party:
    """The caller's own CSO; an unknown one and somebody else's answer the same."""
    client, normal = client_of(request), _normal(code)
    owned = PartyOwnership.objects.filter(in_period(timezone.now()), partner=client.partner)
    party = _parties(normal, Party.Role.CSO, client.environment).filter(
        pk__in=owned.values("party")
    )
    if (found := party.first()) is None:
        raise RequestRefused(404, "PARTY_NOT_FOUND", f"{normal} is no CSO party of yours.")
    return found


def _csp(request, code: str) -> Party:
    normal = _normal(code)
    party = _parties(normal, Party.Role.CSP, client_of(request).environment).first()
    if party is None:
        raise RequestRefused(422, "CSP_UNKNOWN", f"{normal} is no CSP that is set up here.")
    return party


def _parties(normal: str, role: str, environment: str):
    country, _, party_id = normal.partition("*")
    return Party.objects.filter(
        country_code=country, party_id=party_id, role=role, environment=environment
    )


def _normal(code: str) -> str:
    try:
        return parse_party_code(code).normal
    except MalformedPartyCode as malformed:
        raise RequestRefused(
            422, "PARTY_MALFORMED", f"{malformed}; send e.g. DE*NLX."
        ) from malformed
