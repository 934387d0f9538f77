"""With a million records no list counts them, and none reads more than it shows.

Asserted by what PostgreSQL says that each query read of the large tables, not by time.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.clearinghouse.admin_world import House
from tests.clearinghouse.many_records import a_large_house, copies, numbered
from tests.makers import StaffMaker, nordlicht
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

# Fewer only to try the test itself.
RECORDS = int(os.environ.get("MANY_RECORDS", "1_000_000"))
HELD = RECORDS // 300
MOST_QUERIES = 8
# First pages gather what waits in every room.
MOST_OF_HOME = 17
# A page shows 50 rows or 100; joins and filters' choices read some of small tables too.
MOST_ROWS_READ = 4_000
_READS = ("SELECT", "WITH", "(SELECT")
_LARGE_ROWS = RECORDS // 10

PORTAL_LISTS = (
    "portal:documents",
    "portal:package",
    "connections:list",
    "tariffs:list",
    "house:notices",
    "clients:list",
    "people:list",
    "corrections:start",
    "portal:statements",
    "portal:records",
    "portal:invoices",
    "portal:payments",
    "portal:objections",
    "portal:books",
    "disputes:list",
)
API_LISTS = (
    "service-detail-records/",
    "counter-records/",
    "matches/",
    "deliveries/?receiver=DE*NLX&role=CSO",
    "disputes/",
    "holds/",
    "statements/",
    "invoices/",
    "positions/",
    "payments/",
    "windows/",
    "tariffs/",
    "locations/",
    "alerts/",
    "manifests/",
    "ledger/postings/",
)
# As people narrow the largest list: each has an index to walk.
SDR_QUERIES = (
    "state=HELD",
    "state=ACCEPTED",
    "code=V003",
    "seller__id__exact={seller}",
    "q=NLX-00001-{number}",
    "q=S-00001-{number}",
    "q=nothing-like-it",
    "q=DE*NLX*E99999*1",
    "before={middle}",
    "after={middle}",
)


@pytest.fixture
def house(owner_connection) -> House:
    house = a_large_house(RECORDS, held=HELD)
    copies("partners_auditevent", RECORDS // 5, {"id": numbered("id")}, action="partner.opened")
    owner_connection.execute("ANALYZE")
    return house


def large_tables() -> set[str]:
    """Tables with so many rows that a page must not read all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [_LARGE_ROWS]
        )
        return {name for (name,) in cursor.fetchall()}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def rows_read(sql: str, large: set[str]) -> int:
    """How many rows of large tables the query looked at, kept or not."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.replace('%', '%%')}", [])
        told = cursor.fetchone()[0]
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return sum(
        node["Actual Loops"]
        * sum(
            node.get(name, 0)
            for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        for node in nodes(plan)
        if node.get("Relation Name") in large
    )


class Watched:
    """Opens pages and notes which asked too often or read too much."""

    def __init__(self) -> None:
        self.large = large_tables()
        self.costs: dict[str, tuple[int, int]] = {}
        self.refused: dict[str, str] = {}
        self.opened = 0

    def open(self, name: str, get, *, most: int = MOST_QUERIES) -> None:
        with CaptureQueriesContext(connection) as queries:
            answer = get()
        if answer.status_code != 200:
            self.refused[name] = f"{answer.status_code} {answer.content[:300]!r}"
        asked = [one["sql"] for one in queries if one["sql"].startswith(_READS)]
        read = max((rows_read(sql, self.large) for sql in asked), default=0)
        self.opened += 1
        if len(asked) > most or read > MOST_ROWS_READ:
            self.costs[name] = (len(asked), read)


def test_every_list_reads_what_it_shows(house):
    watched = Watched()
    assert {"roaming_delivery", "roaming_sdrkey", "partners_auditevent"} <= watched.large
    assert any(name.startswith("roaming_sdrstate_") for name in watched.large)
    staff = Client()
    staff.force_login(StaffMaker())

    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        watched.open(name, lambda name=name: staff.get(reverse(name)))
    sdrs = reverse("admin:roaming_sdr_changelist")
    middle = f"{str(house.accepted.pk)[:24]}{RECORDS // 2:012x}"
    for query in SDR_QUERIES:
        told = query.format(seller=house.agreement.seller_id, middle=middle, number=RECORDS // 2)
        watched.open(f"sdr?{query}", lambda told=told: staff.get(f"{sdrs}?{told}"))

    person = Client()
    person.force_login(house.nordlicht.users.first())
    for name in PORTAL_LISTS:
        watched.open(name, lambda name=name: person.get(reverse(name)))
    messages = reverse("connections:messages", args=[house.agreement.seller_id])
    for shown in ("all", "failed", "waiting", "confirmed"):
        watched.open(f"messages?{shown}", lambda s=shown: person.get(f"{messages}?show={s}"))
    watched.open("dashboard", lambda: staff.get(reverse("admin:index")), most=MOST_OF_HOME)
    watched.open("home", lambda: person.get(reverse("portal:home")), most=MOST_OF_HOME)
    system = PartnerSystem(nordlicht())
    for path in API_LISTS:
        watched.open(path, lambda path=path: system.get(f"/api/v1/{path}"))

    assert watched.refused == {}
    told = "\n".join(f"{name} {cost}" for name, cost in watched.costs.items())
    assert not watched.costs, told
    assert watched.opened > 110
