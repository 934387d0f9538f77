"""Deliveries over the API: pulled in sequence, confirmed, pushed on request, hidden from others."""

import pytest

from clearinghouse.uuid7 import new_uuid7
from partners.models import Mandate
from roaming.models import Delivery, DeliveryCounter, ReceiverOutage, WebhookSubscription
from roaming.services import deliveries, webhook_call
from tests import makers
from tests.makers import NOON, numbered_record
from tests.roaming.partner_systems import PartnerSystem

DELIVERIES = "/api/v1/deliveries/"
CONFIRM = f"{DELIVERIES}confirm/"
WEBHOOK = "/api/v1/webhooks/FR*VOL/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def three_records():
    makers.AgreementMaker()
    return makers.take(*(numbered_record(number) for number in range(1, 4)))


@pytest.fixture
def voltaire():
    return PartnerSystem(makers.voltaire())


@pytest.fixture
def laterne():
    return PartnerSystem(makers.laterne())


def confirm(system, up_to: object, receiver="FR*VOL"):
    body = b'{"receiver": "%s", "up_to_sequence": %s}' % (receiver.encode(), str(up_to).encode())
    return system.post(CONFIRM, body)


def redeliver(system, delivery):
    return system.post(f"{DELIVERIES}{delivery.pk}/redeliver/", b"")


def put(system, url: str, path=WEBHOOK):
    body = b'{"url": "%s"}' % url.encode()
    return system.http.put(path, body, content_type="application/json", headers=system.headers)


class TestPulling:
    def test_gives_every_kind_in_sequence(self, three_records, voltaire):
        document_id = new_uuid7()
        party = makers.voltaire()
        deliveries.owe_news(Delivery.Kind.STATEMENT, {party.pk: document_id}, now=NOON)
        deliveries.publish({party.pk})

        page = voltaire.get(DELIVERIES, receiver="FR*VOL").json()

        messages = [entry["message"] for entry in page["results"]]
        assert [one["sequence"] for one in messages] == [1, 2, 3, 4]
        assert [one["type"] for one in messages] == ["SDR", "SDR", "SDR", "STATEMENT"]
        assert [one["data"]["record_id"] for one in messages[:3]] == [
            outcome.record_id for outcome in three_records
        ]
        assert (messages[3]["subject_id"], messages[3]["data"]) == (str(document_id), None)
        assert (page["last_sequence"], page["confirmed_sequence"], page["next"]) == (4, 0, None)

    def test_goes_on_after_the_last_stored_number(self, three_records, voltaire):
        first = voltaire.get(DELIVERIES, receiver="FR*VOL", limit=2).json()
        rest = voltaire.http.get(first["next"], headers=voltaire.headers).json()

        assert [entry["message"]["sequence"] for entry in rest["results"]] == [3]

    def test_is_open_to_sellers_too(self, three_records):
        nordlicht = PartnerSystem(makers.nordlicht())
        owed = {makers.nordlicht().pk: new_uuid7()}
        deliveries.owe_news(Delivery.Kind.STATEMENT, owed, now=NOON)
        deliveries.publish_overdue()

        page = nordlicht.get(DELIVERIES, receiver="DE*NLX").json()

        assert "STATEMENT" in [entry["message"]["type"] for entry in page["results"]]

    @pytest.mark.parametrize(
        "query",
        [{}, {"receiver": "?"}, {"receiver": "FR*VOL", "role": "X"}, {"recipient": "FR*VOL"}],
    )
    def test_refuses_what_it_cannot_read(self, voltaire, query):
        assert voltaire.get(DELIVERIES, **query).status_code == 400


class TestConfirming:
    def test_marks_everything_up_to_the_number(self, three_records, voltaire):
        answer = confirm(voltaire, 2)

        assert answer.json() == {"receiver": "FR*VOL", "confirmed_sequence": 2}
        confirmed = Delivery.objects.filter(confirmed_at=NOON)
        assert set(confirmed.values_list("sequence", flat=True)) == {1, 2}

    def test_never_goes_back_and_may_be_repeated(self, three_records, voltaire):
        marks = [confirm(voltaire, up_to).json()["confirmed_sequence"] for up_to in (3, 3, 1)]

        assert marks == [3, 3, 3]

    def test_of_what_was_never_owed_is_refused(self, three_records, voltaire):
        answer = confirm(voltaire, 4)

        assert (answer.status_code, answer.json()["code"]) == (422, "SEQUENCE_NOT_GIVEN")
        assert DeliveryCounter.objects.get(receiver=makers.voltaire()).confirmed_sequence == 0
        assert not Delivery.objects.filter(confirmed_at__isnull=False).exists()

    @pytest.mark.parametrize("up_to", [-1, '"x"', 1.5, 2**70])
    def test_of_no_number_is_refused(self, three_records, voltaire, up_to):
        assert confirm(voltaire, up_to).status_code == 400


class TestRedelivering:
    def test_makes_a_dead_message_due_again(self, three_records, voltaire):
        dead = Delivery.objects.get(sequence=2)
        Delivery.objects.filter(pk=dead.pk).update(dead_at=NOON, attempts=12, last_error="HTTP 500")

        answer = redeliver(voltaire, dead)

        assert answer.status_code == 202
        assert answer.json()["delivery_id"] == str(dead.pk)
        dead.refresh_from_db()
        assert (dead.dead_at, dead.attempts, dead.last_error) == (None, 0, "")


class TestWebhook:
    def test_is_set_with_a_secret_shown_once(self, voltaire):
        made = put(voltaire, "https://csp.example/hook")
        read = voltaire.get(WEBHOOK)

        assert made.status_code == 200
        stored = WebhookSubscription.objects.get()
        assert webhook_call.open_secret(stored) == made.json()["secret"]
        assert made.json()["secret"].encode() not in bytes(stored.encrypted_secret)
        assert read.json()["url"] == "https://csp.example/hook"
        assert "secret" not in read.json()

    def test_gets_a_new_secret_with_each_put(self, voltaire):
        secrets = {put(voltaire, "https://csp.example/hook").json()["secret"] for _ in range(2)}

        assert len(secrets) == 2

    @pytest.mark.parametrize("url", ["http://csp.example/", "https://127.0.0.1/", "x"])
    def test_at_an_unsafe_address_is_refused(self, voltaire, url):
        answer = put(voltaire, url)

        assert (answer.status_code, answer.json()["code"]) == (422, "WEBHOOK_URL_REFUSED")

    def test_takes_its_outage_along_when_it_goes(self, voltaire):
        put(voltaire, "https://csp.example/hook")
        ReceiverOutage.objects.create(receiver=makers.voltaire(), starts_at=NOON)

        gone = voltaire.http.delete(WEBHOOK, headers=voltaire.headers)

        assert gone.status_code == 204
        assert ReceiverOutage.objects.get().ends_at == NOON
        assert voltaire.get(WEBHOOK).status_code == 404
        assert voltaire.http.delete(WEBHOOK, headers=voltaire.headers).status_code == 404


class TestLaterne:
    def test_sees_and_changes_nothing_of_others(self, three_records, voltaire, laterne):
        put(voltaire, "https://csp.example/hook")
        dead = Delivery.objects.get(sequence=1)
        Delivery.objects.filter(pk=dead.pk).update(dead_at=NOON)

        answers = [
            laterne.get(DELIVERIES, receiver="FR*VOL"),
            confirm(laterne, 1),
            redeliver(laterne, dead),
            laterne.get(WEBHOOK),
            put(laterne, "https://laterne.example/hook"),
            laterne.http.delete(WEBHOOK, headers=laterne.headers),
        ]

        assert [answer.status_code for answer in answers] == [404] * 6
        assert WebhookSubscription.objects.get().url == "https://csp.example/hook"
        dead.refresh_from_db()
        assert (dead.dead_at, dead.confirmed_at) == (NOON, None)

    def test_needs_the_scope(self):
        reader = PartnerSystem(makers.voltaire(), scopes=("sdr:read",))

        assert put(reader, "https://csp.example/hook").status_code == 403


class TestWhoReadsForAnother:
    def test_pulls_but_neither_confirms_nor_takes_the_webhook(self, three_records, laterne):
        mandate = Mandate.objects.create(
            grantor=makers.partner_of(makers.voltaire()),
            agent=laterne.partner,
            verbs=[Mandate.Verb.READ_SDR],
            starts_at=makers.LONG_AGO,
        )
        mandate.parties.add(makers.voltaire())

        assert len(laterne.get(DELIVERIES, receiver="FR*VOL").json()["results"]) == 3
        assert confirm(laterne, 1).status_code == 404
        assert put(laterne, "https://laterne.example/hook").status_code == 404
        assert redeliver(laterne, Delivery.objects.get(sequence=1)).status_code == 404
