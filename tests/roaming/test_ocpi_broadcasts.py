"""Locations and tariffs pushed to the CSPs that may see them: RTE-07, RTE-20, RTE-21."""

import json
from contextlib import ExitStack

import pytest
from django.utils import timezone

from partners.models import EndpointInterface, EndpointSecret
from partners.services.endpoints import seal_secret
from roaming.models import ObjectPush
from roaming.services import pushes
from tests import makers
from tests.makers import fjell, nordlicht, voltaire
from tests.roaming.ocpi_world import System, connection
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd, at_work
from tests.roaming.test_ocpi_locations import OWN, location
from tests.roaming.test_ocpi_tariffs import tariff

pytestmark = pytest.mark.django_db
WELL = json.dumps({"status_code": 1000, "timestamp": "2026-06-01T00:00:00Z"}).encode()
UNKNOWN = json.dumps({"status_code": 2003, "timestamp": "2026-06-01T00:00:00Z"}).encode()


def taking(end: PartnerEnd, *parties, version: str = "2.2.1", modules=("locations", "tariffs")):
    """A CSP's system that takes ``modules``, at the other end of a real connection."""
    endpoint, _ = connection(*parties, version=version)
    for module in modules:
        url = f"{end.url}/{module}"
        make(EndpointInterface, endpoint=endpoint, module=module, side="RECEIVER", url=url)
    make(
        EndpointSecret,
        endpoint=endpoint,
        encrypted_token=seal_secret("theirs"),
        starts_at=timezone.now(),
    )
    return endpoint


@pytest.fixture(autouse=True)
def allowed(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True


@pytest.fixture
def ends():
    with ExitStack() as stack:
        found = [stack.enter_context(at_work()) for _ in range(3)]
        for end in found:
            end.answer = lambda asked, handler: (200, WELL)
        yield found


@pytest.fixture
def cso() -> System:
    makers.AgreementMaker()
    makers.AgreementMaker(buyer=fjell())
    return System(connection(nordlicht())[1], as_code="DE*NLX", to_code="DE*CLH")


def send() -> int:
    """Push what is due, in this thread; how many were not taken."""
    due = ObjectPush.objects.order_by("endpoint").values_list("endpoint", flat=True).distinct()
    return sum(pushes.send_to(one, clock=timezone.now)[False] for one in list(due))


def asked(end: PartnerEnd) -> list[tuple[str, str]]:
    return [(one.verb, one.path) for one in end.asked]


def test_rte_07_everybody_who_may_see_it_and_can_take_it_gets_it(cso, ends):
    first, second, unable = ends
    taking(first, voltaire())
    taking(second, fjell(), version="2.1.1")
    taking(unable, voltaire(), modules=("tariffs",))

    assert cso.put(f"{OWN}/LOC1", location()).ocpi["status_code"] == 1000
    assert send() == 0

    assert asked(first) == asked(second) == [("PUT", "/locations/DE/NLX/LOC1")]
    assert unable.asked == []
    told = first.asked[0]
    assert json.loads(told.body) == location()
    assert (told.headers["ocpi-from-country-code"], told.headers["ocpi-from-party-id"]) == (
        "DE",
        "CLH",
    )
    assert (told.headers["ocpi-to-country-code"], told.headers["ocpi-to-party-id"]) == ("FR", "VOL")
    old = second.asked[0]
    assert "ocpi-to-party-id" not in old.headers
    assert json.loads(old.body)["evses"][0]["connectors"][0]["amperage"] == 32


def test_rte_20_a_status_said_twice_is_passed_on_once(cso, ends):
    taking(ends[0], voltaire())
    cso.put(f"{OWN}/LOC1", location())
    send()
    for minute in ("01", "02"):
        patch = {"status": "CHARGING", "last_updated": f"2026-06-02T00:{minute}:00Z"}
        assert cso.patch(f"{OWN}/LOC1/3256", patch).ocpi["status_code"] == 1000
        send()

    assert asked(ends[0])[1:] == [("PUT", "/locations/DE/NLX/LOC1/3256")]
    told = json.loads(ends[0].asked[1].body)
    assert (told["status"], told["last_updated"]) == ("CHARGING", "2026-06-02T00:01:00Z")


def test_who_does_not_know_the_location_of_an_evse_gets_all_of_it(cso, ends):
    taking(ends[0], voltaire())
    cso.put(f"{OWN}/LOC1", location())
    ObjectPush.objects.all().delete()
    ends[0].answer = lambda one, handler: (200, UNKNOWN if "3256" in one.path else WELL)

    patch = {"status": "CHARGING", "last_updated": "2026-06-02T00:00:00Z"}
    cso.patch(f"{OWN}/LOC1/3256", patch)
    send()

    assert asked(ends[0]) == [
        ("PUT", "/locations/DE/NLX/LOC1/3256"),
        ("PUT", "/locations/DE/NLX/LOC1"),
    ]


def test_what_is_not_published_is_passed_on_to_nobody(cso, ends):
    taking(ends[0], voltaire())

    cso.put(f"{OWN}/LOC1", location(publish=False))
    cso.patch(f"{OWN}/LOC1/3256", {"status": "CHARGING", "last_updated": "2026-06-02T00:00:00Z"})
    send()

    assert ends[0].asked == []


def test_a_tariff_for_one_is_passed_on_to_that_one_and_deleted_there(cso, ends):
    first, second, _ = ends
    taking(first, voltaire())
    taking(second, fjell())
    address = "receiver/tariffs/DE/NLX/T1"

    cso.put(address, tariff(), to_code="FR*VOL")
    send()
    cso.delete(address)
    send()

    assert asked(first) == [("PUT", "/tariffs/DE/NLX/T1"), ("DELETE", "/tariffs/DE/NLX/T1")]
    assert json.loads(first.asked[0].body) == tariff()
    assert second.asked == []
