"""How a partner's own systems answer, on one page: nobody else's, no secret, no content."""

import re
import secrets

import pytest
from django.urls import reverse

from partners.models import RoamingEndpoint
from roaming.models import Delivery, Exchange, WebhookSubscription
from roaming.services.webhook_call import seal_secret
from tests.makers import (
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    later,
    laterne,
    nordlicht,
    partner_of,
    take_one,
    voltaire,
)
from tests.roaming.part_five_rows import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PAGE = reverse("connections:list")


def words(client, page: str = PAGE) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(page).content.decode()).split())


@pytest.fixture
def world():
    """Nordlicht's system fails half of the calls, and Voltaire's webhook is down."""
    endpoint = RoamingEndpoint.objects.create(
        owner=partner_of(nordlicht()), environment="LIVE", protocol="OCPI",
        protocol_version="2.2.1", url=f"https://cpo.example/{secrets.token_hex(4)}",
        state="OFFLINE", last_heard_at=NOON,
    )  # fmt: skip
    endpoint.parties.set([nordlicht()])
    make(Exchange, endpoint=endpoint)
    make(
        Exchange, endpoint=endpoint, is_success=False, http_status=503, status_code=None,
        response_body="a secret of the wire",
    )  # fmt: skip
    AgreementMaker()
    take_one()
    WebhookSubscription.objects.create(
        party=voltaire(), url="https://csp.example/hook", failing_since=NOON,
        encrypted_secret=seal_secret("whsec_first"), created_at=NOON,
    )  # fmt: skip
    return endpoint


def test_tells_how_its_own_system_answers(client, world):
    client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))

    page = words(client)

    assert "OCPI 2.2.1" in page
    assert "Offline" in page
    assert "Our calls in 24 hours 2 That worked 50.0 %" in page
    assert "PUT locations HTTP 503" in page
    assert "a secret of the wire" not in page
    assert "csp.example" not in page


def test_tells_of_its_webhook_and_what_was_sent_to_it(client, world):
    Delivery.objects.filter(receiver=voltaire()).update(
        attempts=2, last_error="HTTP 500", dead_at=later(hours=1)
    )
    client.force_login(PartnerUserMaker(partner=partner_of(voltaire())))

    page = words(client) + words(client, reverse("connections:messages", args=[voltaire().pk]))

    assert "https://csp.example/hook Failing" in page
    assert "No. 1 Service detail record" in page
    assert "Given up; still there to be pulled HTTP 500" in page
    assert "whsec" not in page
    assert "cpo.example" not in page


def test_tells_a_stranger_nothing_and_how_to_begin(client, world):
    client.force_login(PartnerUserMaker(partner=partner_of(laterne())))

    page = words(client)

    assert "No connection yet" in page
    assert "Your systems pull them." in page
    for secret in ("OCPI 2.2.1", "FR*VOL", "DE*NLX", "HTTP 503", "example"):
        assert secret not in page


def test_costs_few_queries(client, world, django_assert_max_num_queries):
    client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))

    with django_assert_max_num_queries(10):
        client.get(PAGE)
