"""Real sockets, real threads: one batch sent twice at once, and keys that race."""

import gzip
import http.client
import json
import random
import threading
from urllib.parse import urlsplit

import pytest

from roaming.models import Delivery, Sdr, SdrKey, SdrState, SessionKey
from tests import makers
from tests.makers import numbered_record
from tests.roaming.partner_systems import BATCH, RECORDS, PartnerSystem

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("noon", "quick_secrets"),
]


@pytest.fixture
def nordlicht(transactional_db):
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


def _at_once(server, calls: list[tuple[str, bytes, dict]]) -> list[tuple[int, dict]]:
    """Post every (path, body, headers) at the same moment; return (status, answer) of each."""
    start = threading.Barrier(len(calls))
    answers: list = [None] * len(calls)

    def call(number: int, path: str, body: bytes, headers: dict) -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
        start.wait()
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answers[number] = (response.status, json.loads(response.read()))
        connection.close()

    threads = [
        threading.Thread(target=call, args=(number, *one)) for number, one in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class TestBatchSentTwiceAtOnce:
    @pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
    def test_has_no_deadlock_and_no_double(self, count, live_server, nordlicht):
        records = [numbered_record(n) for n in range(count)]
        headers = nordlicht.headers | {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        }
        calls = []
        for seed in (1, 2):
            shuffled = random.Random(seed).sample(records, len(records))
            lines = b"\n".join(json.dumps(one).encode() for one in shuffled)
            calls.append((BATCH, gzip.compress(lines, 1), headers))

        answers = _at_once(live_server, calls)

        assert [status for status, _ in answers] == [200, 200]
        one, two = (answer for _, answer in answers)
        assert one["rejected"] == two["rejected"] == 0
        assert one["accepted"] + two["accepted"] == count
        assert one["duplicates"] + two["duplicates"] == count
        assert _ids(one) == _ids(two)
        counts = {model: model.objects.count() for model in (Sdr, SdrKey, SessionKey, SdrState)}
        assert set(counts.values()) == {count}, counts
        numbers = Delivery.objects.order_by("sequence").values_list("sequence", flat=True)
        assert list(numbers) == list(range(1, count + 1))


class TestIdempotencyKeySentAtOnce:
    def test_is_worked_once(self, live_server, nordlicht):
        body = json.dumps([numbered_record(n) for n in range(500)]).encode()
        headers = nordlicht.headers | {
            "Content-Type": "application/json",
            "Idempotency-Key": "same",
        }

        answers = _at_once(live_server, [(BATCH, body, headers)] * 4)

        statuses = [status for status, _ in answers]
        assert 200 in statuses
        assert set(statuses) <= {200, 409}, statuses
        done = [answer for status, answer in answers if status == 200]
        assert all(answer == done[0] for answer in done)
        assert Sdr.objects.count() == 500


class TestRecordSentAtOnce:
    def test_is_new_for_one_sender_thread_only(self, live_server, nordlicht):
        body = json.dumps(numbered_record(1)).encode()
        headers = nordlicht.headers | {"Content-Type": "application/json"}

        answers = _at_once(live_server, [(RECORDS, body, headers)] * 6)

        assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 200, 201]
        assert len({answer["record_id"] for _, answer in answers}) == 1


def _ids(answer: dict) -> dict[str, str]:
    return {one["sdr_id"]: one["record_id"] for one in answer["results"]}
