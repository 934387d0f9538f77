"""The newest state of objects for those who are to get it: coalesced, in order, per endpoint.

An object that changes ten times while a partner is slow is sent once, as it is then. Rows are
claimed by a lease and committed before anything is sent. Endpoints are served side by side, so one
that hangs delays nobody; each one's objects leave in the order in which they were wanted.
"""

import logging
import random
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import new_uuid7
from partners.models import RoamingEndpoint
from roaming.gateways import NotReached, Route, gateway_of
from roaming.models import Alert, ObjectPush
from roaming.services import alerts
from roaming.services.outgoing import NotCalled, about
from roaming.services.side_by_side import side_by_side

MOST_ATTEMPTS = 8
CLAIMED_AT_ONCE = 50
# Longer than all claimed objects take where each one runs into its time limit.
LEASE = timedelta(minutes=10)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
# One run serves an endpoint no longer than this; the next run goes on.
LONGEST_RUN = timedelta(seconds=50)

_SQL = Path(__file__).parent / "sql"
logger = logging.getLogger(__name__)


def want(
    kind: str, subject_id: UUID, endpoints: Iterable[RoamingEndpoint | UUID], *, now: datetime
) -> None:
    """Have the newest state of one object pushed to ``endpoints``; in the caller's transaction."""
    want_all(kind, [subject_id], endpoints, now=now)


def want_all(
    kind: str,
    subject_ids: Collection[UUID],
    endpoints: Iterable[RoamingEndpoint | UUID],
    *,
    now: datetime,
) -> None:
    """The same for many objects, in one statement."""
    ids = {one if isinstance(one, UUID) else one.pk for one in endpoints}
    pairs = [(endpoint, subject) for endpoint in ids for subject in set(subject_ids)]
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "want_pushes.sql"),
            {
                "kind": kind,
                "ids": [new_uuid7() for _ in pairs],
                "endpoint_ids": [endpoint for endpoint, _ in pairs],
                "subject_ids": [subject for _, subject in pairs],
                "now": now,
            },
        )


def send_due(*, clock: Callable[[], datetime]) -> dict[str, int]:
    """Push what is due to all connected endpoints, several side by side."""
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "endpoints_with_pushes.sql"), {"now": clock()})
        due = [row[0] for row in cursor.fetchall()]
    done = side_by_side(lambda endpoint_id: send_to(endpoint_id, clock=clock), due)
    return {"sent": sum(one[True] for one in done), "failed": sum(one[False] for one in done)}


def send_to(endpoint_id: UUID, *, clock: Callable[[], datetime]) -> dict[bool, int]:
    """Push one endpoint's objects until none is due or it does not answer."""
    counts, until = {True: 0, False: 0}, clock() + LONGEST_RUN
    endpoint = RoamingEndpoint.objects.get(pk=endpoint_id)
    while clock() < until:
        leased_until = clock() + LEASE
        claimed = _claim(endpoint, now=clock(), leased_until=leased_until)
        for place, push in enumerate(claimed):
            failure = _push(endpoint, push)
            if isinstance(failure, NotCalled):
                _give_back(claimed[place:], leased_until=leased_until)
                return counts
            _settle(push, failure, leased_until=leased_until, now=clock())
            counts[failure is None] += 1
            if failure is not None and failure.kind in ("AWAY", "TIMED_OUT"):
                _give_back(claimed[place + 1 :], leased_until=leased_until)
                return counts
        if len(claimed) < CLAIMED_AT_ONCE:
            break
    if counts[True]:
        _close_alerts(endpoint, now=clock())
    return counts


def push_again(push_ids: Iterable[UUID], *, now: datetime) -> int:
    """Push the newest state once more, whatever became of it before; how many."""
    return ObjectPush.objects.filter(pk__in=list(push_ids)).update(
        generation=F("generation") + 1,
        wanted_at=now,
        attempts=0,
        next_attempt_at=None,
        given_up_at=None,
    )


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: half a minute, doubled up to an hour."""
    doubled: timedelta = FIRST_WAIT * 2 ** (attempts - 1)
    return min(doubled, LONGEST_WAIT)


def _claim(endpoint: RoamingEndpoint, *, now: datetime, leased_until: datetime) -> list[ObjectPush]:
    """Two statements: what others hold is read after their lock on the endpoint is gone."""
    ours = RoamingEndpoint.objects.select_for_update(skip_locked=True, no_key=True)
    with transaction.atomic(), connection.cursor() as cursor:
        if not ours.filter(pk=endpoint.pk).exists():
            return []
        cursor.execute(
            load_statement(_SQL / "claim_pushes.sql"),
            {
                "endpoint_id": endpoint.pk,
                "now": now,
                "leased_until": leased_until,
                "limit": CLAIMED_AT_ONCE,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(ObjectPush.objects.filter(pk__in=ids).order_by("wanted_at", "pk"))


def _push(endpoint: RoamingEndpoint, push: ObjectPush) -> NotReached | None:
    """What went wrong, if anything. What an endpoint cannot take is not owed to it."""
    route = Route(endpoint=endpoint, sender=None, receiver=None)
    try:
        with about(push.kind, push.subject_id):
            gateway_of(endpoint.protocol).push(route, kind=push.kind, subject_id=push.subject_id)
    except NotReached as failure:
        return None if failure.kind == "UNABLE" else failure
    except Exception as error:
        logger.exception("%s could not be pushed", push)
        return NotReached("BROKEN", f"our own {type(error).__name__}: {error}")
    return None


def _settle(
    push: ObjectPush, failure: NotReached | None, *, leased_until: datetime, now: datetime
) -> None:
    """Only while the row is still ours; what changed meanwhile stays due."""
    ours = ObjectPush.objects.filter(pk=push.pk, leased_until_at=leased_until)
    if failure is None:
        ours.filter(sent_generation__lt=push.generation).update(
            sent_generation=push.generation,
            sent_at=now,
            attempts=0,
            next_attempt_at=None,
            leased_until_at=None,
            last_error="",
        )
        return
    attempts = push.attempts + 1
    is_over = attempts >= MOST_ATTEMPTS
    wait = wait_after(attempts) * random.uniform(0.8, 1.2)  # noqa: S311 spreads load, no secret
    with transaction.atomic():
        changed = ours.filter(generation=push.generation).update(
            attempts=attempts,
            last_error=f"{failure.kind}: {failure}"[:300],
            next_attempt_at=None if is_over else now + wait,
            leased_until_at=None,
            given_up_at=now if is_over else None,
        )
        if changed and is_over:
            _tell(push, failure, now=now)
    if not changed:  # it is newer by now, and tried from the start
        ours.update(attempts=0, next_attempt_at=now + FIRST_WAIT, leased_until_at=None)


def _give_back(claimed: list[ObjectPush], *, leased_until: datetime) -> None:
    ids = [push.pk for push in claimed]
    ObjectPush.objects.filter(pk__in=ids, leased_until_at=leased_until).update(leased_until_at=None)


def _subject(endpoint_id: UUID, kind: str) -> str:
    """One alert per endpoint and kind: a partner that refuses all locations is one matter."""
    return f"{endpoint_id} {kind}"


def _tell(push: ObjectPush, failure: NotReached, *, now: datetime) -> None:
    endpoint = push.endpoint
    text = (
        f"{push.get_kind_display()} {push.subject_id} was not taken by {endpoint} in"
        f" {MOST_ATTEMPTS} attempts: {failure.kind}: {failure}"
    )
    alerts.raise_alert(
        Alert(
            kind=Alert.Kind.DEAD_LETTER,
            subject=_subject(endpoint.pk, push.kind),
            environment=endpoint.environment,
            partner_id=endpoint.owner_id,
            text=text[:500],
            opened_at=now,
        )
    )


def _close_alerts(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    """What was given up has gone through since, or its newest state has."""
    kinds = {_subject(endpoint.pk, kind): kind for kind in ObjectPush.Kind.values}
    still_open = Alert.objects.filter(
        kind=Alert.Kind.DEAD_LETTER, subject__in=kinds, closed_at__isnull=True
    )
    for subject in still_open.values_list("subject", flat=True):
        given_up = ObjectPush.objects.filter(endpoint=endpoint, kind=kinds[subject])
        if not given_up.filter(given_up_at__isnull=False).exists():
            alerts.close(Alert.Kind.DEAD_LETTER, [subject], now=now)
