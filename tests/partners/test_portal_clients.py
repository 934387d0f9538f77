"""A partner rotates the secrets of its own API clients; each logs in for real."""

import pytest
from django.urls import reverse

from partners.models import ApiClient, AuditEvent
from partners.services.clients import create_api_client
from tests.makers import PartnerUserMaker, laterne, nordlicht, partner_of

pytestmark = pytest.mark.django_db
LIST = reverse("clients:list")


@pytest.fixture
def first():
    """Id and secret that staff made; and the row."""
    return create_api_client(
        partner_of(nordlicht()), environment="LIVE", name="erp", scopes=["sdr:read"]
    )


@pytest.fixture
def own(first) -> ApiClient:
    return ApiClient.objects.get(client_id=first.client_id)


@pytest.fixture
def admin(client):
    client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
    return client


def token_with(client, client_id: str, secret: str):
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
        "scope": "sdr:read",
    }
    return client.post("/o/token/", form)


def act(name: str, pk: int) -> str:
    return reverse(f"clients:{name}", args=[pk])


def test_a_new_secret_works_beside_the_old_one_until_that_is_revoked(admin, first, own):
    answer = admin.post(act("rotate", own.pk))

    made = answer.context["made"]
    assert made.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert made.secret not in admin.get(LIST).content.decode()
    for known in (first, made):
        assert token_with(admin, known.client_id, known.secret).status_code == 200
    new = ApiClient.objects.get(client_id=made.client_id)
    assert (new.scopes, new.environment, new.partner) == ("sdr:read", "LIVE", own.partner)

    assert admin.post(act("revoke", own.pk)).status_code == 302

    assert token_with(admin, first.client_id, first.secret).status_code != 200
    assert token_with(admin, made.client_id, made.secret).status_code == 200
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["api_client.rotated", "api_client.revoked"]
    assert made.secret not in str(list(AuditEvent.objects.values()))


def test_a_revoked_one_gets_no_secret_and_the_number_is_bounded(admin, own, monkeypatch):
    monkeypatch.setattr("partners.views.clients.MOST", 1)
    assert admin.post(act("rotate", own.pk)).status_code == 302
    assert ApiClient.objects.filter(partner=own.partner).count() == 1

    admin.post(act("revoke", own.pk))

    assert admin.post(act("rotate", own.pk)).status_code == 404
    assert "Revoked" in admin.get(LIST).content.decode()


def test_strangers_and_other_roles_do_nothing(client, own):
    client.force_login(PartnerUserMaker(partner=partner_of(laterne())))
    assert "erp" not in client.get(LIST).content.decode()
    assert "No API client yet" in client.get(LIST).content.decode()
    for name in ("rotate", "revoke"):
        assert client.post(act(name, own.pk)).status_code == 404
    for role in ("partner-operations", "partner-finance", "partner-read-only"):
        client.force_login(PartnerUserMaker(partner=own.partner, role=role, username=role))
        assert client.get(LIST).status_code == 403
        assert client.post(act("rotate", own.pk)).status_code == 403
    own.refresh_from_db()
    assert own.scopes == "sdr:read"
    assert ApiClient.objects.filter(partner=own.partner).count() == 1
