"""Staff's pages of locations and EVSEs: what they tell, how they are found, what they cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from roaming.models import Location, LocationEvse, ServiceSession
from tests import makers
from tests.makers import NOON, nordlicht, partner_of, polder
from tests.roaming.part_five_rows import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

LIST = reverse("admin:roaming_location_changelist")
EVSES = reverse("admin:roaming_locationevse_changelist")


@pytest.fixture(autouse=True)
def staff(client):
    client.force_login(makers.StaffMaker())


@pytest.fixture
def site() -> Location:
    """Two points of Nordlicht's in Hamburg, one free."""
    location = make(Location, location_id="LOC1", name="Port", city="Hamburg", country_code="DE")
    for number, status in ((1, "AVAILABLE"), (2, "OUT_OF_ORDER")):
        make(
            LocationEvse,
            location=location,
            evse_uid=f"P{number}",
            evse_id=f"DE*NLX*E100{number}*1",
            status=status,
            connector_types=["IEC_62196_T2"],
            current_type="AC",
            max_power_kw=22,
            tariff_ids=["T1"],
        )
    return location


def page(client, row) -> str:
    name = f"admin:roaming_{row._meta.model_name}_change"
    with CaptureQueriesContext(connection) as queries:
        shown = client.get(reverse(name, args=[row.pk])).content.decode()
    assert len(queries) <= 10, [query["sql"][:90] for query in queries]  # two are of the login
    return shown


def test_a_location_tells_its_points_who_sees_it_and_what_was_charged_there(client, site):
    assert "has no agreement in force" in page(client, site)
    makers.AgreementMaker()
    make(ServiceSession, cso=nordlicht(), location_id="LOC1", state="ACTIVE", energy_kwh="7.5")

    shown = page(client, site)

    for text in ("Port LOC1", "Hamburg", "DE*NLX*E1002*1", "OUT_OF_ORDER", "IEC 62196 T2", "T1"):
        assert text in shown, text
    assert "AC 22 kW" in shown
    assert "Seen by FR*VOL" in shown
    assert "7.5 kWh" in shown


def test_one_that_was_removed_says_so(client, site):
    site.removed_at = NOON
    site.save()
    assert "It is not there any more" in page(client, site)
    hidden = make(Location, is_published=False)
    assert "to nobody at large" in page(client, hidden)


def test_an_evse_past_its_time_limit_is_not_known(client, site):
    evse = site.evses.get(evse_uid="P1")
    assert "AVAILABLE" in page(client, evse)
    LocationEvse.objects.filter(pk=evse.pk).update(status_until_at=NOON - timedelta(minutes=1))
    shown = page(client, evse)
    assert "UNKNOWN" in shown
    assert reverse("admin:roaming_location_change", args=[site.pk]) in shown
    assert "no entry" in shown


@pytest.mark.parametrize(
    "query",
    [
        "?q=loc1",
        "?q=DE*NLX*E1002*1",
        "?q=hamburg",
        "?there=public",
        "?environment__exact=LIVE&there=public",
    ],
)
def test_a_location_is_found(client, site, query):
    other = make(Location, cso=polder(), location_id="ELSEWHERE", is_published=False)
    shown = client.get(LIST + query).content.decode()
    assert str(site.pk) in shown
    assert "2 (1 free)" in shown
    assert str(other.pk) not in shown


def test_evses_are_filtered_by_status(client, site):
    shown = client.get(f"{EVSES}?status__exact=OUT_OF_ORDER").content.decode()
    assert "DE*NLX*E1002*1" in shown
    assert "DE*NLX*E1001*1" not in shown


def test_lists_cost_the_same_with_many_rows(client, site):
    costs = []
    for _ in range(2):
        for url in (LIST, EVSES):
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            costs.append(len(queries))
        for _ in range(5):
            make(LocationEvse, location=make(Location))
    assert costs[:2] == costs[2:]
    assert max(costs) <= 10


def test_a_partners_own_people_see_none_of_it(client, site):
    client.force_login(makers.PartnerUserMaker(partner=partner_of(nordlicht())))
    urls = [LIST, EVSES, reverse("admin:roaming_location_change", args=[site.pk])]
    assert {client.get(url).status_code for url in urls} <= {302, 403}
