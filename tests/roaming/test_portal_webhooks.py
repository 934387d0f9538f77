"""A partner keeps its webhooks itself: sets up, tries, rotates, looks up, sends again."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from clearinghouse.uuid7 import new_uuid7
from partners.models import AuditEvent, PartyOwnership
from roaming.models import Delivery, DeliveryCounter, Exchange, WebhookSubscription
from roaming.services import deliveries, message_replays, subscriptions, webhooks
from tests import makers
from tests.makers import NOON, PartnerUserMaker, laterne, partner_of, voltaire
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.webhook_receiver import Receiver, listening, subscribe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_secrets")]
URL = "https://csp.example/hook"


def now() -> datetime:
    """The library checks the age of a signature by the real clock."""
    return datetime.now(tz=UTC)


@pytest.fixture(autouse=True)
def _awake(settings, monkeypatch):
    """Nobody works here but the test; the address of the receiver is on this machine."""
    settings.WEBHOOKS_MAY_BE_LOCAL = True
    for room in ("own_webhook", "message_log"):
        monkeypatch.setattr(f"roaming.views.{room}.wake_webhooks", lambda: None)


@pytest.fixture
def receiver():
    with listening(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def admin(client):
    client.force_login(PartnerUserMaker(username="vera", partner=partner_of(voltaire())))
    return client


def to(name: str, *more, party=None) -> str:
    return reverse(f"connections:{name}", args=[(party or voltaire()).pk, *more])


def words(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(text).split())


def owe(party, number: int = 1) -> list[Delivery]:
    rows = [
        Delivery(receiver=party, kind="DISPUTE", subject_id=new_uuid7(), created_at=now())
        for _ in range(number)
    ]
    Delivery.objects.bulk_create(rows)
    deliveries.publish({party.pk})
    return list(Delivery.objects.filter(receiver=party).order_by("sequence"))


def send() -> dict[str, int]:
    return webhooks.send_due(clock=now)


def audited() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


class TestItself:
    def test_is_set_up_and_tried_with_the_secret_that_was_shown_once(self, admin, receiver):
        assert "Have messages sent to you" in words(admin.get(to("webhook")))

        made = admin.post(to("webhook"), {"url": receiver.url})

        secret = made.context["secret"]
        assert secret in made.content.decode()
        assert "no-store" in made["Cache-Control"]
        assert secret not in admin.get(to("webhook")).content.decode()
        tried = admin.post(to("test"))
        assert send() == {"sent": 1, "failed": 0}
        [came] = receiver.received
        message = Webhook(secret).verify(came.body, came.headers)
        assert message["type"] == "TEST"
        page = words(admin.get(tried["Location"]))
        assert f"webhook-id {came.id}" in page
        assert '"type": "TEST"' in page
        assert "HTTP 204" in page
        assert "As it was sent last" in page
        assert audited() == ["webhook.set_up", "webhook.tested"]
        assert secret not in str(list(AuditEvent.objects.values()))

    def test_moves_with_its_secret_and_ends(self, admin, receiver):
        subscribe(voltaire(), URL)

        assert admin.post(to("webhook"), {"url": receiver.url}).status_code == 302
        owe(voltaire())
        assert send() == {"sent": 1, "failed": 0}
        assert receiver.messages()[0]["type"] == "DISPUTE"

        assert admin.post(to("end")).status_code == 302
        assert not WebhookSubscription.objects.exists()
        assert Delivery.objects.count() == 1
        assert audited() == ["webhook.moved", "webhook.ended"]
        assert admin.post(to("test")).status_code == 404

    @pytest.mark.parametrize("url", ["http://csp.example", "https://10.0.0.1/x", "nonsense", ""])
    def test_refuses_an_address_with_the_reason_and_keeps_what_was_typed(
        self, admin, settings, url
    ):
        settings.WEBHOOKS_MAY_BE_LOCAL = False
        answer = admin.post(to("webhook"), {"url": url})

        assert answer.status_code == 422
        assert f'value="{url}"' in answer.content.decode() or not url
        assert 'class="error"' in answer.content.decode()
        assert not WebhookSubscription.objects.exists()

    def test_a_new_secret_is_beside_the_former_for_a_day_or_ends_it_at_once(self, admin, receiver):
        subscribe(voltaire(), receiver.url)
        first = receiver.messages  # verifies by the secret that it began with

        secret = admin.post(to("rotate"), {"former": "holds"}).context["secret"]
        owe(voltaire())
        send()
        assert len(first()) == 1
        [came] = receiver.received
        Webhook(secret).verify(came.body, came.headers)
        assert "The one before it holds until" in words(admin.get(to("webhook")))

        # When the day is over the former one is of no use.
        WebhookSubscription.objects.update(former_until_at=now())
        receiver.received.clear()
        owe(voltaire())
        send()
        Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
        with pytest.raises(WebhookVerificationError):
            first()

        latest = admin.post(to("rotate"), {"former": "ends"}).context["secret"]
        receiver.received.clear()
        owe(voltaire())
        send()
        [came] = receiver.received
        Webhook(latest).verify(came.body, came.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(came.body, came.headers)
        assert admin.post(to("rotate"), {}).status_code == 302
        assert audited() == ["webhook.secret_rotated"] * 2

    def test_is_tried_a_few_times_an_hour(self, admin, monkeypatch):
        monkeypatch.setattr(subscriptions, "MOST_TESTS_PER_HOUR", 1)
        subscribe(voltaire(), URL)

        admin.post(to("test"))
        refused = admin.post(to("test"), follow=True)

        assert "test messages an hour" in words(refused)
        assert Delivery.objects.count() == 1


class TestSendingAgain:
    def test_one_comes_under_the_same_id(self, admin, receiver):
        subscribe(voltaire(), receiver.url)
        [one] = owe(voltaire())
        send()

        again = admin.post(to("again", one.pk))
        send()

        assert again.status_code == 302
        assert [came.id for came in receiver.received] == [str(one.pk)] * 2
        assert receiver.messages()[0] == receiver.messages()[1]
        assert words(admin.get(again["Location"])).count("HTTP 204") == 2
        assert audited() == ["delivery.sent_again"]

    def test_all_that_failed_after_a_look_at_them(self, admin, receiver):
        subscribe(voltaire(), receiver.url)
        first, second, third = owe(voltaire(), 3)
        receiver.answer = lambda came: 204 if came.id == str(second.pk) else 500
        send()
        Delivery.objects.filter(pk=first.pk).update(attempts=12, dead_at=now())

        asked = words(admin.get(to("replay")))
        assert "Send 2 messages to FR*VOL again?" in asked
        assert receiver.url in asked
        assert f"No. {second.sequence} " not in asked
        assert "Not taken" in words(admin.get(to("messages") + "?show=failed"))
        assert Delivery.objects.filter(attempts__gt=0).count() == 2  # a look changes nothing

        receiver.answer = lambda came: 204
        receiver.received.clear()
        admin.post(to("replay"))
        send()

        assert [came.id for came in receiver.received] == [str(first.pk), str(third.pk)]
        assert not Delivery.objects.filter(confirmed_at__isnull=True).exists()
        [event] = AuditEvent.objects.all()
        assert (event.action, event.after["messages"]) == ("delivery.failed_sent_again", 2)
        assert "Nothing failed" in words(admin.get(to("replay")))

    def test_is_limited_for_people_and_systems_together(self, admin, monkeypatch):
        monkeypatch.setattr(message_replays, "MOST_PER_HOUR", 2)
        subscribe(voltaire(), URL)
        [one] = owe(voltaire())
        system = PartnerSystem(voltaire())
        admin.post(to("again", one.pk))
        assert system.post(f"/api/v1/deliveries/{one.pk}/redeliver/", b"").status_code == 202

        told = admin.post(to("again", one.pk), follow=True)
        refused = system.post(f"/api/v1/deliveries/{one.pk}/redeliver/", b"")

        assert "0 are left until" in words(told)
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert 3_500 < int(refused["Retry-After"]) <= 3_600
        assert audited() == ["delivery.sent_again"] * 2
        # Staff are not limited, and the hour passes.
        message_replays.send_again([one], actor="olga", now=now())
        later = now() + timedelta(hours=1)
        message_replays.send_own_again(voltaire(), [one], actor="vera", now=later)
        assert DeliveryCounter.objects.get(receiver=voltaire()).replays == 1


class TestTheLog:
    def test_leads_through_all_messages_by_number(self, admin, monkeypatch):
        monkeypatch.setattr("roaming.views.message_log.PAGE", 2)
        owe(voltaire(), 3)

        first = admin.get(to("messages"))
        older = re.search(r'href="(\?show=all[^"]+)"', first.content.decode())

        assert "No. 3" in words(first)
        assert "No. 1 " not in words(first)
        assert older
        last = words(admin.get(to("messages") + html.unescape(older[1])))
        assert "No. 1 A dispute moved" in last
        assert "No. 3" not in last
        assert "No message stands like that" in words(admin.get(to("messages") + "?show=confirmed"))
        for odd in ("before=x", "before=" + "9" * 30, "show=x"):
            assert "No. 3" in words(admin.get(f"{to('messages')}?{odd}"))

    def test_shows_a_record_as_it_went_and_no_driver(self, admin, receiver):
        makers.AgreementMaker()
        makers.take(makers.numbered_record(1))
        subscribe(voltaire(), receiver.url)
        send()
        one = Delivery.objects.get(kind="SDR")

        page = words(admin.get(to("message", one.pk)))

        assert '"total_amount": "9.02"' in page
        assert "CA2B3C4D5" not in page
        [kept] = Exchange.objects.filter(correlation_id=str(one.pk))
        assert (kept.environment, kept.attempt, kept.is_success) == ("LIVE", 1, True)

    def test_shows_nothing_of_a_call_that_only_names_the_message(self, admin):
        [one] = owe(voltaire())
        Exchange.objects.create(
            environment="LIVE", direction="IN", module="webhook", verb="POST", url="/x",
            is_success=True, asked_at=NOON, duration_ms=1, correlation_id=str(one.pk),
            request_body="somebody else's",
        )  # fmt: skip

        page = words(admin.get(to("message", one.pk)))

        assert "somebody else's" not in page
        assert "As it would be sent now" in page

    def test_costs_few_queries(self, admin, django_assert_max_num_queries):
        subscribe(voltaire(), URL)
        owe(voltaire(), 20)
        for address in (to("messages"), to("messages") + "?show=failed"):
            with django_assert_max_num_queries(10):  # two take and give back the role
                admin.get(address)


class TestOthers:
    def test_strangers_and_former_owners_find_nothing(self, client, receiver):
        subscribe(voltaire(), receiver.url)
        [one] = owe(voltaire())
        pages = [to("webhook"), to("replay"), to("messages"), to("message", one.pk)]
        acts = [to("rotate"), to("end"), to("test"), to("replay"), to("again", one.pk)]
        client.force_login(PartnerUserMaker(partner=partner_of(laterne())))
        for page in pages:
            assert client.get(page).status_code == 404, page
        for act in [*acts, to("webhook")]:
            assert client.post(act, {"url": URL, "former": "ends"}).status_code == 404, act
        # Not even under a party of one's own.
        assert client.get(to("message", one.pk, party=laterne())).status_code == 404
        assert client.post(to("again", one.pk, party=laterne())).status_code == 404
        assert audited() == []
        assert WebhookSubscription.objects.get().url == receiver.url

    def test_messages_of_a_former_owner_are_not_the_new_ones(self, admin):
        subscribe(voltaire(), URL)
        [one] = owe(voltaire())
        Delivery.objects.update(attempts=1)
        PartyOwnership.objects.filter(party=voltaire()).update(starts_at=now())

        assert "No. 1" not in words(admin.get(to("messages")))
        assert admin.get(to("message", one.pk)).status_code == 404
        assert "Nothing failed" in words(admin.get(to("replay")))
        admin.post(to("replay"))
        assert audited() == []

    def test_each_role_does_its_own(self, client):
        subscribe(voltaire(), URL)
        [one] = owe(voltaire())
        to_administer, to_operate = [to("webhook"), to("rotate"), to("end")], [
            to("again", one.pk), to("test"), to("replay"),
        ]  # fmt: skip
        for role in ("partner-operations", "partner-finance", "partner-read-only"):
            person = PartnerUserMaker(partner=partner_of(voltaire()), role=role, username=role)
            client.force_login(person)
            assert client.get(to("webhook")).status_code == 200
            assert client.get(to("message", one.pk)).status_code == 200
            assert "End it" not in client.get(to("webhook")).content.decode()
            for act in to_administer:
                assert client.post(act, {"url": URL}).status_code == 403, (role, act)
            may = role == "partner-operations"
            for act in to_operate:
                assert client.post(act).status_code == (302 if may else 403), (role, act)
        assert audited() == ["delivery.sent_again", "webhook.tested"]


@pytest.mark.violates("former_webhook_secret_has_an_end")
def test_a_former_secret_has_an_end():
    subscribe(voltaire(), URL)
    with pytest.raises(IntegrityError, match="former_webhook_secret_has_an_end"):
        WebhookSubscription.objects.update(former_until_at=NOON)


@pytest.mark.violates("replays_are_counted_from_an_instant")
def test_replays_are_counted_from_an_instant():
    with pytest.raises(IntegrityError, match="replays_are_counted_from_an_instant"):
        DeliveryCounter.objects.create(receiver=voltaire(), replays=1)
