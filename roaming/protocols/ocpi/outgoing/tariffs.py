"""Tariffs to the systems of CSPs: what is offered now, or that it is offered no more."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from roaming.gateways import NotReached, Route
from roaming.models import ObjectPush, Tariff
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.outgoing.calling import Request, send
from roaming.protocols.ocpi.outgoing.locations import PUSHED_WITHIN_S, buyer_among
from roaming.protocols.ocpi.tariffs import tariff_tree


def push(route: Route, tariff_id: UUID) -> None:
    """PUT the newest version, or DELETE what was withdrawn: the hub speaks (broadcast push)."""
    tariff = Tariff.objects.select_related("seller").get(pk=tariff_id)
    to = buyer_among(route, tariff.seller, timezone.now())
    verb, body = ("DELETE", None) if tariff.withdrawn_at else ("PUT", _body(route, tariff))
    request = Request(
        verb,
        "tariffs",
        "RECEIVER",
        path=(tariff.seller.country_code, tariff.seller.party_id, tariff.tariff_id),
        body=body,
        subject=(ObjectPush.Kind.TARIFF, tariff.pk),
        timeout_s=PUSHED_WITHIN_S,
    )
    try:
        send(
            Route(
                endpoint=route.endpoint,
                sender=None,
                receiver=to,
                correlation_id=route.correlation_id,
            ),
            request,
        )
    except NotReached as refused:
        # Who never had it cannot delete it.
        if verb != "DELETE" or refused.kind != "REFUSED":
            raise


def _body(route: Route, tariff: Tariff) -> Any:
    newest = tariff.versions.order_by("-version").first()
    if newest is None:
        raise NotReached("UNABLE", "it has no version yet")
    try:
        return tariff_tree(tariff, newest, route.endpoint.protocol_version)
    except objects.Untranslatable as error:
        raise NotReached("UNABLE", f"its version has no words for it: {error}") from error
