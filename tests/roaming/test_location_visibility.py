"""Who sees which locations, and whose systems are told of them."""

import pytest

from partners.models import EndpointInterface, RoamingEndpoint
from roaming import queries_locations
from roaming.services import location_news
from tests import makers
from tests.makers import NOON, later
from tests.roaming.part_five_rows import make
from tests.roaming.test_locations import place, put

pytestmark = pytest.mark.django_db


def seen_by(party) -> list[str]:
    found = queries_locations.visible_locations([party.pk], environment="LIVE", now=NOON)
    return list(found.values_list("location_id", flat=True))


class TestALocation:
    def test_is_seen_by_its_cso_and_by_who_agreed_with_it(self):
        makers.AgreementMaker(mode="DIRECT")
        put(place())

        assert seen_by(makers.nordlicht()) == ["LOC1"]
        assert seen_by(makers.voltaire()) == ["LOC1"]
        assert seen_by(makers.fjell()) == []
        assert seen_by(makers.laterne()) == []

    @pytest.mark.parametrize(
        "terms",
        [{"in_force_at": None}, {"ends_at": NOON}, {"starts_at": later(hours=1)}],
        ids=["draft", "ended", "not begun"],
    )
    def test_is_not_seen_without_an_agreement_in_force(self, terms):
        makers.AgreementMaker(**terms)
        put(place())

        assert seen_by(makers.voltaire()) == []

    def test_that_is_not_published_is_seen_by_its_cso_alone(self):
        makers.AgreementMaker()
        put(place(is_published=False))

        assert seen_by(makers.nordlicht()) == ["LOC1"]
        assert seen_by(makers.voltaire()) == []


class TestASystem:
    @pytest.fixture
    def told(self):
        makers.AgreementMaker()
        return lambda: location_news.endpoints_to_tell(
            makers.nordlicht(), module="locations", now=NOON
        )

    @pytest.fixture
    def endpoint(self):
        endpoint = make(
            RoamingEndpoint,
            owner=makers.partner_of(makers.voltaire()),
            state="CONNECTED",
            registered_at=NOON,
        )
        endpoint.parties.set([makers.voltaire()])
        make(EndpointInterface, endpoint=endpoint, module="locations")
        return endpoint

    def test_of_a_buyer_is_told(self, told, endpoint):
        assert told() == [endpoint.pk]

    @pytest.mark.parametrize("state", ["PLANNED", "OFFLINE", "SUSPENDED"])
    def test_that_is_not_connected_is_not(self, told, endpoint, state):
        RoamingEndpoint.objects.update(state=state)

        assert told() == []

    def test_that_takes_no_locations_is_not(self, told, endpoint):
        EndpointInterface.objects.update(side="SENDER")

        assert told() == []

    def test_of_a_stranger_is_not(self, told, endpoint):
        stranger = make(
            RoamingEndpoint,
            owner=makers.partner_of(makers.fjell()),
            state="CONNECTED",
            registered_at=NOON,
        )
        stranger.parties.set([makers.fjell()])
        make(EndpointInterface, endpoint=stranger, module="locations")
        endpoint.parties.clear()

        assert told() == []
