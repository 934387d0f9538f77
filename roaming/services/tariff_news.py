"""Whose systems are told that a tariff changed."""

from datetime import datetime

from roaming import queries_locations
from roaming.models import ObjectPush, Tariff
from roaming.services.location_news import want


def tell_of_tariff(tariff: Tariff, *, now: datetime) -> None:
    """Want it pushed to those for whom it is; in the transaction that changed it."""
    audience = set(tariff.audience.values_list("buyer", flat=True))
    endpoints = queries_locations.endpoints_to_tell(
        tariff.seller, module="tariffs", now=now, buyers=audience or None
    )
    if endpoints:
        want(ObjectPush.Kind.TARIFF, tariff.pk, endpoints, now)
