"""A whole country through the receiver: all of it is taken, what is wrong in it is reported."""

import json
import resource
import time
from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from roaming.models import Evse, Location, LocationEvse, Tariff, TariffNotice, TariffVersion
from roaming.services import location_findings
from tests import makers
from tests.makers import voltaire
from tests.roaming import ndw
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, ndw.needs_data]
SAMPLE = 300


def load(system: System, module: str, trees) -> Counter:
    """How many answers there were of each kind; the first refusal in words."""
    answers: Counter = Counter()
    for tree in trees:
        answer = ndw.put(system, module, tree)
        code = answer.ocpi["status_code"]
        if code != 1000:
            answers[f"{code} {answer.ocpi['status_message']}"] += 1
        answers[answer.status_code] += 1
    return answers


@pytest.mark.long
def test_a_sample_is_taken_as_it_is():
    places = list(ndw.locations(SAMPLE))
    prices = ndw.tariffs(20)
    system = ndw.supplier(map(ndw.code_of, [*places, *prices]))

    assert load(system, "locations", places) == {201: SAMPLE}
    assert load(system, "tariffs", prices) == {201: len(prices)}
    assert load(system, "locations", places[:20]) == {200: 20}

    keys = {(ndw.code_of(one), one["id"].upper()) for one in places}
    assert Location.objects.count() == len(keys)
    assert LocationEvse.objects.count() == sum(len(one["evses"]) for one in places)
    first = places[0]
    seen = system.get(
        f"receiver/locations/{first['country_code']}/{first['party_id']}/{first['id']}"
    )
    assert seen.ocpi["data"] == first

    found = location_findings.findings(environment="LIVE")
    assert (found.duplicate_evses, found.odd_places) == (208, 0)
    assert found.dangling_tariffs > 0
    told = StringIO()
    call_command("location_findings", stdout=told, json=True, limit=1)
    assert json.loads(told.getvalue())["duplicate_evses"] == 208
    call_command("location_findings", stdout=told, cso=ndw.code_of(first))
    assert "EVSE ids told more than once: " in told.getvalue()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)  # each told and kept as in production; statistics follow
def test_all_of_it_is_taken_in_one_go(record_property):
    prices = ndw.tariffs()
    codes = {ndw.code_of(one) for one in prices} | {ndw.code_of(one) for one in ndw.locations()}
    system = ndw.supplier(codes)
    agreement = makers.AgreementMaker(
        seller=makers.PartyMaker(country_code="NL", party_id="EFL"), buyer=voltaire()
    )
    measured = {}

    started = time.monotonic()
    answers = load(system, "tariffs", prices)
    measured["tariffs_s"] = time.monotonic() - started
    assert answers == {201: 10_521}
    started = time.monotonic()
    answers = load(system, "locations", ndw.locations())
    measured["locations_s"] = time.monotonic() - started
    assert sum(answers[status] for status in (200, 201)) == 65_673
    assert set(answers) <= {200, 201}
    measured["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    assert Tariff.objects.count() == TariffVersion.objects.count() == 10_521
    assert TariffNotice.objects.filter(buyer=agreement.buyer).count() == 9_621
    measured |= {
        "locations": Location.objects.count(),
        "evses": LocationEvse.objects.count(),
        "registry": Evse.objects.count(),
    }
    started = time.monotonic()
    found = location_findings.findings(environment="LIVE")
    measured["findings_s"] = time.monotonic() - started
    measured |= {
        "duplicate_evses": found.duplicate_evses,
        "dangling_tariffs": found.dangling_tariffs,
        "odd_places": found.odd_places,
    }
    measured["page_s"], measured["ocpi_page_s"] = pages()
    for name, value in measured.items():
        record_property(name, value)
    print(json.dumps(measured))  # noqa: T201 the figures of docs/algorithms/locations.md
    assert measured["peak_mb"] < 600


def pages() -> tuple[float, float]:
    """Seconds that a filtered page takes of our own API, and one over OCPI."""
    reader = PartnerSystem(voltaire())
    csp = System(connection(voltaire())[1])
    query = {"country": "NL", "current_type": "DC", "min_power_kw": 50, "limit": 100}
    with CaptureQueriesContext(database) as native:
        started = time.monotonic()
        page = reader.get("/api/v1/locations/", **query).json()
        page_s = time.monotonic() - started
    with CaptureQueriesContext(database) as ocpi:
        started = time.monotonic()
        told = csp.get("sender/locations?limit=100&date_from=2020-01-01T00:00:00Z")
        ocpi_page_s = time.monotonic() - started
    assert len(page["results"]) == len(told.ocpi["data"]) == 100
    for queries in (native, ocpi):
        # SET ROLE and RESET ROLE come with every request of a partner.
        assert len(queries) - 2 <= 8, [query["sql"] for query in queries]
    return page_s, ocpi_page_s
