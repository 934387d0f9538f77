"""Records go to their home-CSPs over the protocol that they are connected by, in sequence order.

The same queue as that of webhooks: a party with both gets each record once, whoever is first.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from partners.models import Party, RoamingEndpoint
from roaming.gateways import NotReached, PartyGateway, Route, gateway_of, protocols
from roaming.models import Delivery
from roaming.services import delivering
from roaming.services.delivering import Answer
from roaming.services.outgoing import NotCalled, about
from roaming.services.side_by_side import side_by_side

KINDS = (Delivery.Kind.SDR,)


def deliver_over_gateways(*, clock: Callable[[], datetime]) -> dict[str, int]:
    """Hand over the records that are due, to several receivers side by side."""
    due = Delivery.objects.filter(
        receiver=OuterRef("pk"),
        kind__in=KINDS,
        sequence__isnull=False,
        confirmed_at__isnull=True,
        dead_at__isnull=True,
    )
    connected = RoamingEndpoint.objects.filter(
        parties=OuterRef("pk"), state=RoamingEndpoint.State.CONNECTED, protocol__in=protocols()
    )
    receivers = Party.objects.filter(Exists(connected), Exists(due)).values_list("pk", flat=True)
    done = side_by_side(lambda party_id: deliver_to(party_id, clock=clock), list(receivers))
    return {"sent": sum(one[True] for one in done), "failed": sum(one[False] for one in done)}


def deliver_to(party_id: UUID, *, clock: Callable[[], datetime]) -> dict[bool, int]:
    """Hand over one receiver's records, in the order of their numbers."""
    party = Party.objects.get(pk=party_id)
    endpoint = _endpoint_of(party)
    if endpoint is None:
        return {True: 0, False: 0}
    gateway = gateway_of(endpoint.protocol)

    def send(claimed: Sequence[Delivery]) -> Iterator[Answer]:
        route = Route(endpoint=endpoint, sender=None, receiver=party)
        return (_handed_over(gateway, route, delivery) for delivery in claimed)

    return delivering.drain(party_id, send, clock=clock, kinds=KINDS)


def _endpoint_of(party: Party) -> RoamingEndpoint | None:
    """The one that was heard of last, where a party is connected twice."""
    connected = RoamingEndpoint.objects.filter(
        parties=party, state=RoamingEndpoint.State.CONNECTED, protocol__in=protocols()
    )
    return connected.order_by("-last_heard_at", "pk").first()


def _handed_over(gateway: PartyGateway, route: Route, delivery: Delivery) -> Answer:
    try:
        with about(delivery.kind, delivery.subject_id):
            remote_url = gateway.deliver_record(route, record_id=delivery.subject_id)
    except NotCalled as failure:
        return Answer(False, False, str(failure), is_tried=False)
    except NotReached as failure:
        # A system without a place for records pulls them, or gets them by its webhook.
        is_tried = failure.kind != "UNABLE"
        is_reached = failure.kind in ("UNABLE", "REFUSED")
        return Answer(False, is_reached, f"{failure.kind}: {failure}", is_tried=is_tried)
    return Answer(True, True, remote_url=remote_url or "")
