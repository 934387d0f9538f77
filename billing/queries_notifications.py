"""What happened that people of partners should know, read from the rows that say so. LIVE alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from billing.models import Document
from billing.queries_due import due_for
from clearinghouse.uuid7 import floor_of
from partners.models import (
    AgreementOffer,
    EndpointToken,
    Environment,
    Notice,
    Partner,
    Party,
    PartyOwnership,
    RoamingEndpoint,
)
from partners.queries import in_period
from roaming.models import (
    Dispute,
    DisputeEvent,
    ReceiverOutage,
    SdrState,
    TariffNotice,
    WebhookSubscription,
)
from roaming.rules.dispute import waits_for

LIVE = Environment.LIVE
# A deadline is near, a token runs out soon, a payment is due soon.
_DEADLINE = timedelta(hours=48)
_SECRET = timedelta(days=2)
_PAYMENT = timedelta(days=3)
# A webhook that is away for a moment is nobody's trouble.
_AWAY = timedelta(minutes=30)
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``subject`` names it among its kind; ``facts`` hold ``what`` happened, the ``page`` on which
    it is seen and what its line says.
    """

    kind: str
    partner_id: UUID
    subject: str
    facts: Mapping[str, object] = field(default_factory=dict)


def news(*, since: datetime, now: datetime) -> Iterator[Event]:
    """What happened from ``since`` on."""
    yield from _disputes(since, now)
    yield from _tariffs(since, now)
    yield from _offers(since, now)
    yield from _documents(since)
    yield from _notices(since, now)


def conditions(*, now: datetime) -> Iterator[Event]:
    """What holds now: deadlines that are near, systems that are away, tokens that run out."""
    yield from _deadlines(now)
    yield from _connections(now)
    yield from _secrets(now)


def daily(
    day: str, *, partners: Iterable[Partner], is_direct: bool, now: datetime
) -> Iterator[Event]:
    """What is told once a day: records of the last day, payments of ``partners``."""
    yield from _records(day, now)
    for partner in partners:
        yield from _payments(partner, is_direct=is_direct, now=now)


def _owners(parties: Iterable[UUID | None], now: datetime) -> dict[UUID | None, UUID]:
    owned = PartyOwnership.objects.filter(
        in_period(now), party__in={one for one in parties if one}, party__environment=LIVE
    )
    return dict(owned.values_list("party_id", "partner_id"))


def _disputes(since: datetime, now: datetime) -> Iterator[Event]:
    """Each step is told to the side that did not take it; one of the house to both."""
    steps = DisputeEvent.objects.filter(id__gte=floor_of(since), dispute__environment=LIVE)
    rows = list(steps.select_related("dispute__seller", "dispute__buyer").order_by("id")[:_AT_ONCE])
    owners = _owners((p for r in rows for p in (r.dispute.seller_id, r.dispute.buyer_id)), now)
    for row in rows:
        dispute = row.dispute
        told = {"CSO": [dispute.buyer], "CSP": [dispute.seller]}.get(
            row.side, [dispute.seller, dispute.buyer]
        )
        for party in told:
            other = dispute.buyer if party == dispute.seller else dispute.seller
            if party.pk in owners:
                yield Event(
                    kind="DISPUTES",
                    partner_id=owners[party.pk],
                    subject=f"{row.pk}:{party.code}",
                    facts={
                        "what": "dispute_opened" if row.verb == "open" else "dispute_moved",
                        "page": ["disputes:dispute", str(dispute.pk)],
                        "number": dispute.number,
                        "other": other.name,
                    },
                )


def _deadlines(now: datetime) -> Iterator[Event]:
    near = Dispute.objects.filter(
        Q(stage="OPEN") | Q(stage__startswith="RESPONDED"),
        environment=LIVE,
        closed_at__isnull=True,
        clock_stopped_at__isnull=True,
        deadline_at__gt=now,
        deadline_at__lte=now + _DEADLINE,
    )
    rows = list(near.select_related("seller", "buyer").order_by("pk")[:_AT_ONCE])
    waits = [(r, *_sides(r)) for r in rows]
    owners = _owners((mine.pk for _, mine, _ in waits), now)
    for row, mine, other in waits:
        if mine.pk in owners and row.deadline_at:
            yield Event(
                kind="DEADLINES",
                partner_id=owners[mine.pk],
                subject=f"{row.pk}:{row.stage}:{row.deadline_at:%Y%m%d%H%M}",
                facts={
                    "what": "deadline",
                    "page": ["disputes:dispute", str(row.pk)],
                    "number": row.number,
                    "other": other.name,
                    "until_at": row.deadline_at.isoformat(),
                },
            )


def _sides(dispute: Dispute) -> tuple[Party, Party]:
    """Who is to act now, and the other one."""
    if waits_for(dispute.stage, is_confirmed=dispute.is_confirmed) == "CSO":
        return dispute.seller, dispute.buyer
    return dispute.buyer, dispute.seller


def _tariffs(since: datetime, now: datetime) -> Iterator[Event]:
    told = TariffNotice.objects.filter(
        id__gte=floor_of(since), version__tariff__environment=LIVE
    ).select_related("version__tariff__seller")
    rows = list(told.order_by("pk")[:_AT_ONCE])
    owners = _owners((row.buyer_id for row in rows), now)
    for row in rows:
        if row.buyer_id in owners:
            yield Event(
                kind="TARIFFS",
                partner_id=owners[row.buyer_id],
                subject=str(row.pk),
                facts={
                    "what": "tariff_waits" if row.state == "WAITING" else "tariff",
                    "page": ["tariffs:notice", str(row.pk)],
                    "tariff": row.version.tariff.tariff_id,
                    "other": row.version.tariff.seller.name,
                    "until_at": row.notice_ends_at.isoformat(),
                },
            )


def _offers(since: datetime, now: datetime) -> Iterator[Event]:
    """An offer to its taker; the answer to its maker, what was withdrawn to the taker."""
    found = AgreementOffer.objects.filter(
        Q(made_at__gte=since) | Q(decided_at__gte=since), environment=LIVE
    ).select_related("maker", "taker")
    rows = list(found.order_by("pk")[:_AT_ONCE])
    owners = _owners((p for row in rows for p in (row.maker_id, row.taker_id)), now)
    for row in rows:
        page = ["agreements:offer", str(row.pk)]
        if row.state == "OFFERED" and row.taker_id in owners:
            facts = {"what": "offer", "page": page, "other": row.maker.name,
                     "until_at": row.expires_at.isoformat()}  # fmt: skip
            yield Event(kind="AGREEMENTS", partner_id=owners[row.taker_id], subject=f"{row.pk}",
                        facts=facts)  # fmt: skip
        elif row.decided_at is not None:
            told = row.taker_id if row.state == "WITHDRAWN" else row.maker_id
            is_known = row.state in ("ACCEPTED", "DECLINED", "COUNTERED") and row.taker
            other = row.taker.name if is_known and row.taker else row.taker_code
            other = row.maker.name if row.state == "WITHDRAWN" else other
            if told in owners:
                yield Event(
                    kind="AGREEMENTS",
                    partner_id=owners[told],
                    subject=f"{row.pk}:{row.state}",
                    facts={"what": f"offer_{row.state.lower()}", "page": page, "other": other},
                )


def _documents(since: datetime) -> Iterator[Event]:
    issued = Document.objects.filter(id__gte=floor_of(since), environment=LIVE)
    columns = ("pk", "kind", "number", "partner_id", "invoice__seller_id", "invoice__buyer_id")
    for pk, kind, number, *partners in issued.order_by("pk").values_list(*columns)[:_AT_ONCE]:
        for partner_id in {one for one in partners if one}:
            yield Event(
                kind="DOCUMENTS",
                partner_id=partner_id,
                subject=str(pk),
                facts={"what": f"document_{kind.lower()}", "page": ["portal:documents"],
                       "number": number},
            )  # fmt: skip


def _notices(since: datetime, now: datetime) -> Iterator[Event]:
    """Those that begin to be shown; whom they are for is as in the portal."""
    shown = Notice.objects.filter(shown_from_at__gte=since, shown_from_at__lte=now)
    for row in shown.exclude(shown_until_at__lte=now).order_by("pk")[:100]:
        facts = {"what": "notice", "page": ["house:notices"], "title": row.title}
        for partner_id in _audience(row, now):
            yield Event(kind="NOTICES", partner_id=partner_id, subject=str(row.pk), facts=facts)


def _audience(row: Notice, now: datetime) -> Iterable[UUID]:
    if row.audience == Notice.Audience.PARTNER:
        return [row.partner_id] if row.partner_id else []
    if row.audience == Notice.Audience.EVERYBODY:
        return Partner.objects.filter(is_clearing_house=False).values_list("pk", flat=True)
    role = Party.Role.CSO if row.audience == Notice.Audience.CSOS else Party.Role.CSP
    owned = PartyOwnership.objects.filter(in_period(now), party__role=role)
    return set(owned.values_list("partner_id", flat=True))


def _connections(now: datetime) -> Iterator[Event]:
    offline = RoamingEndpoint.objects.filter(
        environment=LIVE, state=RoamingEndpoint.State.OFFLINE, state_changed_at__lte=now - _AWAY
    )
    for one in offline.order_by("pk")[:_AT_ONCE]:
        since = one.state_changed_at
        if since is not None:
            yield _away(one.owner_id, f"{one.pk}:{since:%Y%m%d%H%M}",
                        f"{one.protocol} {one.protocol_version}".strip(), since)  # fmt: skip
    outages = ReceiverOutage.objects.filter(
        ends_at__isnull=True, starts_at__lte=now - _AWAY, receiver__environment=LIVE
    )
    rows = list(outages.select_related("receiver").order_by("pk")[:_AT_ONCE])
    owners = _owners((row.receiver_id for row in rows), now)
    for row in rows:
        if row.receiver_id in owners:
            yield _away(owners[row.receiver_id], str(row.pk), f"webhook {row.receiver.code}",
                        row.starts_at)  # fmt: skip


def _away(partner_id: UUID, subject: str, name: str, since: datetime) -> Event:
    return Event(
        kind="CONNECTIONS",
        partner_id=partner_id,
        subject=subject,
        facts={"what": "connection", "page": ["connections:list"], "name": name,
               "since_at": since.isoformat()},
    )  # fmt: skip


def _secrets(now: datetime) -> Iterator[Event]:
    """Tokens for a handshake that nobody used yet, and former webhook secrets in their last day."""
    tokens = EndpointToken.objects.filter(
        ends_at__gt=now,
        ends_at__lte=now + _SECRET,
        first_used_at__isnull=True,
        endpoint__environment=LIVE,
    ).select_related("endpoint")
    for one in tokens.order_by("pk")[:_AT_ONCE]:
        name = f"{one.endpoint.protocol} {one.endpoint.protocol_version}".strip()
        yield _ending("token", one.endpoint.owner_id, str(one.pk), name, one.ends_at)
    former = WebhookSubscription.objects.filter(
        former_until_at__gt=now, former_until_at__lte=now + _SECRET, party__environment=LIVE
    )
    rows = list(former.select_related("party").order_by("pk")[:_AT_ONCE])
    owners = _owners((row.party_id for row in rows), now)
    for row in rows:
        if row.party_id in owners and row.former_until_at:
            yield _ending(
                "former_secret",
                owners[row.party_id],
                f"{row.party_id}:{row.former_until_at:%Y%m%d%H%M}",
                row.party.code,
                row.former_until_at,
            )


def _ending(what: str, partner_id: UUID, subject: str, name: str, until: datetime | None) -> Event:
    until_at = until.isoformat() if until else ""
    facts = {"what": what, "page": ["connections:list"], "name": name, "until_at": until_at}
    return Event(kind="SECRETS", partner_id=partner_id, subject=subject, facts=facts)


def _records(day: str, now: datetime) -> Iterator[Event]:
    """By sender: what came in the last day and is held or was refused."""
    rows = (
        SdrState.objects.filter(
            pk__gte=floor_of(now - timedelta(days=1)),
            environment=LIVE,
            state__in=[SdrState.State.HELD, SdrState.State.REJECTED],
        )
        .values("sender_id")
        .annotate(
            held=Count("pk", filter=Q(state=SdrState.State.HELD)),
            refused=Count("pk", filter=Q(state=SdrState.State.REJECTED)),
        )
    )
    for row in rows:
        yield Event(
            kind="RECORDS",
            partner_id=row["sender_id"],
            subject=day,
            facts={"what": "records", "page": ["portal:records"], "held": row["held"],
                   "refused": row["refused"]},
        )  # fmt: skip


def _payments(partner: Partner, *, is_direct: bool, now: datetime) -> Iterator[Event]:
    """What it has to pay in three days or had to; what partners pay each other is not seen late."""
    for due in due_for(partner, environment=LIVE, is_direct=is_direct, now=now):
        for line in due.lines:
            if line.amount_minor >= 0 or line.due_date is None or line.collected_date:
                continue
            is_near = line.due_date <= (now + _PAYMENT).date()
            if (line.is_late and not is_direct) or (is_near and not line.is_late):
                what = "payment_late" if line.is_late else "payment_due"
                yield Event(
                    kind="PAYMENTS",
                    partner_id=partner.pk,
                    subject=f"{what}:{line.reference}:{line.due_date}:{line.other}"[:120],
                    facts={"what": what, "page": ["portal:payments"], "period": line.what,
                           "due_date": line.due_date.isoformat()},
                )  # fmt: skip
