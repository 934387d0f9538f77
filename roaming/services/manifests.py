"""Daily manifests both ways: ours are written when a day is over, a partner's are compared.

A day is a UTC day of receipt. Ours is written once, in one transaction, so a killed run leaves
nothing and a second one adds nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from clearinghouse import locks
from clearinghouse.statements import load_statement
from partners.models import Partner, Party
from roaming.models import Alert, Delivery, Manifest
from roaming.queries import Reader
from roaming.rules.manifest import NOTHING, Totals, differences
from roaming.services import alerts, deliveries

# A batch that came before midnight may commit after it.
SETTLED_AFTER = timedelta(hours=1)
# How far a clock that stood still is made up for.
DAYS_BACK = 7
# A session is billed within two days, or it is told as unbilled.
UNBILLED_AFTER = timedelta(hours=48)

_SQL = Path(__file__).parent / "sql"
Parameters: TypeAlias = Mapping[str, datetime | UUID | str | None]


class DayNotOver(Exception):
    """Records of that day may still come; nothing was compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a partner says: the pair and which side of it is its own, the day, its figures."""

    seller: Party
    buyer: Party
    own: Party
    day: date
    currency: str
    totals: Totals
    sdr_ids: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """``differs``: names of figures. Ids only where the partner sent its own."""

    manifest: Manifest
    ours: Totals
    differs: list[str]
    missing_here: list[str] = field(default_factory=list)
    unknown_to_you: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (self.differs or self.missing_here or self.unknown_to_you)


def write_due(*, now: datetime) -> dict[str, int]:
    """Write the manifests of the days that are over and have none; run by the clock."""
    last = (now.astimezone(UTC) - SETTLED_AFTER).date() - timedelta(days=1)
    days = [last - timedelta(days=back) for back in range(DAYS_BACK - 1, -1, -1)]
    return {"written": sum(write_day(day, now=now) for day in days)}


def write_day(day: date, *, now: datetime) -> int:
    """Write our manifests of ``day`` unless they are there; owe them to both sides; how many."""
    with transaction.atomic():
        locks.take(connection, locks.Lock.MANIFESTS)
        if Manifest.objects.filter(author=Manifest.Author.HOUSE, day=day).exists():
            return 0
        manifests = _with_unbilled(_totals_of_day(day, now=now), _unbilled_of_day(day, now=now))
        Manifest.objects.bulk_create(manifests)
        owed = [
            Delivery(
                receiver_id=side,
                kind=Delivery.Kind.MANIFEST,
                subject_id=manifest.pk,
                created_at=now,
            )
            for manifest in manifests
            for side in (manifest.seller_id, manifest.buyer_id)
            if side is not None
        ]
        Delivery.objects.bulk_create(owed)
    deliveries.publish({delivery.receiver_id for delivery in owed})
    return len(manifests)


def receive(stated: Stated, *, sender: Partner, now: datetime) -> Compared:
    """Keep a partner's manifest and compare it with what came through the door.

    A difference raises an alert about the pair and day, which the partner is told of too; a later
    manifest that agrees closes it.

    :raises DayNotOver: the day, or the hour after it, is not over; nothing was kept.
    """
    if now < _start_of(stated.day) + timedelta(days=1) + SETTLED_AFTER:
        raise DayNotOver(f"{stated.day} is not over")
    with transaction.atomic():
        compared = _compare(stated, sender=sender, now=now)
        told = _tell(stated, compared, sender=sender, now=now)
    if told:
        deliveries.publish({stated.own.pk})
    return compared


def readable(reader: Reader) -> QuerySet[Manifest]:
    """Ours about the reader's parties, and its own; nobody else's. Newest first."""
    parties = list(reader.party_ids)
    ours = Q(author=Manifest.Author.HOUSE) & (Q(seller__in=parties) | Q(buyer__in=parties))
    own = Q(author=Manifest.Author.PARTNER, sender=reader.partner_id)
    manifests = Manifest.objects.filter(ours | own, environment=reader.environment)
    return manifests.select_related("seller", "buyer").order_by("-id")


def _compare(stated: Stated, *, sender: Partner, now: datetime) -> Compared:
    ours = _totals_of_pair(stated)
    manifest = Manifest.objects.create(
        author=Manifest.Author.PARTNER,
        sender=sender,
        environment=stated.seller.environment,
        seller=stated.seller,
        buyer=stated.buyer,
        day=stated.day,
        currency=stated.currency,
        sdrs=stated.totals.sdrs,
        energy_kwh=stated.totals.energy_kwh,
        amount=stated.totals.amount,
        content_sha256=stated.totals.content_sha256.lower(),
        sdr_ids=sorted(stated.sdr_ids) if stated.sdr_ids is not None else None,
        received_at=now,
    )
    differs = differences(stated.totals, ours)
    if stated.sdr_ids is None:
        return Compared(manifest, ours, differs)
    here, theirs = _ids_of_pair(stated), set(stated.sdr_ids)
    return Compared(manifest, ours, differs, sorted(theirs - here), sorted(here - theirs))


def _tell(stated: Stated, compared: Compared, *, sender: Partner, now: datetime) -> bool:
    subject = (
        f"{stated.seller.pk} {stated.buyer.pk} {stated.day} {stated.currency} {stated.own.role[-1]}"
    )
    if compared.agrees:
        alerts.close(Alert.Kind.MANIFEST, [subject], now=now)
        return False
    alert = Alert(
        kind=Alert.Kind.MANIFEST,
        subject=subject,
        environment=stated.seller.environment,
        party=stated.own,
        partner=sender,
        text=_in_words(stated, compared)[:500],
        opened_at=now,
    )
    return alerts.raise_alert(alert, tell=[stated.own.pk])


def _in_words(stated: Stated, compared: Compared) -> str:
    theirs, ours = stated.totals, compared.ours
    said = (
        f"{stated.own.code} states for {stated.day}, {stated.seller.code} to {stated.buyer.code}:"
        f" {theirs.sdrs} records of {theirs.energy_kwh.normalize():f} kWh and"
        f" {theirs.amount.normalize():f} {stated.currency}; here are {ours.sdrs} of"
        f" {ours.energy_kwh.normalize():f} kWh and {ours.amount.normalize():f}"
        f" {stated.currency}."
    )
    if compared.missing_here:
        said += f" Not here: {', '.join(compared.missing_here[:5])}."
    if compared.unknown_to_you:
        said += f" Only here: {', '.join(compared.unknown_to_you[:5])}."
    return said


def _totals_of_day(day: date, *, now: datetime) -> list[Manifest]:
    return [
        Manifest(
            author=Manifest.Author.HOUSE,
            environment=row["environment"],
            seller_id=row["seller_id"],
            buyer_id=row["buyer_id"],
            day=day,
            currency=row["currency"],
            sdrs=row["sdrs"],
            energy_kwh=row["energy_kwh"],
            amount=row["amount"],
            content_sha256=row["content_sha256"],
            received_at=now,
        )
        for row in _rows("manifest_totals", _day(day) | _ALL)
    ]


def _unbilled_of_day(day: date, *, now: datetime) -> list[Manifest]:
    """What was granted, or had ended, two days before the end of ``day``."""
    rows = _rows("manifest_unbilled", _day(day - UNBILLED_AFTER))
    environments = dict(
        Party.objects.filter(id__in={row["seller_id"] for row in rows}).values_list(
            "id", "environment"
        )
    )
    return [
        Manifest(
            author=Manifest.Author.HOUSE,
            environment=environments[row["seller_id"]],
            seller_id=row["seller_id"],
            buyer_id=row["buyer_id"],
            day=day,
            currency="",
            sdrs=0,
            energy_kwh=Decimal(0),
            amount=Decimal(0),
            unbilled_authorizations=row["authorizations"],
            unbilled_sessions=row["sessions"],
            received_at=now,
        )
        for row in rows
    ]


def _with_unbilled(totals: list[Manifest], unbilled: list[Manifest]) -> list[Manifest]:
    """Records that state no currency share the pair's row with what is unbilled."""
    no_currency = {(one.seller_id, one.buyer_id): one for one in totals if not one.currency}
    more = []
    for one in unbilled:
        there = no_currency.get((one.seller_id, one.buyer_id))
        if there is None:
            more.append(one)
            continue
        there.unbilled_authorizations = one.unbilled_authorizations
        there.unbilled_sessions = one.unbilled_sessions
    return totals + more


def _totals_of_pair(stated: Stated) -> Totals:
    rows = _rows(
        "manifest_totals",
        _day(stated.day)
        | {
            "seller_id": stated.seller.pk,
            "buyer_id": stated.buyer.pk,
            "currency": stated.currency,
        },
    )
    if not rows:
        return NOTHING
    [row] = rows
    names = ("sdrs", "energy_kwh", "amount", "content_sha256")
    return Totals(**{name: row[name] for name in names})


def _ids_of_pair(stated: Stated) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "manifest_ids.sql"),
            _day(stated.day)
            | {
                "seller_id": stated.seller.pk,
                "buyer_id": stated.buyer.pk,
                "currency": stated.currency,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def _rows(statement: str, parameters: Parameters) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / f"{statement}.sql"), parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_ALL: dict[str, datetime | UUID | str | None] = {
    "seller_id": None,
    "buyer_id": None,
    "currency": None,
}


def _day(day: date) -> dict[str, datetime | UUID | str | None]:
    start = _start_of(day)
    return {"starts_at": start, "ends_at": start + timedelta(days=1)}


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
