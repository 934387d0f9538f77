"""Partners' calls to us are kept beside ours to them: masked, after the answer, seen by staff."""

from datetime import timedelta

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from roaming.models import Exchange
from roaming.services import exchanges
from tests.makers import AgreementMaker, nordlicht, voltaire
from tests.roaming.ocpi_world import System, connection
from tests.roaming.test_ocpi_cdr_module import cdr

pytestmark = pytest.mark.django_db
UID, CONTRACT = "04A1B2C3D4E5F6", "DE8AACA2B3C4D5L"


@pytest.fixture
def cso() -> System:
    AgreementMaker()
    return System(connection(nordlicht())[1])


def kept() -> Exchange:
    return Exchange.objects.get(direction="IN")


class TestACall:
    def test_is_kept_with_its_answer_and_its_ids(self, cso):
        ids = {"X-Request-ID": "R-1", "X-Correlation-ID": "C-1"}

        cso.post("receiver/cdrs", cdr(), headers=ids)

        one = kept()
        assert (one.verb, one.module, one.url) == ("POST", "cdrs", "/ocpi/2.2.1/receiver/cdrs")
        assert (one.http_status, one.status_code, one.is_success) == (201, 1000, True)
        assert (one.request_id, one.correlation_id) == ("R-1", "C-1")
        assert (one.endpoint.owner.name, one.environment) == ("Nordlicht", "LIVE")
        assert '"id":"C1"' in one.request_body
        assert '"status_code":1000' in one.response_body

    def test_hides_secrets_and_drivers(self, cso):
        cso.post("receiver/cdrs", cdr())
        cso.post(f"sender/tokens/{UID}/authorize?type=RFID", {"location_id": "L1"})
        System(connection(voltaire())[1]).get("credentials")

        texts = [
            f"{one.url} {one.request_body} {one.response_body}" for one in Exchange.objects.all()
        ]
        assert len(texts) == 3
        for hidden in (UID, CONTRACT, cso.token):
            assert not [text for text in texts if hidden in text]
        assert [one for one in texts if "/sender/tokens/~" in one]

    def test_that_is_refused_is_kept_with_the_reason(self, cso):
        cso.post("receiver/cdrs", cdr(total_energy=None))
        cso.post("receiver/cdrs", b"no json")
        cso.get("receiver/nothing")

        refused = list(Exchange.objects.order_by("id"))
        assert [(one.http_status, one.status_code) for one in refused] == [
            (200, 2001),
            (400, 2000),
            (404, 2000),
        ]
        assert not any(one.is_success for one in refused)
        assert "total_energy" in refused[0].response_body
        assert refused[1].request_body == "no json"

    def test_that_read_well_is_kept_without_what_it_read(self, cso):
        cso.get("sender/tariffs?limit=1")

        assert (kept().response_body, kept().is_success) == ("", True)
        assert kept().url == "/ocpi/2.2.1/sender/tariffs?limit=1"

    def test_of_a_stranger_is_none_of_a_partners(self):
        stranger = System("guessed")

        assert stranger.get("sender/cdrs").status_code == 401
        assert not Exchange.objects.exists()

    def test_with_a_registration_token_is_kept(self):
        system = System(connection(voltaire(), registered=False)[1])

        system.get("/ocpi/versions")
        system.get("sender/cdrs")

        assert list(Exchange.objects.order_by("id").values_list("module", "http_status")) == [
            ("versions", 200),
            ("cdrs", 401),
        ]


def test_nobody_waits_for_the_record(cso):
    """The answer is whole before anything is written; the server closes it once it is sent."""
    path = "/ocpi/2.2.1/sender/tariffs"
    request = RequestFactory().get(path, headers=cso.headers())
    match = resolve(path)

    response = match.func(request, *match.args, **match.kwargs)
    assert response.status_code == 200
    assert not Exchange.objects.exists()
    # As Django's own test client does, so that the test keeps its transaction.
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
        response.close()
    finally:
        request_finished.connect(close_old_connections)
    assert kept().module == "tariffs"


def test_staff_find_them_and_they_go_after_thirty_days(cso, client, olga):
    cso.post("receiver/cdrs", cdr())
    client.force_login(olga)
    address = reverse("admin:roaming_exchange_changelist")

    listed = client.get(f"{address}?direction__exact=IN").content.decode()
    assert "We were called" in listed
    assert "POST cdrs" in listed
    assert "POST cdrs" in client.get(f"{address}?module=cdrs").content.decode()
    others = client.get(f"{address}?module=declh-clearing").content.decode()
    assert "POST cdrs" not in others
    assert "remote-requests" in others
    page = client.get(reverse("admin:roaming_exchange_change", args=[kept().pk])).content.decode()
    assert "What was asked" in page
    assert UID not in page
    assert exchanges.prune(now=timezone.now() + timedelta(days=31)) == 1
