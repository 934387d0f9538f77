"""Questions about records: which of them a partner may see, and in which order it pulls them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Value

from partners.models import Mandate, Partner, Party, PartyOwnership
from partners.queries import in_period
from roaming.models import (
    CounterRecord,
    Delivery,
    Match,
    RemoteRequest,
    Reservation,
    SdrState,
    ServiceSession,
)


@dataclass(frozen=True, slots=True)
class FormerParty:
    """A party that the partner owned in [starts_at, ends_at)."""

    party_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """A partner and the parties whose records it may read in one environment.

    ``party_ids`` are its own now, and those whose owner lets it read (mandate READ_SDR).
    """

    partner_id: UUID
    environment: str
    party_ids: frozenset[UUID]
    former: Sequence[FormerParty]

    @property
    def every_id(self) -> frozenset[UUID]:
        """Parties that it reads now, or read in its time."""
        return self.party_ids | {former.party_id for former in self.former}


def reader_of(partner: Partner, *, environment: str, now: datetime) -> Reader:
    """What ``partner`` may read at ``now``, in one query."""
    party_ids: set[UUID] = set()
    former: list[FormerParty] = []
    owned = PartyOwnership.objects.filter(
        partner=partner, party__environment=environment, starts_at__lte=now
    )
    mandated = Party.objects.filter(_lets_read(partner, now), environment=environment)
    ever = Value(None, output_field=DateTimeField())
    rows = owned.values_list("party_id", "starts_at", "ends_at").union(
        mandated.annotate(from_at=ever, to_at=ever).values_list("pk", "from_at", "to_at"), all=True
    )
    for party_id, starts_at, ends_at in rows:
        if ends_at is None or now < ends_at:
            party_ids.add(party_id)
        else:
            former.append(FormerParty(party_id, starts_at, ends_at))
    return Reader(partner.pk, environment, frozenset(party_ids), former)


def readable_states(reader: Reader) -> QuerySet[SdrState]:
    """Records that the reader sold or bought, and its own rejected ones; nobody else's.

    A party's new owner sees its past; its former owner what ended while it was the owner.
    """
    side = _of_sides(reader, "seller", "buyer")
    rejected = Q(state=SdrState.State.REJECTED)
    return SdrState.objects.filter(
        (~rejected & side) | (rejected & Q(sender=reader.partner_id)),
        environment=reader.environment,
    )


def readable_counters(reader: Reader) -> QuerySet[CounterRecord]:
    """Counter-records of the reader's CSP parties; the CSO that they speak of sees none."""
    return CounterRecord.objects.filter(
        _of_sides(reader, "csp"), environment=reader.environment
    ).select_related("csp", "cso")


def readable_matches(reader: Reader) -> QuerySet[Match]:
    """What was found of sessions that the reader sold or bought; repeats of a CSP are its own."""
    theirs = _of_sides(reader, "seller") & ~Q(outcome=Match.Outcome.DUPLICATE)
    return Match.objects.filter(
        theirs | _of_sides(reader, "buyer"), environment=reader.environment
    ).select_related("seller", "buyer")


def readable_sessions(reader: Reader) -> QuerySet[ServiceSession]:
    """Service sessions at the reader's stations or of its drivers; nobody else's."""
    return ServiceSession.objects.filter(
        _of_sides(reader, "cso", "csp"), environment=reader.environment
    ).select_related("cso", "csp")


def readable_remote_requests(reader: Reader) -> QuerySet[RemoteRequest]:
    """What the reader's CSPs asked from afar, and what its CSOs were asked."""
    mine = list(reader.party_ids)
    return RemoteRequest.objects.filter(
        Q(csp__in=mine) | Q(cso__in=mine), environment=reader.environment
    ).select_related("cso", "csp", "session", "reservation")


def readable_reservations(reader: Reader) -> QuerySet[Reservation]:
    """Places kept for drivers of the reader's CSPs, or at its CSOs' stations."""
    mine = list(reader.party_ids)
    return Reservation.objects.filter(
        Q(csp__in=mine) | Q(cso__in=mine), environment=reader.environment
    ).select_related("cso", "csp")


def _of_sides(reader: Reader, *sides: str) -> Q:
    """Rows of which the reader is one of ``sides``, now, or in its time."""
    mine = Q()
    for side in sides:
        mine |= Q(**{f"{side}__in": list(reader.party_ids)})
        for former in reader.former:
            mine |= Q(
                **{side: former.party_id},
                ended_at__gte=former.starts_at,
                ended_at__lt=former.ends_at,
            )
    return mine


def find_readable_party(
    partner: Partner, *, code: str, role: str, environment: str, now: datetime
) -> Party | None:
    """The party "FR*VOL" if the partner owns it or may read for it at ``now``, else None."""
    country, _, party_id = code.partition("*")
    owned = PartyOwnership.objects.filter(in_period(now), partner=partner)
    return Party.objects.filter(
        Q(pk__in=owned.values("party")) | _lets_read(partner, now),
        country_code=country,
        party_id=party_id,
        role=role,
        environment=environment,
    ).first()


def deliveries_after(party: Party, *, sequence: int, limit: int) -> list[Delivery]:
    """The next messages owed to ``party`` in the order of their gapless numbers."""
    numbered = Delivery.objects.filter(receiver=party, sequence__gt=sequence)
    return list(numbered.order_by("sequence")[:limit])


def _lets_read(agent: Partner, now: datetime) -> Q:
    """Parties whose owner at ``now`` lets ``agent`` read their records."""
    owners = PartyOwnership.objects.filter(in_period(now), party=OuterRef("party"))
    granted = Mandate.parties.through.objects.filter(
        Exists(owners.filter(partner=OuterRef("mandate__grantor"))),
        Q(mandate__ends_at__isnull=True) | Q(mandate__ends_at__gt=now),
        mandate__starts_at__lte=now,
        mandate__agent=agent,
        mandate__verbs__contains=[Mandate.Verb.READ_SDR],
    )
    return Q(pk__in=granted.values("party"))
