"""Messages are pushed at least once, in order per record, and one bad one stops nobody."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connections
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from clearinghouse.uuid7 import new_uuid7
from roaming.models import Alert, Delivery, ReceiverOutage
from roaming.services import deliveries, delivering, webhook_call, webhooks
from roaming.services.delivering import LEASE, MOST_ATTEMPTS
from roaming.services.webhook_address import UnsafeAddress, check_url, resolve
from tests import makers
from tests.makers import NOON, numbered_record
from tests.roaming.webhook_receiver import (
    SECRET,
    Received,
    Receiver,
    dripping,
    listening,
    subscribe,
)

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    """The library checks the age of a signature by the real clock."""
    return datetime.now(tz=UTC)


def after(delta: timedelta):
    return lambda: now() + delta


@pytest.fixture(autouse=True)
def may_be_local(settings):
    settings.WEBHOOKS_MAY_BE_LOCAL = True


@pytest.fixture
def receiver():
    with listening(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def voltaire(receiver):
    party = makers.voltaire()
    subscribe(party, receiver.url)
    return party


def owe(party, *, subject_id=None, version=0, kind=Delivery.Kind.DISPUTE) -> Delivery:
    one = Delivery.objects.create(
        receiver=party,
        kind=kind,
        subject_id=subject_id or new_uuid7(),
        subject_version=version,
        created_at=NOON,
    )
    deliveries.publish({party.pk})
    one.refresh_from_db()
    return one


def send(clock=now) -> dict[str, int]:
    return webhooks.send_due(clock=clock)


class TestAMessage:
    def test_carries_the_record_as_it_is_pulled(self, receiver, voltaire):
        makers.AgreementMaker()
        [outcome] = makers.take(numbered_record(1))

        assert send() == {"sent": 1, "failed": 0}

        [message] = receiver.messages()
        assert list(message) == ["type", "sequence", "subject_id", "version", "data"]
        assert (message["type"], message["sequence"]) == ("SDR", 1)
        assert message["subject_id"] == message["data"]["record_id"] == outcome.record_id
        assert message["data"]["total_amount"] == "9.02"
        assert "contract_id" not in message["data"]

    def test_is_signed_under_the_id_of_its_delivery(self, receiver, voltaire):
        one = owe(voltaire)
        send()

        [received] = receiver.received
        assert received.id == str(one.pk)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(received.body + b" ", received.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "b3RoZXI=").verify(received.body, received.headers)

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_cannot_be_replayed_later(self, receiver, voltaire, minutes):
        owe(voltaire)
        send(clock=after(timedelta(minutes=minutes)))

        with pytest.raises(WebhookVerificationError, match="timestamp"):
            receiver.messages()

    def test_is_sent_once(self, receiver, voltaire):
        one = owe(voltaire)

        assert (send(), send()) == ({"sent": 1, "failed": 0}, {"sent": 0, "failed": 0})
        one.refresh_from_db()
        assert one.confirmed_at is not None
        assert one.next_attempt_at is None

    def test_is_leased_and_committed_while_it_is_sent(self, receiver, voltaire):
        one = owe(voltaire)
        leases, sent_meanwhile = [], []

        def look(received: Received) -> int:
            leases.append(Delivery.objects.get(pk=one.pk).next_attempt_at)
            sent_meanwhile.append(send())
            connections.close_all()
            return 204

        receiver.answer = look
        assert send() == {"sent": 1, "failed": 0}
        [leased_until] = leases
        assert leased_until is not None
        assert leased_until > now()
        assert sent_meanwhile == [{"sent": 0, "failed": 0}]

    def test_is_not_sent_to_a_party_without_an_active_webhook(self, receiver, voltaire):
        voltaire.webhook.is_active = False
        voltaire.webhook.save()
        owe(voltaire)
        owe(makers.fjell())

        assert send() == {"sent": 0, "failed": 0}


class TestAFailure:
    def test_stops_only_what_is_about_the_same(self, receiver, voltaire):
        poison, other = owe(voltaire), owe(voltaire)
        follower = owe(voltaire, subject_id=poison.subject_id, version=1)
        receiver.answer = lambda received: 422 if received.id == str(poison.pk) else 204

        assert send() == {"sent": 1, "failed": 1}
        assert [one.id for one in receiver.received] == [str(poison.pk), str(other.pk)]

        receiver.answer = lambda received: 204
        assert send(clock=after(timedelta(minutes=2))) == {"sent": 2, "failed": 0}
        assert [one.id for one in receiver.received[2:]] == [str(poison.pk), str(follower.pk)]

    def test_waits_longer_each_time_and_is_given_up_after_twelve(self, receiver, voltaire):
        one, follower = owe(voltaire), None
        follower = owe(voltaire, subject_id=one.subject_id, version=1)
        receiver.answer = lambda received: 500 if received.id == str(one.pk) else 204
        passed = timedelta(0)
        for attempt in range(1, MOST_ATTEMPTS + 1):
            assert send(clock=after(passed))["failed"] == 1
            one.refresh_from_db()
            assert one.attempts == attempt
            passed += delivering.wait_after(attempt) * 1.3

        assert one.last_error == "HTTP 500"
        assert one.dead_at is not None
        alert = Alert.objects.get()
        assert (alert.kind, alert.subject) == (Alert.Kind.DEAD_LETTER, str(one.pk))
        follower.refresh_from_db()
        assert follower.confirmed_at is not None

    def test_waits_as_long_as_its_receiver_asks_for(self, receiver, voltaire):
        one = owe(voltaire)
        receiver.answer, receiver.retry_after = lambda received: 503, "1800"

        assert send()["failed"] == 1

        one.refresh_from_db()
        assert one.next_attempt_at > now() + timedelta(minutes=29)

    def test_is_repaired_by_sending_again(self, receiver, voltaire):
        one = owe(voltaire)
        Delivery.objects.filter(pk=one.pk).update(dead_at=NOON, attempts=12, last_error="HTTP 500")

        assert send() == {"sent": 0, "failed": 0}
        assert delivering.redeliver([one.pk], now=NOON) == 1
        assert send() == {"sent": 1, "failed": 0}

    def test_a_redirect_is_not_followed(self, receiver, voltaire):
        owe(voltaire)
        receiver.answer = lambda received: 302

        assert send() == {"sent": 0, "failed": 1}
        assert len(receiver.received) == 1

    def test_of_the_connection_is_no_reason_to_ask_for_each_message(self, voltaire):
        voltaire.webhook.url = "http://127.0.0.1:1/"
        voltaire.webhook.save()
        for _ in range(5):
            owe(voltaire)

        assert send() == {"sent": 0, "failed": delivering.FAILURES_IN_A_ROW}
        assert Delivery.objects.filter(attempts=0, next_attempt_at=None).count() == 2

    def test_is_an_answer_that_does_not_end(self, monkeypatch):
        """It would hold a worker for days, and the messages of everybody else with it."""
        monkeypatch.setattr(webhook_call, "LONGEST_CALL_S", 0.5)
        party = makers.voltaire()
        with dripping(seconds=6) as url:
            subscribe(party, url)
            one = owe(party)
            started = time.monotonic()

            assert send() == {"sent": 0, "failed": 1}

            assert time.monotonic() - started < 3
        one.refresh_from_db()
        assert one.last_error.startswith("ReadTimeout")

    def test_waits_a_minute_up_to_twelve_hours(self):
        waits = [delivering.wait_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]

        assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
        assert waits[-1] == timedelta(hours=12)


class TestAnOutage:
    def test_begins_with_the_first_failure_and_ends_with_the_next_success(self, receiver, voltaire):
        owe(voltaire)
        receiver.answer = lambda received: 503
        send()
        send(clock=after(timedelta(minutes=5)))
        outage = ReceiverOutage.objects.get()
        assert outage.ends_at is None
        voltaire.webhook.refresh_from_db()
        assert voltaire.webhook.failing_since == outage.starts_at

        receiver.answer = lambda received: 200
        send(clock=after(timedelta(hours=1)))

        outage.refresh_from_db()
        assert outage.ends_at is not None
        assert timedelta(minutes=59) < outage.ends_at - outage.starts_at < timedelta(minutes=61)
        voltaire.webhook.refresh_from_db()
        assert voltaire.webhook.failing_since is None

    def test_is_not_that_one_message_is_refused(self, receiver, voltaire):
        owe(voltaire)
        receiver.answer = lambda received: 400
        send()

        assert not ReceiverOutage.objects.exists()


class TestAKilledSender:
    def test_loses_nothing_and_confirms_nothing_twice(self, receiver, voltaire):
        owed = [owe(voltaire) for _ in range(3)]
        arrived, is_killed = threading.Event(), threading.Event()

        def hang_at_the_second(received: Received) -> int:
            if received.id == str(owed[1].pk) and not is_killed.is_set():
                arrived.set()
                is_killed.wait(timeout=30)
            return 204

        receiver.answer = hang_at_the_second
        process = sender_process()
        assert arrived.wait(timeout=60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        is_killed.set()

        confirmed = set(
            Delivery.objects.filter(confirmed_at__isnull=False).values_list("id", "confirmed_at")
        )
        assert {one for one, _ in confirmed} == {owed[0].pk}
        assert send() == {"sent": 0, "failed": 0}
        assert send(clock=after(LEASE + timedelta(seconds=1))) == {"sent": 2, "failed": 0}

        sent = [one.id for one in receiver.received]
        assert sent == [str(owed[at].pk) for at in (0, 1, 1, 2)]
        stored = set(Delivery.objects.values_list("id", "confirmed_at"))
        assert confirmed < stored
        assert not Delivery.objects.filter(confirmed_at__isnull=True).exists()


def sender_process() -> subprocess.Popen:
    """A process of our own that sends what is due in this test's database."""
    database = connections["default"].settings_dict
    url = f"postgres://{database['USER']}@{quote(database['HOST'], safe='')}/{database['NAME']}"
    program = (
        "import django; django.setup();"
        "from django.utils import timezone;"
        "from roaming.services import webhooks;"
        "webhooks.send_due(clock=timezone.now)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "clearinghouse.settings",
            "DATABASE_URL": url,
            "REDIS_URL": "redis://nowhere.invalid",
            "WEBHOOKS_MAY_BE_LOCAL": "true",
        },
    )


class TestAnAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "http://partner.example/hook",
            "ftp://partner.example/",
            "https://user:password@partner.example/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::169.254.169.254]/",
            "https://[64:ff9b:1::10.0.0.1]/",
            "https://[2002:7f00:1::]/",
            "https://[fec0::1]/",
            "https://0.0.0.0/",
            "https:///hook",
            "https://xn--a/",
            "no url",
        ],
    )
    def test_is_refused_unless_public_and_https(self, url):
        with pytest.raises(UnsafeAddress):
            check_url(url, may_be_local=False)

    @pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1]", "[64:ff9b::8.8.8.8]"])
    def test_is_called_where_it_is_public_in_any_form(self, host):
        assert check_url(f"https://{host}/hook", may_be_local=False).host

    @pytest.mark.parametrize("host", ["a..b", f"{'a' * 70}.example"])
    def test_of_a_name_that_dns_cannot_have_is_refused(self, host):
        with pytest.raises(UnsafeAddress, match="looked up"):
            resolve(f"https://{host}/hook", may_be_local=False)

    def test_is_looked_up_before_it_is_called(self):
        with pytest.raises(UnsafeAddress, match="not on the public Internet"):
            resolve("https://localhost/hook", may_be_local=False)

    def test_is_pinned_to_what_was_looked_up(self):
        target = resolve("http://localhost:8080/hook?a=1", may_be_local=True)

        assert target.host == "localhost"
        assert target.host_header == "localhost:8080"
        assert str(target.url).endswith(":8080/hook?a=1")
        assert target.url.host in ("127.0.0.1", "::1")
