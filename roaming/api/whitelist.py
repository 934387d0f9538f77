"""/api/v1/whitelists/FR*VOL/: a CSP publishes its credentials, CSOs read what changed."""

from typing import Annotated

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.views import APIView

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party, PartyOwnership, RoamingAgreement
from partners.queries import in_period
from roaming.api import authorization_documentation as documentation
from roaming.api import parameters
from roaming.api.authorization_messages import (
    CredentialChange,
    CredentialResult,
    ListedCredential,
    WhitelistAnswer,
    WhitelistPage,
    credential_of,
)
from roaming.models import WhitelistCounter
from roaming.services import whitelist
from roaming.services.whitelist import NothingShown

USUAL_PAGE = 100
LARGEST_PAGE = 1_000
MOST_AT_ONCE = 200_000
_BODY_BYTES = 32 * 1024 * 1024
_List = Annotated[list[ListedCredential], msgspec.Meta(max_length=MOST_AT_ONCE)]
_decode = msgspec.json.Decoder(_List).decode


class Whitelist(APIView):
    """PUT replaces the whole list, PATCH changes what is sent, GET reads what changed."""

    required_scopes = {
        "GET": ["registry:read"],
        "PUT": ["registry:write"],
        "PATCH": ["registry:write"],
    }

    @documentation.read_whitelist
    def get(self, request, party: str):
        parameters.refuse_unknown(request, {"after_sequence", "limit"})
        limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
        after = parameters.number(request, "after_sequence", default=0, smallest=0, largest=2**62)
        csp = _readable(request, party)
        entries = whitelist.changes_after(csp, sequence=after, limit=limit)
        changes = [
            CredentialChange(
                entry_id=entry.pk,
                sequence=entry.sequence,
                kind=entry.kind,
                uid=told.shown.uid,
                uid_sha256=told.shown.uid_sha256,
                contract_id=told.shown.contract_id,
                is_valid=entry.is_valid,
                offline_policy=entry.offline_policy,
                group_id=told.group_id,
                ends_at=entry.ends_at,
                updated_at=entry.updated_at,
            )
            for entry, told in zip(entries, whitelist.published(entries), strict=True)
        ]
        last = changes[-1].sequence if changes else after
        following = parameters.address(request, after_sequence=last)
        return _json(
            WhitelistPage(
                results=changes,
                last_sequence=last,
                next=following if len(changes) == limit else None,
            )
        )

    @documentation.put_whitelist
    def put(self, request, party: str):
        return _publish(request, party, is_whole=True)

    @documentation.patch_whitelist
    def patch(self, request, party: str):
        return _publish(request, party, is_whole=False)


def _publish(request, code: str, *, is_whole: bool) -> HttpResponse:
    csp = _own(request, code)
    body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
    try:
        listed = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error
    credentials = [credential_of(one) for one in listed]

    def work() -> HttpResponse:
        now = timezone.now()
        try:
            if is_whole:
                taken, ended = whitelist.publish_all(credentials, csp=csp, now=now)
            else:
                taken, ended = whitelist.publish_many(credentials, csp=csp, now=now), 0
        except NothingShown as nothing:
            raise RequestRefused(422, "CREDENTIAL_MISSING", f"{nothing}.") from nothing
        counter = WhitelistCounter.objects.filter(csp=csp).first()
        return _json(
            WhitelistAnswer(
                received=len(taken),
                ended=ended,
                last_sequence=counter.last_sequence if counter else 0,
                results=[
                    CredentialResult(entry_id=one.entry_id, outcome=one.outcome) for one in taken
                ],
            )
        )

    return answer_once(request, body=body, work=work)


def _own(request, code: str) -> Party:
    """The caller's own CSP; an unknown one and somebody else's answer the same."""
    csp = _find(request, code)
    owned = PartyOwnership.objects.filter(
        in_period(timezone.now()), partner=client_of(request).partner, party=csp
    )
    if csp is None or not owned.exists():
        raise _not_found(code)
    return csp


def _readable(request, code: str) -> Party:
    """The caller's own CSP, or one that has an agreement in force with a CSO of its own."""
    csp = _find(request, code)
    if csp is None:
        raise _not_found(code)
    now = timezone.now()
    owned = PartyOwnership.objects.filter(in_period(now), partner=client_of(request).partner)
    agreed = RoamingAgreement.objects.filter(
        in_period(now),
        seller__in=owned.values("party"),
        buyer=csp,
        service_class="CHARGING",
        in_force_at__isnull=False,
    ).exclude(mode="DIRECT")
    if not owned.filter(party=csp).exists() and not agreed.exists():
        raise _not_found(code)
    return csp


def _find(request, code: str) -> Party | None:
    try:
        country, _, party_id = parse_party_code(code).normal.partition("*")
    except MalformedPartyCode:
        return None
    return Party.objects.filter(
        country_code=country,
        party_id=party_id,
        role=Party.Role.CSP,
        environment=client_of(request).environment,
    ).first()


def _not_found(code: str) -> RequestRefused:
    return RequestRefused(404, "PARTY_NOT_FOUND", f"{code} is no CSP whose list you may use.")


def _json(told: msgspec.Struct) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(msgspec.json.encode(told), content_type=JSON, headers=headers)
