"""Tariffs in few words, for tests: an energy price, published for the cast."""

import json
from datetime import datetime

from roaming.models import TariffVersion
from roaming.services.tariffs import Publication, publish
from tests.makers import LONG_AGO, nordlicht


def per_kwh(price: str, *more: dict, vat: str | None = None, **fields: object) -> dict:
    """A tariff "NLX-AC" of so much per kWh, with further components."""
    energy: dict[str, object] = {"type": "ENERGY", "price": float(price), "step_size": 1}
    if vat is not None:
        energy["vat"] = float(vat)
    told: dict[str, object] = {"id": "NLX-AC", "currency": "EUR"}
    return told | {"elements": [{"price_components": [energy, *more]}]} | fields


def published(
    tariff: dict,
    *,
    at: datetime = LONG_AGO,
    valid_from: datetime | None = None,
    seller=None,
    replaces=None,
) -> TariffVersion:
    """Published at ``at``, valid from then on unless told otherwise."""
    given = Publication(
        seller=seller or nordlicht(),
        text=json.dumps(tariff).encode(),
        valid_from_at=valid_from or at,
        replaces=replaces,
    )
    return publish(given, now=at)
