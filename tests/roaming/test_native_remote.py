"""CSOs and CSPs without OCPI: asked by a signed POST, told the outcome by message."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from partners.models import PartyPresence, RoamingEndpoint
from roaming.api.remote_documentation import START_EXAMPLE
from roaming.models import Delivery, Exchange, RemoteRequest
from roaming.protocols.rest.gateway import AskedRequest
from roaming.services import remote_outcomes, webhooks
from tests import makers
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd, at_work
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.session_world import place, take
from tests.roaming.webhook_receiver import SECRET, Receiver, listening, subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
REQUESTS = "/api/v1/remote-requests/"
DELIVERIES = "/api/v1/deliveries/"


@pytest.fixture(autouse=True)
def agreed(settings):
    settings.PARTNERS_MAY_BE_LOCAL = settings.WEBHOOKS_MAY_BE_LOCAL = True
    makers.AgreementMaker()
    place()


@pytest.fixture
def end():
    """Nordlicht's system: no OCPI, an address for what is asked of it."""
    with at_work(PartnerEnd(answer=answering(answer="ACCEPTED", timeout_s=45))) as end:
        endpoint = make(
            RoamingEndpoint,
            owner=makers.partner_of(makers.nordlicht()),
            protocol="REST",
            protocol_version="1",
            url=f"{end.url}/asked",
            state="CONNECTED",
            registered_at=timezone.now(),
        )
        endpoint.parties.add(makers.nordlicht())
        subscribe(makers.nordlicht(), f"{end.url}/hook")
        yield end


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire():
    return PartnerSystem(makers.voltaire())


def answering(**answer):
    return lambda asked, handler: (200, json.dumps(answer).encode())


def ask(system: PartnerSystem, **changes) -> dict:
    answer = system.post(REQUESTS, json.dumps(START_EXAMPLE | changes).encode())
    assert answer.status_code == 201, answer.content
    return answer.json()


def tell(system: PartnerSystem, row: dict, outcome: str = "DONE"):
    return system.post(f"{REQUESTS}{row['id']}/outcome/", json.dumps({"outcome": outcome}).encode())


class TestANativeCso:
    def test_is_asked_by_a_signed_post_and_its_answer_goes_back(self, end, voltaire):
        row = ask(voltaire)

        assert (row["answer"], row["failure"]) == ("ACCEPTED", "")
        waits = RemoteRequest.objects.get().deadline_at - timezone.now()
        assert timedelta(seconds=40) < waits <= timedelta(seconds=45)
        [asked] = end.asked
        assert (asked.verb, asked.path) == ("POST", "/asked")
        Webhook(SECRET).verify(asked.body, asked.headers)
        told = asked.tree()
        assert (told["type"], told["kind"], told["request_id"]) == (
            "REMOTE_REQUEST",
            "START",
            row["id"],
        )
        assert (told["cso_id"], told["csp_id"]) == ("DE*NLX", "FR*VOL")
        assert (told["location_id"], told["evse_uid"]) == ("L1", "E1")
        assert told["driver"]["uid"] == "driver-17"
        assert "callback_key" not in told
        assert set(told) == set(AskedRequest.__struct_fields__)
        kept = Exchange.objects.get()
        assert (kept.module, kept.direction) == ("remote-requests", "OUT")
        assert "driver-17" not in kept.request_body

    def test_is_asked_to_stop_its_own_session_by_its_own_id(self, end, voltaire):
        session = take().session

        row = ask(
            voltaire,
            kind="STOP",
            session_id=str(session.pk),
            driver=None,
            location_id="",
            evse_uid="",
        )

        assert row["answer"] == "ACCEPTED"
        assert (end.asked[0].tree()["kind"], end.asked[0].tree()["session_id"]) == ("STOP", "S-1")

    def test_is_asked_to_keep_a_place(self, end, voltaire):
        until = (timezone.now() + timedelta(hours=1)).isoformat()

        row = ask(voltaire, kind="RESERVE", reservation_id="7", expires_at=until)

        told = end.asked[0].tree()
        assert (row["answer"], told["reservation_id"]) == ("ACCEPTED", "7")
        assert told["reservation_number"] > 0
        assert told["expires_at"]

    @pytest.mark.parametrize("word", ["REJECTED", "NOT_SUPPORTED", "TOO_OFTEN"])
    def test_may_refuse_and_say_why(self, end, voltaire, word):
        end.answer = answering(answer=word, message="Taken out of service.")

        row = ask(voltaire)

        assert (row["answer"], row["messages"]) == (
            word,
            [{"language": "en", "text": "Taken out of service."}],
        )
        assert not Delivery.objects.filter(kind="REMOTE").exists()

    @pytest.mark.parametrize(
        "answer",
        [
            lambda asked, handler: (500, b"<html>"),
            lambda asked, handler: (200, b"{"),
            lambda asked, handler: (200, b'{"answer":"PERHAPS"}'),
            lambda asked, handler: (200, b'{"answer":"NOT_REACHED"}'),
            lambda asked, handler: (200, b'{"answer":"ACCEPTED","timeout_s":-1}'),
        ],
    )
    def test_that_answers_nonsense_was_not_reached(self, end, voltaire, answer):
        end.answer = answer

        row = ask(voltaire)

        assert row["answer"] == "NOT_REACHED"
        assert row["failure"].startswith("BROKEN")

    def test_without_a_webhook_has_no_secret_to_be_asked_by(self, end, voltaire):
        makers.nordlicht().webhook.delete()

        row = ask(voltaire)

        assert (row["answer"], end.asked) == ("NOT_REACHED", [])
        assert "no webhook" in row["failure"]


class TestTheOutcome:
    def test_is_told_over_the_api_and_reaches_the_asker_by_its_webhook(
        self, end, nordlicht, voltaire
    ):
        row = ask(voltaire)
        with listening(Receiver()) as receiver:
            subscribe(makers.voltaire(), receiver.url)
            assert tell(nordlicht, row).status_code == 200
            assert webhooks.send_due(clock=timezone.now)["failed"] == 0

            [message] = receiver.messages()
        assert (message["type"], message["subject_id"]) == ("REMOTE", row["id"])
        assert (message["remote"]["outcome"], message["remote"]["kind"]) == ("DONE", "START")
        assert message["data"] is None

    def test_may_be_pulled_too_by_its_asker_alone(self, end, nordlicht, voltaire):
        row = ask(voltaire)
        tell(nordlicht, row)

        [pulled] = voltaire.get(DELIVERIES, receiver="FR*VOL").json()["results"]
        assert pulled["message"]["remote"]["id"] == row["id"]
        assert nordlicht.get(DELIVERIES, receiver="DE*NLX").json()["results"] == []
        stranger = PartnerSystem(makers.laterne("CSP"))
        assert stranger.get(DELIVERIES, receiver="FR*VOL").status_code == 404
        assert tell(stranger, row).status_code == 404

    def test_is_one_message_each_time_it_changes(self, end, nordlicht, voltaire):
        row = ask(voltaire)
        request = RemoteRequest.objects.get()
        assert remote_outcomes.time_out(now=request.deadline_at + timedelta(seconds=1)) == 1
        tell(nordlicht, row)
        tell(nordlicht, row)

        owed = Delivery.objects.filter(kind="REMOTE").order_by("sequence")
        assert [one.subject_version for one in owed] == [1, 2]
        assert {one.receiver for one in owed} == {makers.voltaire()}
        assert all(one.sequence for one in owed)


def test_staff_connect_a_native_system_by_its_address(client, olga):
    """There is nothing to register: once its address and parties are entered it is there."""
    party = makers.voltaire()
    client.force_login(olga)
    form = {
        "owner": str(makers.partner_of(party).pk),
        "environment": "LIVE",
        "protocol": "REST",
        "protocol_version": "1",
        "url": "",
        "versions_url": "",
        "parties": [str(party.pk)],
        "quirks": "{}",
    }
    assert client.post(reverse("admin:partners_roamingendpoint_add"), form).status_code == 302
    endpoint = RoamingEndpoint.objects.get()
    assert endpoint.state == "PLANNED"

    address = reverse("admin:partners_roamingendpoint_change", args=[endpoint.pk])
    page = client.get(address).content.decode()
    assert "needs no handshake" in page
    assert "Token to register" not in page
    form["url"] = "https://voltaire.example/asked"
    assert client.post(f"{address}?edit=1", form).status_code == 302

    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.registered_at is not None) == ("CONNECTED", True)
    assert PartyPresence.objects.get(party=party).state == "CONNECTED"
    endpoint.state = "SUSPENDED"
    endpoint.save()
    client.post(f"{address}?edit=1", form)
    endpoint.refresh_from_db()
    assert endpoint.state == "SUSPENDED"
