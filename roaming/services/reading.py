"""Records as partners read them: pages by record id, pulls by sequence, one in full.

A contract id is never shown; its pseudonym is. Rows become answers without a serializer, in a
number of queries that does not depend on the page.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias, cast
from uuid import UUID

import msgspec
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from roaming.messages import OutcomeFinding, plain
from roaming.models import Delivery, Finding, RemoteRequest, Sdr, SdrEvent, SdrState
from roaming.rules.catalog import REMEDIES
from roaming.rules.findings import Severity
from roaming.rules.record import ItemKind
from roaming.services.counter_reading import MatchRow, matches_told
from roaming.services.remote_reading import RemoteRow, row_of
from roaming.services.tariff_reading import RecordRating, rating_told

_SDR_COLUMNS = (
    "id sdr_id attempt cso_code csp_code service_session_id split_no charging_session_id"
    " transaction_id evse_id evse_id_received pseudonym credential_type authorization_method"
    " authorization_reference tariff_id started_at ended_at charging_started_at"
    " charging_ended_at issued_at received_at energy_kwh meter_id meter_start_kwh meter_end_kwh"
    " location_country location_name location_city connector_type current_type max_power_kw"
    " currency claim_amount credits_sdr_id replaces_sdr_id"
).split()
_SDR_DETAILS = (
    "item_kinds item_quantities item_unit_prices item_amounts period_started_at"
    " period_energy_kwh period_duration_s not_applicable"
).split()
_RENAMED = {"id": "record_id", "cso_code": "cso_id", "csp_code": "csp_id"}
_RENAMED |= {"claim_amount": "total_amount"}

EventName: TypeAlias = Literal["settlement.issued", "document.issued"]
MessageKind: TypeAlias = Literal[
    "SDR",
    "STATEMENT",
    "PROVISIONAL",
    "INVOICE",
    "SDR_STATE",
    "DISPUTE",
    "MATCH",
    "HEALED",
    "REMINDER",
    "MANIFEST",
    "ALERT",
    "TARIFF",
    "OBJECTION",
    "AGREEMENT",
    "REMOTE",
    "TEST",
]
_DOCUMENTS = (Delivery.Kind.STATEMENT, Delivery.Kind.PROVISIONAL, Delivery.Kind.INVOICE)
# What finance systems subscribe to by name; other messages are told by their type alone.
_EVENTS: dict[str, EventName] = {
    Delivery.Kind.STATEMENT: "settlement.issued",
    Delivery.Kind.INVOICE: "document.issued",
}
_NAMED_OTHERWISE = (Delivery.Kind.SDR, *_DOCUMENTS)
_ABOUT_RECORDS = (Delivery.Kind.SDR, Delivery.Kind.SDR_STATE)
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record as its two sides see it."""

    record_id: UUID
    state: str
    attempt: int
    codes: list[str]
    sdr_id: str
    cso_id: str
    csp_id: str
    service_session_id: str
    split_no: int
    charging_session_id: str
    transaction_id: str
    evse_id: str
    pseudonym: str
    credential_type: str
    authorization_method: str
    authorization_reference: str
    tariff_id: str
    started_at: datetime | None
    ended_at: datetime | None
    charging_started_at: datetime | None
    charging_ended_at: datetime | None
    issued_at: datetime | None
    energy_kwh: Decimal | None
    meter_id: str
    meter_start_kwh: Decimal | None
    meter_end_kwh: Decimal | None
    location_country: str
    location_name: str
    location_city: str
    connector_type: str
    current_type: str
    max_power_kw: Decimal | None
    currency: str
    total_amount: Decimal | None
    credits_sdr_id: str
    replaces_sdr_id: str
    received_at: datetime
    delivered_at: datetime | None
    accepted_at: datetime | None
    changed_at: datetime


class RecordItem(msgspec.Struct, frozen=True, kw_only=True):
    kind: ItemKind
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal


class RecordPeriod(msgspec.Struct, frozen=True, kw_only=True):
    started_at: datetime
    energy_kwh: Decimal
    duration_s: int


class RecordEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One act: the states passed at one instant, the last of which is ``to_state``."""

    version: int
    at: datetime
    from_state: str
    path: list[str]
    to_state: str
    reason: str


class RecordDetail(Record, frozen=True, kw_only=True):
    """A record with its items, its timeline, and what the rules said."""

    items: list[RecordItem]
    charging_periods: list[RecordPeriod]
    findings: list[OutcomeFinding]
    not_applicable: list[str]
    events: list[RecordEvent]
    rating: RecordRating | None = None


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[Record]
    next: str | None


class DeliveredMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message for a party; statements name their document, an SDR carries the record."""

    sequence: int
    kind: MessageKind
    record: Record | None = None
    document_id: UUID | None = None
    subject_id: UUID | None = None


class OwedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it is pushed and pulled; ``data`` is the record where it is about one.

    ``match`` comes with a MATCH, and with a REMINDER where a record of the other side is missing;
    ``remote`` with a REMOTE: the request with its outcome as it stands now;
    ``event`` with what finance systems subscribe to: settlement.issued, document.issued.
    """

    type: MessageKind
    sequence: int
    subject_id: UUID
    version: int
    data: Record | None
    match: MatchRow | msgspec.UnsetType = msgspec.UNSET
    remote: RemoteRow | msgspec.UnsetType = msgspec.UNSET
    event: EventName | msgspec.UnsetType = msgspec.UNSET


class OwedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its state. ``delivery_id`` is the ``webhook-id`` it is sent under."""

    delivery_id: UUID
    message: OwedMessage
    attempts: int
    confirmed_at: datetime | None
    dead_at: datetime | None


class OwedPage(msgspec.Struct, frozen=True, kw_only=True):
    """In sequence, without gaps. Confirm ``last_sequence`` once the messages are stored."""

    results: list[OwedEntry]
    last_sequence: int
    confirmed_sequence: int
    next: str | None


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """In sequence, without gaps. Store ``last_sequence`` and ask for what is after it."""

    results: list[DeliveredMessage]
    last_sequence: int
    next: str | None


def records_of(states: Iterable[SdrState]) -> list[Record]:
    """The records of ``states`` in the same order, by one query."""
    states = list(states)
    rows = _rows(states)
    return [Record(**_common(state, rows[state.id])) for state in states]


def detail_of(state: SdrState) -> RecordDetail:
    """One record in full, by four queries."""
    row = _rows([state], *_SDR_DETAILS)[state.id]
    findings = Finding.objects.filter(sender=state.sender_id, record_id=state.id)
    events = SdrEvent.objects.filter(sender=state.sender_id, record_id=state.id)
    return RecordDetail(
        **_common(state, row),
        items=_items(row),
        charging_periods=_periods(row),
        findings=[
            OutcomeFinding(
                code=finding.code,
                severity=cast(Severity, finding.severity),
                field=finding.field,
                message=finding.message,
                remedy=REMEDIES.get(finding.code, ""),
            )
            for finding in findings.order_by("version", "code", "field")
        ],
        not_applicable=row["not_applicable"],
        events=[
            RecordEvent(
                version=event.version,
                at=event.at,
                from_state=event.from_state,
                path=event.path,
                to_state=event.to_state,
                reason=event.reason,
            )
            for event in events.order_by("version")
        ],
        rating=rating_told(state.id),
    )


def messages_of(deliveries: Iterable[Delivery]) -> list[DeliveredMessage]:
    """Deliveries with the records they carry, as those stand now, by two queries."""
    deliveries = list(deliveries)
    records = _carried(deliveries, Delivery.Kind.SDR)
    return [
        DeliveredMessage(
            sequence=cast(int, one.sequence),
            kind=cast(MessageKind, one.kind),
            record=records.get(one.subject_id),
            document_id=one.subject_id if one.kind in _DOCUMENTS else None,
            subject_id=None if one.kind in _NAMED_OTHERWISE else one.subject_id,
        )
        for one in deliveries
    ]


def owed_messages(deliveries: Iterable[Delivery]) -> list[OwedMessage]:
    """What is pushed to a webhook and pulled from ``deliveries/``, in a few queries."""
    deliveries = list(deliveries)
    records = _carried(deliveries, *_ABOUT_RECORDS)
    matches = matches_told(deliveries)
    remote = _remote(deliveries)
    return [
        OwedMessage(
            type=cast(MessageKind, one.kind),
            sequence=cast(int, one.sequence),
            subject_id=one.subject_id,
            version=one.subject_version,
            data=records.get(one.subject_id) if one.kind in _ABOUT_RECORDS else None,
            match=matches.get(one.pk, msgspec.UNSET),
            remote=remote.get(one.subject_id, msgspec.UNSET),
            event=_EVENTS.get(one.kind, msgspec.UNSET),
        )
        for one in deliveries
    ]


def owed_entries(deliveries: Iterable[Delivery]) -> list[OwedEntry]:
    """The messages with what became of them."""
    deliveries = list(deliveries)
    return [
        OwedEntry(
            delivery_id=one.pk,
            message=message,
            attempts=one.attempts,
            confirmed_at=one.confirmed_at,
            dead_at=one.dead_at,
        )
        for one, message in zip(deliveries, owed_messages(deliveries), strict=True)
    ]


def encode(answer: msgspec.Struct) -> bytes:
    """The answer as JSON: decimals as strings, instants in UTC."""
    return _encode(answer)


def _carried(deliveries: list[Delivery], *kinds: str) -> dict[UUID, Record]:
    """The records that deliveries of ``kinds`` are about."""
    wanted = [one.subject_id for one in deliveries if one.kind in kinds]
    states = SdrState.objects.filter(id__in=wanted)
    return {record.record_id: record for record in records_of(states)}


def _remote(deliveries: list[Delivery]) -> dict[UUID, RemoteRow]:
    """The remote requests that deliveries are about; no query where there are none."""
    wanted = [one.subject_id for one in deliveries if one.kind == Delivery.Kind.REMOTE]
    if not wanted:
        return {}
    found = RemoteRequest.objects.filter(pk__in=wanted).select_related("csp", "cso")
    return {one.pk: row_of(one) for one in found}


def _rows(states: list[SdrState], *more: str) -> dict[UUID, dict]:
    codes = Finding.objects.filter(sender=OuterRef("sender"), record_id=OuterRef("id"))
    sdrs = Sdr.objects.filter(
        sender__in={state.sender_id for state in states}, id__in=[state.id for state in states]
    ).annotate(codes=ArraySubquery(codes.values("code").distinct().order_by("code")))
    return {row["id"]: row for row in sdrs.values("codes", *_SDR_COLUMNS, *more)}


def _common(state: SdrState, row: dict) -> dict:
    fields = {_RENAMED.get(name, name): plain(row[name]) for name in _SDR_COLUMNS}
    received = fields.pop("evse_id_received")
    return fields | {
        "evse_id": fields["evse_id"] or received,
        "codes": row["codes"],
        "state": state.state,
        "delivered_at": state.delivered_at,
        "accepted_at": state.accepted_at,
        "changed_at": state.changed_at,
    }


def _items(row: dict) -> list[RecordItem]:
    columns = ("item_kinds", "item_quantities", "item_unit_prices", "item_amounts")
    return [
        RecordItem(
            kind=kind, quantity=plain(quantity), unit_price=plain(price), amount=plain(amount)
        )
        for kind, quantity, price, amount in zip(*(row[c] for c in columns), strict=True)
    ]


def _periods(row: dict) -> list[RecordPeriod]:
    columns = ("period_started_at", "period_energy_kwh", "period_duration_s")
    return [
        RecordPeriod(started_at=started_at, energy_kwh=plain(energy), duration_s=duration)
        for started_at, energy, duration in zip(*(row[c] for c in columns), strict=True)
    ]
