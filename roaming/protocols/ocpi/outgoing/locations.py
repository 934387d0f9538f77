"""Locations and their EVSEs to the systems of CSPs: always as they stand now."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from partners.models import Party
from roaming import queries_locations
from roaming.gateways import NotReached, Route
from roaming.models import Location, LocationEvse, ObjectPush
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.locations import evse_tree, location_tree, ordered
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.outgoing.calling import Request, send

PUSHED_WITHIN_S = 10.0


def push(route: Route, location_id: UUID) -> None:
    """PUT a location: the hub speaks, the address names its owner (broadcast push)."""
    place = Location.objects.select_related("cso").get(pk=location_id)
    now = timezone.now()
    to = buyer_among(route, place.cso, now)
    version = route.endpoint.protocol_version
    if version == "2.1.1" and not place.is_published:
        raise NotReached("UNABLE", "OCPI 2.1.1 cannot say that a location is not published")
    try:
        tree = location_tree(place, ordered(place.evses.all()), version, now=now)
    except objects.Untranslatable as error:
        raise NotReached("UNABLE", f"its version has no words for it: {error}") from error
    subject = (ObjectPush.Kind.LOCATION, place.pk)
    _put(_from_the_hub(route, to), place, (place.location_id,), tree, subject)


def push_evse(route: Route, evse_id: UUID) -> None:
    """PUT one EVSE; a system that does not know its location gets that as a whole."""
    evse = LocationEvse.objects.select_related("location__cso").get(pk=evse_id)
    place, now = evse.location, timezone.now()
    to = buyer_among(route, place.cso, now)
    try:
        tree = evse_tree(place, evse, route.endpoint.protocol_version, now=now)
    except objects.Untranslatable as error:
        raise NotReached("UNABLE", f"its version has no words for it: {error}") from error
    path = (place.location_id, evse.evse_uid)
    subject = (ObjectPush.Kind.EVSE, evse.pk)
    try:
        _put(_from_the_hub(route, to), place, path, tree, subject)
    except NotReached as refused:
        if refused.kind != "REFUSED":
            raise
        push(route, place.pk)


def buyer_among(route: Route, seller: Party, now: datetime) -> Party:
    """For whom the endpoint takes it: the first of its parties that agreed with the seller.

    :raises NotReached: UNABLE, none of them did, or does not any more
    """
    agreed = queries_locations.agreements_in_force(now).filter(seller=seller)
    parties = route.endpoint.parties.filter(pk__in=agreed.values("buyer"))
    party = parties.order_by("country_code", "party_id").first()
    if party is None:
        raise NotReached("UNABLE", f"nobody at this connection has an agreement with {seller.code}")
    return party


def _from_the_hub(route: Route, to: Party) -> Route:
    return Route(
        endpoint=route.endpoint, sender=None, receiver=to, correlation_id=route.correlation_id
    )


def _put(
    route: Route, place: Location, path: tuple[str, ...], tree: Tree, subject: tuple[str, UUID]
) -> None:
    owner = place.cso
    request = Request(
        "PUT",
        "locations",
        "RECEIVER",
        path=(owner.country_code, owner.party_id, *path),
        body=tree,
        subject=subject,
        timeout_s=PUSHED_WITHIN_S,
    )
    send(route, request)
