"""The baseline of intake: what a careful Django developer writes with DRF.

A ModelSerializer with ``many=True`` checks the same fields; parties, agreements and known ids are
read once per batch; every table is filled by ``bulk_create`` in one transaction. The same server,
token, role, encryption and pseudonyms as ours; Python collects garbage as it does by itself.
"""

import base64
import gc
import hashlib
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from clearinghouse.identifiers import parse_contract_id, parse_evse_id
from clearinghouse.money import is_currency
from clearinghouse.sealing import Sealer
from clearinghouse.uuid7 import new_uuid7
from partners.api.permissions import client_of
from partners.models import Party, RoamingAgreement
from roaming.models import (
    ContractIdentity,
    Delivery,
    IntakeBatch,
    IntakeTally,
    RawRecord,
    Sdr,
    SdrEvent,
    SdrKey,
    SdrState,
    SessionKey,
)
from roaming.rules.pseudonym import key_for_csp, pseudonym_of
from roaming.services import deliveries

# What ``clearinghouse.apps`` sets belongs to our design.
_PYTHONS_OWN_THRESHOLDS = (700, 10, 10)
_NO_COLUMNS = {"cso_id", "csp_id", "contract_id", "total_amount", "items", "charging_periods"}
_PATH = ["RECEIVED", "VALIDATED", "RATED", "DELIVERED", "ACCEPTED"]


class ItemSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(["ENERGY", "TIME", "PARKING", "RESERVATION", "FEE"])
    amount = serializers.DecimalField(18, 6)
    quantity = serializers.DecimalField(18, 6, required=False, allow_null=True, default=None)
    unit_price = serializers.DecimalField(18, 6, required=False, allow_null=True, default=None)


class PeriodSerializer(serializers.Serializer):
    started_at = serializers.DateTimeField()
    energy_kwh = serializers.DecimalField(18, 6)
    duration_s = serializers.IntegerField(min_value=0)


class SdrSerializer(serializers.ModelSerializer):
    cso_id = serializers.CharField(max_length=20)
    csp_id = serializers.CharField(max_length=20)
    contract_id = serializers.CharField(max_length=255)
    total_amount = serializers.DecimalField(18, 6)
    items = ItemSerializer(many=True)
    charging_periods = PeriodSerializer(many=True)

    class Meta:
        model = Sdr
        fields = (
            "sdr_id cso_id csp_id service_session_id charging_session_id evse_id contract_id"
            " credential_type authorization_method started_at ended_at energy_kwh meter_id"
            " max_power_kw location_country location_name location_city connector_type"
            " current_type currency total_amount items charging_periods"
        ).split()

    def validate(self, attrs):
        hours = Decimal((attrs["ended_at"] - attrs["started_at"]).total_seconds()) / 3600
        if hours <= 0:
            raise serializers.ValidationError("ends before it starts")
        if attrs["ended_at"] > timezone.now():
            raise serializers.ValidationError("lies in the future")
        if not 0 <= attrs["energy_kwh"] <= attrs["max_power_kw"] * hours:
            raise serializers.ValidationError("impossible energy")
        if not is_currency(attrs["currency"]):
            raise serializers.ValidationError("unknown currency")
        if sum(item["amount"] for item in attrs["items"]) != attrs["total_amount"]:
            raise serializers.ValidationError("items differ from the total")
        parse_evse_id(attrs["evse_id"])
        return attrs


class BaselineBatch(APIView):
    required_scopes = {"POST": ["sdr:write"]}

    def post(self, request):
        ours = gc.get_threshold()
        gc.set_threshold(*_PYTHONS_OWN_THRESHOLDS)
        try:
            return self._take_in(request)
        finally:
            gc.set_threshold(*ours)

    def _take_in(self, request):
        serializer = SdrSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            results, buyers = _store(request, serializer.validated_data)
        deliveries.publish(buyers)
        accepted = sum(result["outcome"] == "accepted" for result in results)
        return Response({"received": len(results), "accepted": accepted, "results": results})


def _store(request, records):
    now, client = timezone.now(), client_of(request)
    batch = IntakeBatch.objects.create(
        sender=client.partner,
        environment=client.environment,
        door=IntakeBatch.Door.API,
        client=client,
        received_at=now,
    )
    parties = _parties(records, client.environment)
    agreements = {
        (one.seller_id, one.buyer_id): one
        for one in RoamingAgreement.objects.filter(seller__in=parties.values())
    }
    known = set(
        SdrKey.objects.filter(
            cso__in=parties.values(), sdr_id__in=[one["sdr_id"] for one in records]
        ).values_list("cso_id", "sdr_id")
    )
    rows = _Rows(batch, now)
    results = []
    for position, one in enumerate(records):
        seller, buyer = parties[one["cso_id"], "CSO"], parties[one["csp_id"], "CSP"]
        if (seller.pk, one["sdr_id"]) in known:
            results.append({"index": position, "sdr_id": one["sdr_id"], "outcome": "duplicate"})
            continue
        agreement = agreements[seller.pk, buyer.pk]
        raw = request.data[position]
        record_id = rows.add(one, raw, seller=seller, buyer=buyer, agreement=agreement)
        known.add((seller.pk, one["sdr_id"]))
        results.append(
            {
                "index": position,
                "sdr_id": one["sdr_id"],
                "outcome": "accepted",
                "record_id": str(record_id),
                "codes": [],
            }
        )
    rows.store(len(records))
    return results, {party.pk for (_, role), party in parties.items() if role == "CSP"}


def _parties(records, environment) -> dict[tuple[str, str], Party]:
    wanted = Q(pk__in=[])
    for code, role in {(one["cso_id"], "CSO") for one in records} | {
        (one["csp_id"], "CSP") for one in records
    }:
        wanted |= Q(country_code=code[:2], party_id=code[3:], role=role)
    found = Party.objects.filter(wanted, environment=environment)
    return {(party.code, party.role): party for party in found}


class _Rows:
    """Model instances of one batch, table by table."""

    def __init__(self, batch: IntakeBatch, now):
        self.batch, self.now = batch, now
        self.common = {"sender_id": batch.sender_id}
        self.raw_sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record")
        self.identity_sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="contract-identity")
        self.master_key = base64.b64decode(settings.PSEUDONYM_KEY)
        self.tables: dict[type, list] = {
            model: []
            for model in (SdrKey, SessionKey, RawRecord, Sdr, SdrState, SdrEvent, Delivery)
        }
        self.identities: dict[str, ContractIdentity] = {}
        self.claims = Decimal(0)

    def add(self, one, raw, *, seller, buyer, agreement):
        key = new_uuid7()
        payload = repr(raw).encode()
        digest = hashlib.sha256(payload).hexdigest()
        self._add_sdr(key, one, digest, seller=seller, buyer=buyer)
        self._add_state(key, one, seller=seller, buyer=buyer, agreement=agreement)
        self._add(
            RawRecord,
            id=key,
            batch_id=self.batch.pk,
            position=len(self.tables[RawRecord]),
            sha256=digest,
            encrypted_payload=self.raw_sealer.seal(payload),
        )
        self.tables[SdrKey].append(
            SdrKey(record_id=key, cso=seller, sdr_id=one["sdr_id"], payload_sha256=digest)
        )
        self.tables[SessionKey].append(
            SessionKey(record_id=key, cso=seller, session_id=one["service_session_id"])
        )
        self.tables[Delivery].append(
            Delivery(id=key, receiver=buyer, kind="SDR", subject_id=key, created_at=self.now)
        )
        self.claims += one["total_amount"]
        return key

    def _add_sdr(self, key, one, digest, *, seller, buyer) -> None:
        items, periods = one["items"], one["charging_periods"]
        stated = {name: value for name, value in one.items() if name not in _NO_COLUMNS}
        self._add(
            Sdr,
            **stated | {"evse_id": parse_evse_id(one["evse_id"]).normal},
            id=key,
            seller=seller,
            buyer=buyer,
            environment=self.batch.environment,
            batch_id=self.batch.pk,
            position=len(self.tables[Sdr]),
            attempt=1,
            payload_sha256=digest,
            received_at=self.now,
            cso_code=one["cso_id"],
            csp_code=one["csp_id"],
            evse_id_received=one["evse_id"],
            pseudonym=self._pseudonym(one["contract_id"], buyer),
            claim_amount=one["total_amount"],
            item_kinds=[item["kind"] for item in items],
            item_quantities=[item["quantity"] for item in items],
            item_unit_prices=[item["unit_price"] for item in items],
            item_amounts=[item["amount"] for item in items],
            period_started_at=[period["started_at"] for period in periods],
            period_energy_kwh=[period["energy_kwh"] for period in periods],
            period_duration_s=[period["duration_s"] for period in periods],
            rules_version=1,
        )

    def _add_state(self, key, one, *, seller, buyer, agreement) -> None:
        now = self.now
        self._add(
            SdrState,
            id=key,
            environment=self.batch.environment,
            state="ACCEPTED",
            version=1,
            seller=seller,
            buyer=buyer,
            agreement=agreement,
            ended_at=one["ended_at"],
            delivered_at=now,
            accepted_at=now,
            changed_at=now,
        )
        self._add(
            SdrEvent,
            record_id=key,
            version=1,
            path=_PATH,
            to_state="ACCEPTED",
            at=now,
            actor="baseline",
        )

    def _pseudonym(self, contract_id: str, buyer) -> str:
        contract = parse_contract_id(contract_id).normal
        pseudonym = pseudonym_of(contract, csp_key=key_for_csp(self.master_key, str(buyer.pk)))
        if pseudonym.contract_hash not in self.identities:
            self.identities[pseudonym.contract_hash] = ContractIdentity(
                csp=buyer,
                contract_hash=pseudonym.contract_hash,
                pseudonym=pseudonym.shown,
                encrypted_contract_id=self.identity_sealer.seal(contract.encode()),
                first_seen_at=self.now,
            )
        return pseudonym.shown

    def store(self, received: int) -> None:
        for model, instances in self.tables.items():
            model.objects.bulk_create(instances)
        ContractIdentity.objects.bulk_create(self.identities.values(), ignore_conflicts=True)
        new = len(self.tables[Sdr])
        IntakeTally.objects.create(
            batch=self.batch,
            **self.common,
            environment=self.batch.environment,
            day=self.now.date(),
            currency="EUR",
            received=received,
            repeated=received - new,
            new=new,
            new_claim_amount=self.claims,
        )

    def _add(self, model, **fields) -> None:
        self.tables[model].append(model(**self.common, **fields))
