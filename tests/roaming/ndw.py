"""The Dutch national dataset as CSOs would send it: OCPI 2.2.1 locations and tariffs.

What the publication lacks is filled in: the owner from the EVSE ids' prefix, ``publish`` and the
time zone.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from django.conf import settings

from partners.models import Party
from tests.makers import PartnerMaker, PartyMaker
from tests.roaming.ocpi_world import System, connection

FOLDER = settings.BASE_DIR.parent / "shared" / "data" / "ocpi-ndw-nl-2026-06"
needs_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="../shared/data is absent: the dataset is not in the repository"
)
# Of EVSEs without a readable prefix.
NOBODY = "NL*NDW"
_PREFIX = re.compile(r"([A-Z]{2})([A-Z0-9]{3})E")


def locations(limit: int | None = None) -> Iterator[dict[str, Any]]:
    with gzip.open(FOLDER / "locations.jsonl.gz") as lines:
        for line in islice(lines, limit):
            tree = json.loads(line)
            country, _, party = _owner(tree).partition("*")
            yield tree | {
                "country_code": country,
                "party_id": party,
                "publish": True,
                "time_zone": "Europe/Amsterdam",
            }


def tariffs(limit: int | None = None) -> list[dict[str, Any]]:
    with gzip.open(FOLDER / "tariffs.json.gz") as file:
        return json.load(file)[:limit]


def supplier(codes: Iterable[str]) -> System:
    """One backend that speaks for all of the CSOs."""
    partner = PartnerMaker(name="NDW")
    parties = [
        PartyMaker(
            country_code=code[:2],
            party_id=code[3:],
            role=Party.Role.CSO,
            partner=partner,
            owned_by=partner,
        )
        for code in sorted(set(codes))
    ]
    return System(connection(*parties)[1])


def code_of(tree: dict[str, Any]) -> str:
    return f"{tree['country_code']}*{tree['party_id']}"


def put(system: System, module: str, tree: dict[str, Any]) -> Any:
    """Through the door: the receiver's handler, one object a request."""
    path = f"receiver/{module}/{tree['country_code']}/{tree['party_id']}/{tree['id']}"
    return system.put(path, tree, as_code=code_of(tree))


def _owner(tree: dict[str, Any]) -> str:
    for evse in tree["evses"]:
        found = _PREFIX.match((evse["evse_id"] or "").replace("*", "").upper())
        if found:
            return f"{found[1]}*{found[2]}"
    return NOBODY
