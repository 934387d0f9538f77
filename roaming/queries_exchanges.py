"""How the calls to each partner's system went, in one query for a whole page of connections."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Aggregate, Count, F, IntegerField, Q, QuerySet

from roaming.models import Exchange, ObjectPush

LOOKED_BACK = timedelta(hours=24)
# The module under which calls of webhooks are kept; they belong to no endpoint.
WEBHOOK = "webhook"


class Percentile(Aggregate):
    """``percentile_disc``: a duration that really occurred."""

    function = "percentile_disc"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()

    def __init__(self, expression: str, *, fraction: float):
        super().__init__(expression, fraction=str(fraction))


@dataclass(frozen=True, slots=True)
class Traffic:
    """Our calls to one system in the last 24 hours."""

    calls: int = 0
    succeeded: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None

    @property
    def share(self) -> str:
        """Rounded down: 99.99 % is not all."""
        if not self.calls:
            return "–"
        per_mille = self.succeeded * 1000 // self.calls
        return f"{per_mille // 10}.{per_mille % 10} %"


NO_TRAFFIC = Traffic()


def traffic_of(endpoint_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Traffic]:
    """By endpoint; one without calls is left out."""
    calls = Exchange.objects.filter(
        endpoint__in=list(endpoint_ids),
        direction=Exchange.Direction.OUT,
        asked_at__gt=now - LOOKED_BACK,
    )
    rows = (
        calls.order_by()
        .values("endpoint")
        .annotate(
            calls=Count("id"),
            succeeded=Count("id", filter=Q(is_success=True)),
            p50_ms=Percentile("duration_ms", fraction=0.5),
            p95_ms=Percentile("duration_ms", fraction=0.95),
        )
    )
    return {
        row["endpoint"]: Traffic(row["calls"], row["succeeded"], row["p50_ms"], row["p95_ms"])
        for row in rows
    }


def last_exchanges(endpoint_id: UUID, *, most: int) -> QuerySet[Exchange]:
    """The newest exchanges of one endpoint, both ways."""
    return Exchange.objects.filter(endpoint=endpoint_id).order_by("-id")[:most]


def webhook_calls(delivery_id: UUID, *, most: int) -> QuerySet[Exchange]:
    """Our calls of a webhook with one message, newest first; those of thirty days are kept.

    A partner may send any correlation id along: what came in, or went to endpoints, is none.
    """
    ours = Exchange.objects.filter(
        correlation_id=str(delivery_id),
        module=WEBHOOK,
        direction=Exchange.Direction.OUT,
        endpoint__isnull=True,
    )
    return ours.order_by("-id")[:most]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Objects of one kind that are still to be pushed to one system."""

    kind: str
    waiting: int
    failing: int
    given_up: int


def pushes_waiting(endpoint_id: UUID) -> list[Waiting]:
    """By kind: how many objects wait, how many of them failed, how many were given up."""
    unsent = ObjectPush.objects.filter(endpoint=endpoint_id, sent_generation__lt=F("generation"))
    is_over = Q(given_up_at__isnull=False)
    rows = (
        unsent.order_by("kind")
        .values("kind")
        .annotate(
            waiting=Count("id", filter=~is_over),
            failing=Count("id", filter=~is_over & Q(attempts__gt=0)),
            given_up=Count("id", filter=is_over),
        )
    )
    return [Waiting(row["kind"], row["waiting"], row["failing"], row["given_up"]) for row in rows]
