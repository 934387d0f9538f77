"""What roaming still has open with a partner that leaves, and when its drivers are forgotten.

Records of a party are the partner's that owned it when the service ended.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from clearinghouse.retry import in_transaction
from partners.models import AuditEvent, Environment, Partner, PartnerState, PartyOwnership
from partners.rules.life import OpenEnd, drivers_erased_at
from partners.services import audit
from roaming.models import (
    ContractIdentity,
    CounterRecord,
    Dispute,
    Erasure,
    RawRecord,
    SdrState,
)

_UNSETTLED = ("RECEIVED", "HELD", "VALIDATED", "RATED", "DELIVERED", "DISPUTED")
_ERASED = "partner.drivers_erased"
_CLOCK = "clock"


def open_ends(partner: Partner, now: datetime) -> Iterator[OpenEnd]:
    """The item that roaming answers for."""
    records = unsettled_records(partner).values_list("state")
    waiting = dict(records.annotate(count=Count("pk")))
    told = [f"{waiting[state]} {state.lower()}" for state in _UNSETTLED if state in waiting]
    disputes = _open_disputes(partner)
    if disputes:
        told.append(f"{disputes} in an open dispute")
    yield OpenEnd("RECORDS_SETTLED", f"{', '.join(told)}: wait, or decide." if told else "")


def unsettled_records(partner: Partner) -> QuerySet[SdrState]:
    """LIVE records with the partner on either side that may still come to be owed."""
    return SdrState.objects.filter(
        _of_either_side(partner), state__in=_UNSETTLED, environment=Environment.LIVE
    )


def erase_drivers(*, now: datetime) -> int:
    """Forget the drivers of partners whose service ended 13 months ago; rows erased.

    While one of its records is open or disputed, nothing of it is erased (finance.md 7: after
    dispute and credit limits). Records, books and documents keep pseudonyms and hashes.
    """
    ended = PartnerState.objects.filter(service_ends_at__lte=now, starts_at__lte=now)
    rows = 0
    for partner in Partner.objects.filter(pk__in=ended.values("partner")).order_by("name"):
        newest = partner.states.filter(starts_at__lte=now).order_by("-starts_at")[0]
        if newest.service_ends_at is None or drivers_erased_at(newest.service_ends_at) > now:
            continue
        if _is_erased(partner) or unsettled_records(partner).exists() or _open_disputes(partner):
            continue
        rows += in_transaction(partial(_erase, partner, now=now))
    return rows


def _erase(partner: Partner, *, now: datetime) -> int:
    parties = _last_owned(partner)
    identities = ContractIdentity.objects.filter(csp__in=parties)
    states = SdrState.objects.filter(Q(buyer__in=parties) | Q(seller__in=parties))
    counters = CounterRecord.objects.filter(csp__in=parties)
    raws = RawRecord.objects.filter(Q(pk__in=states.values("pk")) | Q(pk__in=counters.values("pk")))
    count = identities.count() + raws.count()
    erasure = Erasure.objects.create(
        erased_at=now,
        actor=_CLOCK,
        ground=f"13 months after the service of {partner} ended",
        rows=count,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(erasure.id)])
    raws.delete()
    identities.delete()
    audit.record(
        _ERASED, partner, actor=_CLOCK, at=now, reason=erasure.ground, after={"rows": count}
    )
    return count


def _is_erased(partner: Partner) -> bool:
    return AuditEvent.objects.filter(
        object_type=partner._meta.label, object_id=str(partner.pk), action=_ERASED
    ).exists()


def _last_owned(partner: Partner) -> set[UUID]:
    """Parties that it owned last: one that was handed over goes on with its drivers."""
    owned = PartyOwnership.objects.filter(partner=partner)
    later = PartyOwnership.objects.filter(party__in=owned.values("party")).exclude(partner=partner)
    last = set(owned.values_list("party_id", flat=True))
    for party_id, starts_at in later.values_list("party_id", "starts_at"):
        mine = owned.filter(party_id=party_id).order_by("-starts_at")[0]
        if starts_at > mine.starts_at:
            last.discard(party_id)
    return last


def _open_disputes(partner: Partner) -> int:
    mine = PartyOwnership.objects.filter(partner=partner).values("party")
    return Dispute.objects.filter(
        Q(seller__in=mine) | Q(buyer__in=mine),
        closed_at__isnull=True,
        environment=Environment.LIVE,
    ).count()


def _of_either_side(partner: Partner) -> Q:
    """Of a party in the time in which the partner owned it; a record without an end counts."""
    wanted = Q(pk__in=[])
    for owned in PartyOwnership.objects.filter(partner=partner):
        then = Q(ended_at__isnull=True) | Q(ended_at__gte=owned.starts_at)
        if owned.ends_at is not None:
            then &= Q(ended_at__isnull=True) | Q(ended_at__lt=owned.ends_at)
        wanted |= then & (Q(seller=owned.party_id) | Q(buyer=owned.party_id))
    return wanted
