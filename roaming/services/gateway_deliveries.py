"""Records go to their home-CSPs over the protocol that they are connected by, in sequence order;
what becomes of them goes to systems that agreed to take it so.

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
from roaming.services.endpoints import newest_connection
from roaming.services.outgoing import NotCalled, about
from roaming.services.side_by_side import side_by_side

KINDS = (Delivery.Kind.SDR,)
NEWS = (Delivery.Kind.SDR_STATE, Delivery.Kind.DISPUTE)
_CLEARING = RoamingEndpoint.Capability.CLEARING


def deliver_over_gateways(*, clock: Callable[[], datetime]) -> dict[str, int]:
    """Hand over what is due, to several receivers side by side."""
    due = Delivery.objects.filter(
        receiver=OuterRef("pk"),
        sequence__isnull=False,
        confirmed_at__isnull=True,
        dead_at__isnull=True,
    )
    connected = RoamingEndpoint.objects.filter(
        parties=OuterRef("pk"), state=RoamingEndpoint.State.CONNECTED, protocol__in=protocols()
    )
    agreed = connected.filter(capabilities__contains=[_CLEARING])
    found = Party.objects.filter(
        Exists(connected) & Exists(due.filter(kind__in=KINDS))
        | Exists(agreed) & Exists(due.filter(kind__in=NEWS))
    )
    receivers = list(found.values_list("pk", flat=True))
    done = side_by_side(lambda party_id: deliver_to(party_id, clock=clock), receivers)
    return {"sent": sum(one[True] for one in done), "failed": sum(one[False] for one in done)}


def deliver_to(party_id: UUID, *, clock: Callable[[], datetime]) -> dict[bool, int]:
    """Hand over what one receiver is owed, in the order of its numbers."""
    party = Party.objects.get(pk=party_id)
    endpoint = newest_connection(party, protocols=protocols())
    if endpoint is None:
        return {True: 0, False: 0}
    gateway = gateway_of(endpoint.protocol)

    def send(claimed: Sequence[Delivery]) -> Iterator[Answer]:
        route = Route(endpoint=endpoint, sender=None, receiver=party)
        return (_handed_over(gateway, route, delivery) for delivery in claimed)

    takes_news = _CLEARING in endpoint.capabilities and gateway.takes_news(endpoint)
    kinds = (*KINDS, *NEWS) if takes_news else KINDS
    return delivering.drain(party_id, send, clock=clock, kinds=kinds)


def _handed_over(gateway: PartyGateway, route: Route, delivery: Delivery) -> Answer:
    try:
        with about(delivery.kind, delivery.subject_id):
            if delivery.kind in NEWS:
                gateway.deliver_news(route, kind=delivery.kind, subject_id=delivery.subject_id)
                remote_url = ""
            else:
                remote_url = gateway.deliver_record(route, record_id=delivery.subject_id)
    except NotCalled as failure:
        return Answer(False, False, str(failure), is_tried=False)
    except NotReached as failure:
        # A system without a place for records pulls them, or gets them by its webhook.
        is_tried = failure.kind != "UNABLE"
        is_reached: bool | None = failure.kind in ("UNABLE", "REFUSED")
        if failure.kind == "UNTOLD":
            # It must not keep back what comes after it; staff hear of it in the end.
            is_reached = None
        return Answer(False, is_reached, f"{failure.kind}: {failure}", is_tried=is_tried)
    return Answer(True, True, remote_url=remote_url or "")
