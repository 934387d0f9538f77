"""Invented records of TEST parties, sent through the intake that every record passes.

A seller's goes to the house's counterpart, which sends its counter-record too; a buyer gets one
from it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from clearinghouse.identifiers import emi3_check_digit
from clearinghouse.uuid7 import instant_of
from partners.models import AuditEvent, Environment, Party, RoamingAgreement, User
from partners.services import audit, sandbox
from roaming.intake.counter_structure import read_counter_record
from roaming.intake.structure import read_sdr
from roaming.messages import SdrOutcome
from roaming.models import IntakeBatch, SdrState
from roaming.services import counter_records, intake
from roaming.services.intake import Origin

GOOD, WRONG, UNKNOWN = "good", "wrong", "unknown"
KINDS: Final = (GOOD, WRONG, UNKNOWN)
MOST_PER_HOUR = 20
_ENERGY_KWH, _PRICE = Decimal("18.400"), Decimal("0.49")
_REFUSED_WITHIN = timedelta(days=7)
_ACTION = "sample.sent"
# What the counterpart knows of the session as its seller does.
_SAME = (
    *("cso_id", "csp_id", "service_session_id", "evse_id"),
    *("started_at", "ended_at", "energy_kwh", "currency"),
)
# More than any car takes in an hour (refused), and a provider that nobody knows (held).
_SPOILT: Mapping[str, Mapping[str, object]] = {
    GOOD: {},
    WRONG: {"energy_kwh": "18400"},
    UNKNOWN: {"csp_id": "ZZ*QQQ"},
}


class TooManySamples(Exception):
    """Enough were sent for the party in the last hour."""


def id_of(key: UUID) -> str:
    """The SDR id of the sample that was asked for under ``key``, a UUIDv7 of that instant."""
    return f"SAMPLE-{key.hex[:16]}"


def send(party: Party, *, kind: str, key: UUID, by: User, now: datetime) -> SdrOutcome:
    """Make the sandbox ready and send one sample; the same key again changes nothing.

    :raises NoSandbox: the party is LIVE, or neither sells nor buys
    :raises TooManySamples: nothing was sent
    """
    agreement = sandbox.make_ready(party, actor=by.get_username(), now=now)
    sent = AuditEvent.objects.filter(
        object_type=party._meta.label,
        object_id=str(party.pk),
        action=_ACTION,
        at__gt=now - timedelta(hours=1),
    )
    if sent[:MOST_PER_HOUR].count() >= MOST_PER_HOUR:
        raise TooManySamples
    audit.record(_ACTION, party, actor=by.get_username(), at=now, after={"sdr_id": id_of(key)})
    record = _record(agreement, key) | dict(_SPOILT[kind])
    origin = Origin(door=IntakeBatch.Door.SANDBOX, actor=by.get_username(), user=by)
    [[outcome]] = intake.take_in(
        [read_sdr(msgspec.json.encode(record))],
        sender=sandbox.owner_of(agreement.seller_id, now=now),
        environment=Environment.TEST,
        origin=origin,
        received_at=now,
    )
    if party.role == Party.Role.CSO and kind == GOOD:
        counter_records.take_in(
            [read_counter_record(msgspec.json.encode(_counter(record)))],
            sender=sandbox.owner_of(agreement.buyer_id, now=now),
            environment=Environment.TEST,
            origin=origin,
            received_at=now,
        )
    return outcome


def newest(party_ids: list[UUID], sender_id: UUID, *, now: datetime, most: int) -> list[SdrState]:
    """The newest records of TEST parties, and what their partner sent in vain in the last week.

    Each side walks an index of its own.
    """
    rejected = SdrState.objects.filter(
        environment=Environment.TEST,
        sender=sender_id,
        state=SdrState.State.REJECTED,
        changed_at__gte=now - _REFUSED_WITHIN,
    ).order_by("-changed_at")[:most]
    sides = [
        SdrState.objects.filter(**side).order_by("-id")[:most]
        for side in ({"seller__in": party_ids}, {"buyer__in": party_ids})
    ]
    found = {state.pk: state for state in rejected.union(*sides, all=True)}
    return sorted(found.values(), key=lambda state: state.pk, reverse=True)[:most]


def _record(agreement: RoamingAgreement, key: UUID) -> dict[str, object]:
    """18.4 kWh in the hour that ended ten minutes before it was asked for, at an EVSE of its own.

    The instant is that of the key, so that the same key makes the same bytes.
    """
    asked_at = instant_of(key).replace(microsecond=0)
    ended_at = asked_at - timedelta(minutes=10)
    seller, buyer, number = agreement.seller, agreement.buyer, key.int % 10**8
    body = f"{buyer.country_code}{buyer.party_id}C{number:08d}"
    return {
        "sdr_id": id_of(key),
        "cso_id": seller.code,
        "csp_id": buyer.code,
        "service_session_id": f"S-{id_of(key)}",
        "evse_id": f"{seller.code}*E{number:08d}*1",
        "contract_id": body + emi3_check_digit(body),
        "credential_type": "RFID",
        "started_at": (ended_at - timedelta(hours=1)).isoformat(),
        "ended_at": ended_at.isoformat(),
        "energy_kwh": str(_ENERGY_KWH),
        "max_power_kw": "22",
        "location_country": seller.country_code,
        "currency": agreement.currency,
        "total_amount": str(_amount()),
        "items": [
            {
                "kind": "ENERGY",
                "quantity": str(_ENERGY_KWH),
                "unit_price": str(_PRICE),
                "amount": str(_amount()),
            }
        ],
    }


def _counter(record: Mapping[str, object]) -> dict[str, object]:
    return {name: record[name] for name in _SAME} | {
        "counter_id": f"C-{record['sdr_id']}",
        "amount": record["total_amount"],
    }


def _amount() -> Decimal:
    return (_ENERGY_KWH * _PRICE).quantize(Decimal("0.01"))
