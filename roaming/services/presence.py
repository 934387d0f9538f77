"""Whether partners' systems can be reached, and who is told when one comes or goes.

A system that was not heard of for five minutes is asked for a sign of life (OCPI: HubClientInfo,
protocols.md §1.6). A party is CONNECTED while one of its systems is.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from clearinghouse.statements import load_statement
from partners.models import RoamingEndpoint
from partners.services import bindings
from roaming.gateways import NotReached, gateway_of, protocols
from roaming.models import ObjectPush
from roaming.services import pushes
from roaming.services.outgoing import NotCalled
from roaming.services.side_by_side import side_by_side

SILENT_AFTER = timedelta(minutes=5)
# What is written of a system that calls often: at most once in this time.
NOTED_EVERY = timedelta(minutes=1)

_SQL = Path(__file__).parent / "sql"
_State = RoamingEndpoint.State


def heard_from(endpoint: RoamingEndpoint, now: datetime) -> None:
    """Its system called or answered. Written at most once a minute; one that was away is back."""
    is_fresh = endpoint.last_heard_at and now - endpoint.last_heard_at < NOTED_EVERY
    if is_fresh and endpoint.state != _State.OFFLINE:
        return
    stale = Q(last_heard_at__isnull=True) | Q(last_heard_at__lte=now - NOTED_EVERY)
    RoamingEndpoint.objects.filter(stale, pk=endpoint.pk).update(last_heard_at=now)
    endpoint.last_heard_at = now
    if endpoint.state == _State.OFFLINE:
        set_state(endpoint, _State.CONNECTED, now)


def set_state(endpoint: RoamingEndpoint, state: str, now: datetime) -> bool:
    """Move the endpoint to ``state``; tell those its parties trade with. Whether it moved.

    Only a person ends a suspension, and only CONNECTED goes OFFLINE: a planned one is not away.
    """
    movable = RoamingEndpoint.objects.filter(pk=endpoint.pk).exclude(state=state)
    if state == _State.OFFLINE:
        movable = movable.filter(state=_State.CONNECTED)
    elif state == _State.CONNECTED:
        movable = movable.filter(state__in=(_State.OFFLINE, _State.PLANNED))
    with transaction.atomic():
        has_moved = bool(movable.update(state=state, state_changed_at=now))
        if has_moved:
            endpoint.state, endpoint.state_changed_at = state, now
            parties = list(endpoint.parties.values_list("pk", flat=True))
            reconcile(parties, now=now)
    return has_moved


def resume(endpoint: RoamingEndpoint, now: datetime) -> bool:
    """A person ends the suspension: it is away until it answers, or planned if it never registered.

    Whether it was suspended.
    """
    state = _State.OFFLINE if endpoint.registered_at else _State.PLANNED
    with transaction.atomic():
        suspended = RoamingEndpoint.objects.filter(pk=endpoint.pk, state=_State.SUSPENDED)
        was_suspended = bool(suspended.update(state=state, state_changed_at=now))
        if was_suspended:
            endpoint.state, endpoint.state_changed_at = state, now
            reconcile(list(endpoint.parties.values_list("pk", flat=True)), now=now)
    return was_suspended


def reconcile(party_ids: Collection[UUID] | None, *, now: datetime) -> int:
    """Bring the presence of these parties, or of all, up to their connections'; how many changed.

    In one transaction with the news of it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "reconcile_presence.sql"),
            {"party_ids": None if party_ids is None else list(party_ids), "now": now},
        )
        changed = [row[0] for row in cursor.fetchall()]
        if changed:
            _tell(changed, now=now)
    return len(changed)


def keep_alive(*, clock: Callable[[], datetime]) -> dict[str, int]:
    """Ask the silent ones side by side; then let every party's presence follow.

    Before, connections lose the parties that they may not serve any more.
    """
    now = clock()
    bindings.release_lapsed(now=now)
    silent = RoamingEndpoint.objects.filter(
        Q(last_heard_at__isnull=True) | Q(last_heard_at__lte=now - SILENT_AFTER),
        state__in=(_State.CONNECTED, _State.OFFLINE),
        registered_at__isnull=False,
        protocol__in=protocols(),
    )
    answers = side_by_side(lambda one: ask(one, clock=clock), list(silent))
    return {
        "asked": len(answers),
        "silent": answers.count(False),
        "changed": reconcile(None, now=clock()),
    }


def ask(endpoint: RoamingEndpoint, *, clock: Callable[[], datetime]) -> bool:
    """Ask one system for a sign of life; whether it gave one.

    A refusal is one too. Where nobody was asked, as its breaker is open, nothing changes yet.
    """
    try:
        gateway_of(endpoint.protocol).ping(endpoint)
    except NotCalled:
        return False
    except NotReached as failure:
        if failure.kind not in ("REFUSED", "UNABLE"):
            set_state(endpoint, _State.OFFLINE, clock())
            return False
    heard_from(endpoint, clock())
    return True


def _tell(party_ids: list[UUID], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "presence_audience.sql"), {"party_ids": party_ids, "now": now}
        )
        audience: dict[UUID, list[UUID]] = defaultdict(list)
        for party_id, endpoint_id in cursor.fetchall():
            audience[party_id].append(endpoint_id)
    for party_id, endpoints in sorted(audience.items()):
        pushes.want(ObjectPush.Kind.PRESENCE, party_id, endpoints, now=now)
