"""The hub registers at a partner's system: the button of staff and the command, over real HTTP."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from partners.models import AuditEvent, EndpointToken, PartyPresence, RoamingEndpoint
from partners.services.endpoints import secret_of
from roaming.models import Exchange
from roaming.protocols.ocpi.simulator import FakePartner, Options
from tests.makers import StaffMaker, nordlicht, partner_of, voltaire
from tests.roaming.ocpi_world import System
from tests.roaming.part_five_rows import make


@pytest.fixture
def hub(live_server, settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.PUBLIC_URL = live_server.url
    return live_server.url


def planned(party) -> RoamingEndpoint:
    own = {"owner": partner_of(party), "state": "PLANNED", "url": "", "protocol_version": ""}
    endpoint = make(RoamingEndpoint, protocol="OCPI", **own)
    endpoint.parties.set([party])
    return endpoint


def press(client, endpoint: RoamingEndpoint, partner: FakePartner, **changes: str):
    """What staff enters, and the page that comes of it."""
    answers = {
        "versions_url": partner.versions_url,
        "token": partner.issue_registration_token(),
        "version": "2.2.1",
        "reason": "the partner gave us a token",
    }
    url = reverse("admin:partners_roamingendpoint_connect", args=[endpoint.pk])
    return client.post(url, answers | changes, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_staff_register_at_a_partners_system_and_may_do_so_again(hub, client):
    client.force_login(StaffMaker())
    endpoint = planned(nordlicht())
    story = client.get(reverse("admin:partners_roamingendpoint_change", args=[endpoint.pk]))
    assert "Register at its system" in story.content.decode()
    with FakePartner("cso", "2.2.1", party=nordlicht().code) as partner:
        told = press(client, endpoint, partner)
        assert "is connected with OCPI 2.2.1" in told
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.protocol_version) == ("CONNECTED", "2.2.1")
        assert endpoint.interfaces.filter(module="cdrs").exists()
        assert PartyPresence.objects.get(party=nordlicht()).state == "CONNECTED"
        first = partner.connection.outbound
        assert System(first).get("/ocpi/versions").status_code == 200

        # It lost what was agreed: it gives a new token, and we register anew.
        partner.connection.forget()
        assert "is connected with OCPI 2.2.1" in press(client, endpoint, partner)
        assert System(first).get("/ocpi/versions").status_code == 200
        assert System(partner.connection.outbound).get("/ocpi/versions").status_code == 200
        assert EndpointToken.objects.filter(endpoint=endpoint, ends_at__isnull=True).count() == 1
        shown = {*partner.connection.inbound, partner.connection.outbound, secret_of(endpoint)}

    events = AuditEvent.objects.filter(action="roamingendpoint.connected")
    assert [event.reason for event in events] == ["the partner gave us a token"] * 2
    written = "".join(
        f"{one.request_body}{one.response_body}{one.error}" for one in Exchange.objects.all()
    ) + "".join(str(event.after) for event in AuditEvent.objects.all())
    assert not [secret for secret in shown if secret in written]


@pytest.mark.django_db(transaction=True)
def test_what_fails_changes_nothing_and_says_what_to_do_next(hub, client):
    client.force_login(StaffMaker())
    endpoint = planned(nordlicht())
    with FakePartner(
        "cso", "2.1.1", party=nordlicht().code, options=Options(versions=("2.1.1",))
    ) as partner:
        for changes, sentence in (
            ({}, "Choose a version that its system lists"),
            ({"version": "2.1.1", "token": "used-up"}, "most systems take a token once"),
            ({"versions_url": f"{partner.base_url}/nowhere"}, "that of its versions"),
            ({"versions_url": "partner.example/ocpi"}, "Check the address"),
        ):
            assert sentence in press(client, endpoint, partner, **changes), changes

        stands = RoamingEndpoint.objects.get(pk=endpoint.pk)
        assert (stands.state, stands.registered_at, stands.protocol_version) == (
            "PLANNED",
            None,
            "",
        )
        assert not EndpointToken.objects.filter(ends_at__isnull=True).exists()
        failed = AuditEvent.objects.filter(action="roamingendpoint.connect_failed")
        kinds = failed.order_by("at").values_list("after__kind", flat=True)
        assert list(kinds) == ["REFUSED", "REFUSED", "REFUSED", "AWAY"]

        endpoint.parties.clear()
        assert "speaks for nobody yet" in press(client, endpoint, partner)
        RoamingEndpoint.objects.update(state="SUSPENDED")
        press(client, endpoint, partner, version="2.1.1")
        assert RoamingEndpoint.objects.get().state == "SUSPENDED"


@pytest.mark.django_db(transaction=True)
def test_the_command_does_the_same(hub, capsys, monkeypatch):
    endpoint = planned(voltaire())
    with FakePartner("csp", "2.1.1", party=voltaire().code) as partner:
        asked = ("connect_partner", str(endpoint.pk), "--url", partner.versions_url)
        monkeypatch.setenv("CONNECT_TOKEN", "not-its-token")
        with pytest.raises(CommandError, match="a fresh one"):
            call_command(*asked, "--version", "2.1.1", "--reason", "first try")
        monkeypatch.setenv("CONNECT_TOKEN", partner.issue_registration_token())
        call_command(*asked, "--version", "2.1.1", "--reason", "it called with a token")
        told = json.loads(capsys.readouterr().out)
        assert (told["state"], told["version"]) == ("CONNECTED", "2.1.1")
        assert {"cdrs", "tokens"} <= set(told["modules"])
        # 2.1.1 shows its token as it is.
        again = System(partner.connection.outbound, version="2.1.1").get("/ocpi/2.1.1")
        assert again.status_code == 200
    event = AuditEvent.objects.get(action="roamingendpoint.connected")
    assert event.actor.startswith("command by ")
    assert event.at <= timezone.now()
