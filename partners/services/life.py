"""Steps in a partner's life: one person says why, the table says whether, the trail keeps it.

What keeps a partner from being closed is asked of every room: each registers what it knows when the
applications start (``ask_too``), so that this floor knows none of them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from clearinghouse.retry import in_transaction
from partners import queries
from partners.models import ApiClient, Partner, PartnerState, PartyOwnership, RoamingEndpoint
from partners.rules import life as rule
from partners.rules.life import OpenEnd, Stand, StepRefused
from partners.services import audit, endpoints
from partners.services.clients import revoke_api_client

Asks = Callable[[Partner, datetime], Iterable[OpenEnd]]
_ROOMS: dict[str, Asks] = {}
CLOCK = "clock"


def ask_too(room: str, asks: Asks) -> None:
    """Let ``room`` answer its items of ``rules.life.CLOSING`` from now on."""
    _ROOMS[room] = asks


def open_ends(partner: Partner, *, now: datetime) -> list[OpenEnd]:
    """Every item of ``rules.life.CLOSING`` as it stands, in its order."""
    answers = list(_own_open_ends(partner, now=now))
    for asks in _ROOMS.values():
        answers += asks(partner, now)
    return rule.in_order(answers)


def possible_steps(partner: Partner, *, now: datetime) -> list[str]:
    """The states that may follow now, were every checklist done."""
    stand = queries.current_stand(partner, now=now)
    found = []
    for to in rule.STEPS[stand.state]:
        try:
            rule.next_stand(stand, to, at=now, service_ends_at=now)
        except StepRefused:
            continue
        found.append(to)
    return sorted(found, key=list(rule.STEPS).index)


def lacks(partner: Partner, to: str, *, now: datetime) -> list[str]:
    """What has to be done before the step ``to``; empty where nothing is lacking."""
    if to == PartnerState.State.CLOSED:
        ends = open_ends(partner, now=now)
        return [f"{rule.CLOSING[one.item]}: {one.todo}" for one in ends if one.todo]
    stand = queries.current_stand(partner, now=now)
    is_live = _owned(partner, now=now).filter(party__environment="LIVE")
    if (stand.state, to) == ("ONBOARDING", "ACTIVE") and not is_live.exists():
        return ["None of its parties is LIVE: two persons let one go live by its checklist."]
    if to == PartnerState.State.ONBOARDING and queries.facts_of(partner, now=now) is None:
        return ["No legal facts hold today: enter its legal name and address."]
    return []


def step(
    partner: Partner,
    to: str,
    *,
    reason: str,
    actor: str,
    now: datetime,
    service_ends_at: datetime | None = None,
) -> PartnerState:
    """Take the step ``to``; ``service_ends_at``, of LEAVING alone, is the first instant not served.

    :raises StepRefused: it does not follow, its checklist lacks something, or no reason is given
    """

    def taken() -> PartnerState:
        locked = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        before = queries.current_stand(locked, now=now)
        after = rule.next_stand(before, to, at=now, service_ends_at=service_ends_at)
        if lacking := lacks(locked, to, now=now):
            raise StepRefused(" ".join(lacking))
        return _written(locked, before, after, reason=reason, actor=actor, now=now)

    if partner.is_clearing_house:
        raise StepRefused("The clearing house itself has no such life.")
    if not reason.strip():
        raise StepRefused("Say why: the audit trail keeps it.")
    return in_transaction(taken)


def services_to_end(*, now: datetime) -> QuerySet[Partner]:
    """Partners whose service has ended and whose systems could still call."""
    newest = PartnerState.objects.filter(starts_at__lte=now).order_by("partner", "-starts_at")
    ended = PartnerState.objects.filter(
        pk__in=newest.distinct("partner").values("pk"), service_ends_at__lte=now
    )
    connected = RoamingEndpoint.objects.exclude(state=RoamingEndpoint.State.SUSPENDED)
    return Partner.objects.filter(
        Q(pk__in=ApiClient.objects.exclude(scopes="").values("partner"))
        | Q(pk__in=connected.values("owner")),
        pk__in=ended.values("partner"),
    ).order_by("name")


def end_access(partner: Partner, *, now: datetime) -> None:
    """Revoke the partner's API clients and end its connections for good; harmless again."""

    def ended() -> None:
        clients, connected = list(_clients(partner)), list(_connections(partner))
        for client in clients:
            revoke_api_client(client)
        for endpoint in connected:
            endpoints.unregister(endpoint, now=now)
        if clients or connected:
            audit.record(
                "partner.access_ended",
                partner,
                actor=CLOCK,
                at=now,
                reason="its service has ended",
                after={
                    "clients": [client.name for client in clients],
                    "connections": [str(endpoint.pk) for endpoint in connected],
                },
            )

    in_transaction(ended)


def _written(
    partner: Partner, before: Stand, after: Stand, *, reason: str, actor: str, now: datetime
) -> PartnerState:
    row = PartnerState.objects.create(
        partner=partner,
        state=after.state,
        starts_at=now,
        service_ends_at=after.service_ends_at,
        reason=reason.strip()[:500],
        actor=actor,
    )
    audit.record(
        f"partner.{after.state.lower()}",
        partner,
        actor=actor,
        at=now,
        reason=reason,
        before=_told(before),
        after=_told(after),
    )
    return row


def _told(stand: Stand) -> dict[str, object]:
    ends_at = stand.service_ends_at
    return {"state": stand.state, "service_ends_at": ends_at.isoformat() if ends_at else None}


def _own_open_ends(partner: Partner, *, now: datetime) -> Iterable[OpenEnd]:
    stand = queries.current_stand(partner, now=now)
    ends_at = stand.service_ends_at
    if stand.state == PartnerState.State.LEAVING and ends_at is not None and ends_at > now:
        yield OpenEnd("SERVICE_ENDED", f"Wait: it is served until {rule.when(ends_at)}.")
    elif stand.state in (PartnerState.State.ACTIVE, PartnerState.State.SUSPENDED):
        yield OpenEnd("SERVICE_ENDED", "Enter that it leaves, and when its service ends.")
    else:
        told = f"on {rule.when(ends_at)}" if ends_at else "it was never served"
        yield OpenEnd("SERVICE_ENDED", told=told)
    clients, connections = _clients(partner).count(), _connections(partner).count()
    yield OpenEnd(
        "ACCESS_ENDED",
        f"{clients} clients and {connections} connections can still call. The clock ends them"
        " within a minute of the end of service; who was never served is ended by hand."
        if clients or connections
        else "",
    )


def _clients(partner: Partner) -> QuerySet[ApiClient]:
    """Those that can still log in."""
    return ApiClient.objects.filter(partner=partner).exclude(scopes="")


def _connections(partner: Partner) -> QuerySet[RoamingEndpoint]:
    suspended = RoamingEndpoint.State.SUSPENDED
    return RoamingEndpoint.objects.filter(owner=partner).exclude(state=suspended)


def _owned(partner: Partner, *, now: datetime) -> QuerySet[PartyOwnership]:
    return PartyOwnership.objects.filter(queries.in_period(now), partner=partner)
