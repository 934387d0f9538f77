"""The same question answered the plain DRF way: serializers, and the ORM row by row.

It looks at the same facts and writes the same rows; it is what one writes first.
"""

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from clearinghouse.uuid7 import new_uuid7
from partners.api.permissions import client_of
from partners.models import PartnerState, Party, PartyOwnership, RoamingAgreement, RoamingEndpoint
from partners.queries import in_period
from roaming.messages.authorizations import ShownCredential
from roaming.models import (
    Authorization,
    AuthorizationRequest,
    CredentialKind,
    ServiceSession,
    SessionMove,
    WhitelistEntry,
)
from roaming.services import whitelist


class QuestionSerializer(serializers.Serializer):
    cso_id = serializers.RegexField(r"^[A-Z]{2}\*[A-Z0-9]{3}$")
    kind = serializers.ChoiceField(CredentialKind.choices)
    uid = serializers.CharField(max_length=255)
    location_id = serializers.CharField(max_length=100, required=False, default="")
    evse_uid = serializers.CharField(max_length=100, required=False, default="")
    evse_id = serializers.CharField(max_length=60, required=False, default="")
    correlation_id = serializers.CharField(max_length=64, required=False, default="")


class DecisionSerializer(serializers.ModelSerializer):
    csp_id = serializers.CharField(source="csp.code")

    class Meta:
        model = AuthorizationRequest
        fields = (
            "id",
            "decision",
            "decided_by",
            "reason",
            "reference",
            "session_id",
            "csp_id",
            "asked_at",
            "answered_at",
        )


class BaselineAsk(GenericAPIView):
    required_scopes = {"POST": ["authorization:write"]}
    queryset = AuthorizationRequest.objects.all()
    serializer_class = QuestionSerializer

    def post(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked, now = serializer.validated_data, timezone.now()
        client = client_of(request)
        country, _, party_id = asked["cso_id"].partition("*")
        cso = Party.objects.get(
            country_code=country,
            party_id=party_id,
            role=Party.Role.CSO,
            environment=client.environment,
        )
        owned = PartyOwnership.objects.get(in_period(now), party=cso, partner=client.partner)
        shown = ShownCredential(kind=asked["kind"], uid=asked["uid"])
        [lookup_hash] = whitelist.lookup_hashes_of(shown, client.environment)
        entry = WhitelistEntry.objects.select_related("csp").get(
            lookup_hash=lookup_hash, environment=client.environment
        )
        decision = self._decision(entry, cso, owned, now)
        with transaction.atomic():
            row = self._write(entry, cso, asked, decision, now)
        return Response(DecisionSerializer(row).data)

    def _decision(self, entry, cso, owned, now) -> str:
        csp_owned = PartyOwnership.objects.get(in_period(now), party=entry.csp)
        for one in (owned, csp_owned):
            states = PartnerState.objects.filter(partner=one.partner_id, starts_at__lte=now)
            if states.order_by("-starts_at").first().state not in ("ACTIVE", "LEAVING"):
                return "NOT_ALLOWED"
        agreement = RoamingAgreement.objects.filter(
            in_period(now),
            seller=cso,
            buyer=entry.csp,
            service_class="CHARGING",
            in_force_at__isnull=False,
        ).exclude(mode="DIRECT")
        if not agreement.exists():
            return "NOT_ALLOWED"
        RoamingEndpoint.objects.filter(parties=entry.csp).order_by(
            F("last_heard_at").desc(nulls_last=True)
        ).first()
        return "ALLOWED" if entry.is_valid else "BLOCKED"

    def _write(self, entry, cso, asked, decision, now):
        same = AuthorizationRequest.objects.filter(
            ~Q(correlation_id=""), cso=cso, correlation_id=asked["correlation_id"], asked_at=now
        ).first()
        if same is not None:
            return same
        session = ServiceSession.objects.create(
            cso=cso,
            csp=entry.csp,
            environment=cso.environment,
            state=ServiceSession.State.AUTHORIZED,
            kind=entry.kind,
            pseudonym=entry.pseudonym,
            contract_hash=entry.contract_hash,
            identity_hash=entry.identity_hash,
            location_id=asked["location_id"],
            evse_uid=asked["evse_uid"],
            evse_id=asked["evse_id"],
            updated_at=now,
            received_at=now,
        )
        SessionMove.objects.create(
            session=session, version=1, state=session.state, actor="baseline", moved_at=now
        )
        Authorization.objects.create(
            csp=entry.csp,
            cso=cso,
            reference=str(session.pk),
            is_granted=decision == "ALLOWED",
            contract_hash=entry.contract_hash,
            pseudonym=entry.pseudonym,
            evse_id=asked["evse_id"],
            service_session_id=str(session.pk),
            authorized_at=now,
        )
        return AuthorizationRequest.objects.create(
            id=new_uuid7(),
            cso=cso,
            csp=entry.csp,
            environment=cso.environment,
            kind=asked["kind"],
            pseudonym=entry.pseudonym,
            location_id=asked["location_id"],
            evse_id=asked["evse_id"],
            decision=decision,
            decided_by="WHITELIST",
            reference=str(session.pk),
            session_id=session.pk,
            asked_at=now,
            answered_at=timezone.now(),
            correlation_id=asked["correlation_id"],
        )
