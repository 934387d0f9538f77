"""Staff pages of connections and exchanges: what is told, what is done, who may not."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clearinghouse.uuid7 import new_uuid7
from partners.models import AuditEvent, EndpointToken, PartyPresence, RoamingEndpoint
from partners.services import endpoints
from roaming.models import Delivery, Exchange, ObjectPush
from roaming.services.outgoing.breaker import FAILURES_IN_A_ROW, State, breaker
from tests.makers import PartnerUserMaker, StaffMaker, nordlicht, partner_of, voltaire
from tests.roaming.part_five_rows import make

pytestmark = pytest.mark.django_db
WHY = {"reason": "asked for by phone"}


@pytest.fixture
def staff(client):
    client.force_login(StaffMaker())
    return client


@pytest.fixture
def endpoint():
    endpoint = make(
        RoamingEndpoint, state="CONNECTED", registered_at=timezone.now(), protocol="OCPI"
    )
    endpoint.parties.add(nordlicht())
    return endpoint


def exchange(endpoint, **changes) -> Exchange:
    return make(Exchange, endpoint=endpoint, **{"asked_at": timezone.now()} | changes)


def page(client, url: str, *args) -> str:
    answer = client.get(reverse(url, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def of(endpoint, act: str) -> str:
    return reverse(f"admin:partners_roamingendpoint_{act}", args=[endpoint.pk])


class TestTheList:
    def test_tells_how_each_connection_did_in_one_query(self, staff, endpoint):
        for duration, is_success in [(10, True), (20, True), (30, True), (400, False)]:
            exchange(endpoint, duration_ms=duration, is_success=is_success)
        exchange(endpoint, duration_ms=9000, direction="IN")
        exchange(endpoint, duration_ms=8000, asked_at=timezone.now() - timedelta(hours=25))
        make(RoamingEndpoint)

        shown = page(staff, "admin:partners_roamingendpoint_changelist")

        assert "75.0 %" in shown
        assert ">20<" in shown.replace(" ", "").replace("\n", "")
        assert ">400<" in shown.replace(" ", "").replace("\n", "")
        assert "9000" not in shown
        assert "8000" not in shown


class TestAConnection:
    def test_tells_its_state_what_waits_and_what_was_said(self, staff, endpoint):
        one = exchange(endpoint, verb="PUT", module="locations", http_status=500, is_success=False)
        make(ObjectPush, endpoint=endpoint, attempts=2)
        make(ObjectPush, endpoint=endpoint, kind="TARIFF", given_up_at=timezone.now())

        shown = page(staff, "admin:partners_roamingendpoint_change", endpoint.pk)

        assert "closed: calls go out" in shown
        assert reverse("admin:roaming_exchange_change", args=[one.pk]) in shown
        assert "PUT locations" in shown
        assert "Tariff" in shown
        assert nordlicht().code in shown

    def test_says_what_to_do_next(self, staff):
        shown = page(staff, "admin:partners_roamingendpoint_change", make(RoamingEndpoint).pk)

        assert "speaks for nobody yet" in shown

    def test_gets_a_token_that_is_shown_once(self, staff, endpoint):
        answer = staff.post(of(endpoint, "token"), WHY)

        token = EndpointToken.objects.get()
        assert token.purpose == "REGISTRATION"
        assert token.ends_at - token.created_at == timedelta(days=7)
        told = answer.content.decode()
        shown = told.replace("<", " ").replace(">", " ").split()
        assert any(endpoints.checksum(word) == token.token_sha256 for word in shown)
        assert "no-store" in answer["Cache-Control"]
        event = AuditEvent.objects.get(action="roamingendpoint.token_issued")
        assert event.reason == WHY["reason"]

    def test_is_suspended_and_resumed_with_a_reason(self, staff, endpoint):
        assert staff.post(of(endpoint, "suspend"), {"reason": ""}).status_code == 200
        endpoint.refresh_from_db()
        assert endpoint.state == "CONNECTED"

        staff.post(of(endpoint, "suspend"), WHY)
        endpoint.refresh_from_db()
        assert endpoint.state == "SUSPENDED"
        assert PartyPresence.objects.get().state == "SUSPENDED"
        staff.post(of(endpoint, "resume"), WHY)
        endpoint.refresh_from_db()
        assert endpoint.state == "OFFLINE"
        actions = AuditEvent.objects.values_list("action", flat=True)
        assert {"roamingendpoint.suspended", "roamingendpoint.resumed"} <= set(actions)

    def test_is_called_again_when_staff_closes_its_breaker(self, staff, endpoint):
        for _ in range(FAILURES_IN_A_ROW):
            breaker.failed(endpoint.pk, breaker.admit(endpoint.pk))
        assert "open: not called" in page(
            staff, "admin:partners_roamingendpoint_change", endpoint.pk
        )
        staff.post(of(endpoint, "breaker"), WHY)

        assert breaker.state(endpoint.pk) is State.CLOSED

    def test_speaks_a_protocol_that_we_speak(self, staff):
        party = nordlicht()
        form = {"owner": str(partner_of(party).pk), "environment": "LIVE", "quirks": "{}"}
        url = reverse("admin:partners_roamingendpoint_add")

        refused = staff.post(url, form | {"protocol": "ocpi", "parties": [str(party.pk)]})
        assert "not one of the available choices" in refused.content.decode()
        assert not RoamingEndpoint.objects.exists()
        saved = staff.post(url, form | {"protocol": "OCPI", "parties": [str(party.pk)]})
        assert saved.status_code == 302
        assert RoamingEndpoint.objects.get().protocol == "OCPI"

    def test_is_approved_for_parties_that_let_it(self, staff, endpoint):
        url = reverse("admin:partners_roamingendpoint_change", args=[endpoint.pk])
        form = {"protocol_version": "2.2.1", "url": endpoint.url, "quirks": "{}"}
        refused = staff.post(f"{url}?edit=1", form | {"parties": [str(voltaire().pk)]})

        assert "belongs to another partner" in refused.content.decode()
        saved = staff.post(f"{url}?edit=1", form | {"parties": [str(nordlicht().pk)]})
        assert saved.status_code == 302
        assert PartyPresence.objects.get().party == nordlicht()


class TestAnExchange:
    def test_is_told_with_its_bodies_set_out(self, staff, endpoint):
        one = exchange(
            endpoint,
            request_body='{"id":"L1","lat":1.1000}',
            response_body="<h1>no</h1>",
            correlation_id="cor-1",
        )
        shown = page(staff, "admin:roaming_exchange_change", one.pk)

        assert "&quot;lat&quot;: 1.1000" in shown
        assert "&lt;h1&gt;no&lt;/h1&gt;" in shown
        assert "?q=cor-1" in shown

    def test_is_found_by_its_correlation_id_and_filters(self, staff, endpoint):
        one = exchange(endpoint, correlation_id="cor-1", module="tariffs", is_success=False)
        exchange(endpoint, correlation_id="cor-2")
        url = reverse("admin:roaming_exchange_changelist")
        for query in ("?q=cor-1", "?module=tariffs", "?result=failed"):
            shown = staff.get(url + query).content.decode()
            assert str(one.pk) in shown
            assert "cor-2" not in shown

    def test_about_an_object_is_sent_again_in_its_newest_state(self, staff, endpoint):
        subject = new_uuid7()
        make(ObjectPush, endpoint=endpoint, subject_id=subject, given_up_at=timezone.now())
        one = exchange(endpoint, subject_kind="LOCATION", subject_id=subject)
        url = reverse("admin:roaming_exchange_again", args=[one.pk])
        assert "Send again" in page(staff, "admin:roaming_exchange_change", one.pk)
        assert staff.post(url, WHY).status_code == 302

        push = ObjectPush.objects.get()
        assert push.given_up_at is None
        assert push.generation > push.sent_generation
        assert AuditEvent.objects.get(action="exchange.sent_again").reason == WHY["reason"]

    def test_about_a_record_is_owed_again(self, staff, endpoint):
        owed = Delivery.objects.create(
            receiver=nordlicht(),
            kind="SDR",
            subject_id=new_uuid7(),
            sequence=1,
            created_at=timezone.now(),
            dead_at=timezone.now(),
        )
        one = exchange(endpoint, subject_kind="SDR", subject_id=owed.subject_id)
        staff.post(reverse("admin:roaming_exchange_again", args=[one.pk]), WHY)

        owed.refresh_from_db()
        assert owed.dead_at is None

    @pytest.mark.parametrize("changes", [{"direction": "IN"}, {"subject_kind": "COMMAND"}, {}])
    def test_of_its_moment_is_not_sent_again(self, staff, endpoint, changes):
        known = {"subject_kind": "LOCATION", "subject_id": new_uuid7()} if changes else {}
        one = exchange(endpoint, **known | changes)
        staff.post(reverse("admin:roaming_exchange_again", args=[one.pk]), WHY)

        assert not ObjectPush.objects.exists()
        assert "Send again" not in page(staff, "admin:roaming_exchange_change", one.pk)


def test_a_partners_own_people_see_none_of_it(client, endpoint):
    one = exchange(endpoint)
    client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
    urls = [
        reverse("admin:partners_roamingendpoint_changelist"),
        reverse("admin:roaming_exchange_changelist"),
        reverse("admin:roaming_exchange_change", args=[one.pk]),
        reverse("admin:roaming_exchange_again", args=[one.pk]),
        *(of(endpoint, act) for act in ("token", "connect", "suspend", "resume", "breaker")),
    ]

    assert {client.post(url, WHY).status_code for url in urls} <= {302, 403}
    assert not EndpointToken.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="roamingendpoint").exists()
