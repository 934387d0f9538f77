"""A sender numbers its batches: each number once, gaps noticed, late ones fill them."""

import gzip
import hashlib
import json

import pytest

from roaming.intake.profile import parse_profile
from roaming.intake.structure import read_element
from roaming.models import Alert, Delivery, Finding, IntakeBatch, IntakeTally, Sdr, SequenceGap
from roaming.services import sequences
from roaming.services.file_import import ImportOrder, NumberRefused, import_file
from roaming.services.intake import Origin, take_into
from tests import makers
from tests.makers import NOON, later, numbered_record
from tests.roaming.partner_systems import BATCH, PartnerSystem
from tests.roaming.test_api_at_once import _at_once as at_once
from tests.roaming.test_import_job import PROFILE

GAPS = "/api/v1/sequence-gaps/"
BY_ITS_NAME = pytest.mark.usefixtures("noon", "quick_secrets")


@pytest.fixture
def nordlicht(db):
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


def send(system, number, *records, **headers):
    return system.send_batch(list(records), Batch_Sequence=str(number), **headers)


def gaps(system, **query):
    return system.get(GAPS, **query).json()


def open_gaps(system):
    return [
        (gap["first"], gap["last"], gap["missing"])
        for gap in gaps(system)["results"]
        if gap["filled_at"] is None
    ]


@BY_ITS_NAME
class TestAGap:
    def test_is_not_there_while_numbers_follow_each_other(self, nordlicht):
        for number in (1, 2, 3):
            answer = send(nordlicht, number, numbered_record(number))
            assert (answer.status_code, answer.json()["sequence"]) == (200, number)

        assert gaps(nordlicht) == {"last_sequence": 3, "results": [], "next": None}
        assert not Finding.objects.filter(code="V704").exists()
        assert not Alert.objects.exists()

    def test_is_noticed_told_and_noted_on_the_batch_after_it(self, nordlicht):
        send(nordlicht, 1, numbered_record(1))
        answer = send(nordlicht, 4, numbered_record(4)).json()

        assert open_gaps(nordlicht) == [(2, 3, [2, 3])]
        [result] = answer["results"]
        assert (result["outcome"], result["codes"]) == ("accepted", ["V704"])
        [finding] = result["findings"]
        assert (finding["severity"], finding["message"]) == (
            "WARN",
            "each of the batches 2 to 3 before this one has not come",
        )
        alert = Alert.objects.get()
        assert (alert.kind, alert.partner) == ("SEQUENCE_GAP", nordlicht.partner)
        assert alert.text == (
            "Nordlicht sent batch 4; each of the batches 2 to 3 before it has not come"
        )
        [news] = Delivery.objects.filter(kind="ALERT")
        assert (news.receiver, news.subject_id) == (makers.nordlicht(), alert.pk)

    def test_is_noticed_where_the_first_number_is_not_one(self, nordlicht):
        send(nordlicht, 3, numbered_record(3))

        assert open_gaps(nordlicht) == [(1, 2, [1, 2])]

    def test_closes_when_the_last_missing_one_has_come(self, nordlicht):
        send(nordlicht, 1, numbered_record(1))
        send(nordlicht, 4, numbered_record(4))

        late = send(nordlicht, 3, numbered_record(3)).json()
        assert open_gaps(nordlicht) == [(2, 3, [2])]
        assert Alert.objects.get().closed_at is None

        send(nordlicht, 2)
        assert open_gaps(nordlicht) == []
        assert SequenceGap.objects.get().filled_at == NOON
        assert Alert.objects.get().closed_at == NOON
        assert late["results"][0]["codes"] == []

    def test_is_each_environments_own(self, nordlicht):
        trial = PartnerSystem(makers.nordlicht("TEST"), environment="TEST")
        send(nordlicht, 1)
        send(trial, 3)

        assert open_gaps(nordlicht) == []
        assert open_gaps(trial) == [(1, 2, [1, 2])]

    def test_is_counted_over_all_clients_of_the_sender(self, nordlicht):
        other = PartnerSystem(makers.nordlicht())
        send(nordlicht, 1)
        send(other, 2)

        assert gaps(nordlicht)["last_sequence"] == gaps(other)["last_sequence"] == 2
        assert open_gaps(other) == []

    def test_is_paged(self, nordlicht):
        for number in (2, 4, 6):
            send(nordlicht, number)

        page = gaps(nordlicht, limit=2)
        rest = nordlicht.http.get(page["next"], headers=nordlicht.headers).json()
        assert [gap["first"] for gap in page["results"] + rest["results"]] == [5, 3, 1]
        assert rest["next"] is None

    def test_is_no_stranger_business(self, nordlicht):
        send(nordlicht, 3, numbered_record(3))
        laterne = PartnerSystem(makers.laterne())

        assert gaps(laterne) == {"last_sequence": 0, "results": [], "next": None}
        assert send(laterne, 1).status_code == 200
        assert open_gaps(nordlicht) == [(1, 2, [1, 2])]

    def test_needs_the_scope_to_read(self, nordlicht):
        writer = PartnerSystem(makers.nordlicht(), scopes=("sdr:write",))

        assert writer.get(GAPS).status_code == 403


@BY_ITS_NAME
class TestARepeatedNumber:
    def test_with_the_same_bytes_gives_the_first_answer_again(self, nordlicht):
        first = send(nordlicht, 1, numbered_record(1))
        again = send(nordlicht, 1, numbered_record(1))

        assert again.content == first.content
        assert again["Batch-Replayed"] == "true"
        assert first.json()["accepted"] == 1
        assert IntakeBatch.objects.count() == IntakeTally.objects.count() == 1

    def test_packed_or_not_are_the_same_bytes(self, nordlicht):
        body = json.dumps([numbered_record(1)]).encode()
        first = nordlicht.post(BATCH, body, Batch_Sequence="1")
        again = nordlicht.post(
            BATCH, gzip.compress(body), Batch_Sequence="1", Content_Encoding="gzip"
        )

        assert again.content == first.content

    def test_from_another_client_of_the_sender_gives_the_first_answer(self, nordlicht):
        first = send(nordlicht, 1, numbered_record(1))
        again = send(PartnerSystem(makers.nordlicht()), 1, numbered_record(1))

        assert again.content == first.content

    def test_with_other_bytes_is_refused_and_takes_nothing(self, nordlicht):
        send(nordlicht, 1, numbered_record(1))
        other = send(nordlicht, 1, numbered_record(2))

        assert (other.status_code, other.json()["code"]) == (409, "BATCH_SEQUENCE_REUSED")
        assert other["Content-Type"] == "application/problem+json"
        assert list(Sdr.objects.values_list("sdr_id", flat=True)) == ["NLX-00001"]

    def test_is_free_where_the_body_could_not_be_read(self, nordlicht):
        broken = nordlicht.post(BATCH, b"[{", Batch_Sequence="1")
        good = send(nordlicht, 1, numbered_record(1))

        assert (broken.status_code, good.status_code) == (400, 200)

    def test_of_a_killed_request_is_taken_over(self, nordlicht, noon):
        body = json.dumps([numbered_record(1)]).encode()
        _work_without_answering(nordlicht, body)

        early = nordlicht.post(BATCH, body, Batch_Sequence="1")
        noon.move_to(later(seconds=61))
        taken_over = nordlicht.post(BATCH, body, Batch_Sequence="1")

        assert (early.status_code, early.json()["code"]) == (409, "BATCH_SEQUENCE_IN_FLIGHT")
        assert early["Retry-After"] == "60"
        assert taken_over.status_code == 200
        assert (taken_over.json()["received"], taken_over.json()["duplicates"]) == (1, 1)
        assert (IntakeBatch.objects.count(), Sdr.objects.count()) == (1, 1)


def _work_without_answering(system, body):
    """As a process leaves it that is killed after its commit and before its answer."""
    origin = Origin(
        door=IntakeBatch.Door.API,
        actor="tests",
        client=system.client,
        file_sha256=hashlib.sha256(body).hexdigest(),
        sequence=1,
    )
    opened = sequences.claim(
        sender=system.partner, environment="LIVE", origin=origin, received_at=NOON
    )
    [_] = take_into(opened, [read_element(body[1:-1])], actor="tests")


@BY_ITS_NAME
class TestANumber:
    @pytest.mark.parametrize("number", ["0", "-1", "1.5", "one", "", "9" * 30, "٣"])
    def test_is_whole_and_counts_from_one(self, nordlicht, number):
        answer = nordlicht.http.post(
            BATCH,
            b"[]",
            content_type="application/json",
            headers=nordlicht.headers,
            HTTP_BATCH_SEQUENCE=number,
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "BATCH_SEQUENCE_INVALID")

    def test_may_not_declare_a_million_missing(self, nordlicht):
        send(nordlicht, 1)
        far = send(nordlicht, 1_000_000)

        assert (far.status_code, far.json()["code"]) == (422, "BATCH_SEQUENCE_TOO_FAR")
        assert far.json()["detail"].startswith("Your next number is 2;")
        assert open_gaps(nordlicht) == []


@pytest.mark.django_db(transaction=True)
@BY_ITS_NAME
class TestAtOnce:
    def test_the_same_number_is_worked_once(self, live_server, nordlicht):
        body = json.dumps([numbered_record(n) for n in range(300)]).encode()
        headers = nordlicht.headers | {"Content-Type": "application/json", "Batch-Sequence": "1"}

        answers = at_once(live_server, [(BATCH, body, headers)] * 4)

        statuses = [status for status, _ in answers]
        assert 200 in statuses
        assert set(statuses) <= {200, 409}, statuses
        done = [answer for status, answer in answers if status == 200]
        assert all(answer == done[0] for answer in done)
        assert (done[0]["accepted"], IntakeBatch.objects.count()) == (300, 1)

    def test_other_bytes_under_one_number_are_taken_from_one_alone(self, live_server, nordlicht):
        headers = nordlicht.headers | {"Content-Type": "application/json", "Batch-Sequence": "1"}
        calls = [(BATCH, json.dumps([numbered_record(n)]).encode(), headers) for n in range(4)]

        answers = at_once(live_server, calls)

        assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
        codes = {answer["code"] for status, answer in answers if status == 409}
        assert codes == {"BATCH_SEQUENCE_REUSED"}
        assert Sdr.objects.count() == 1

    def test_numbers_in_any_order_leave_no_gap_open(self, live_server, nordlicht):
        calls = [
            (
                BATCH,
                json.dumps([numbered_record(n)]).encode(),
                nordlicht.headers | {"Content-Type": "application/json", "Batch-Sequence": str(n)},
            )
            for n in range(1, 9)
        ]

        answers = at_once(live_server, calls)

        assert [status for status, _ in answers] == [200] * 8
        assert gaps(nordlicht)["last_sequence"] == 8
        assert open_gaps(nordlicht) == []
        assert not Alert.objects.filter(closed_at__isnull=True).exists()


class TestAFile:
    @pytest.fixture
    def order(self, db, tmp_path):
        makers.AgreementMaker()
        path = tmp_path / "sessions.csv"

        def order(sequence, *ids):
            lines = ["id,start,kwh", *(f"{one},2026-11-01,1" for one in ids)]
            path.write_text("\n".join(lines))
            return ImportOrder(
                path=path,
                profile=parse_profile(PROFILE.encode(), name="own"),
                profile_name="own",
                sender=makers.partner_of(makers.nordlicht()),
                door=IntakeBatch.Door.COMMAND,
                actor="tests",
                received_at=NOON,
                sequence=sequence,
            )

        return order

    def test_has_a_number_of_the_same_row(self, order):
        list(import_file(order(1, "R-1")))
        list(import_file(order(3, "R-3")))

        gap = SequenceGap.objects.get()
        assert (gap.first, gap.last) == (2, 2)
        assert IntakeBatch.objects.filter(working_until_at__isnull=False).count() == 0

    def test_may_be_imported_again_but_not_another_one(self, order):
        list(import_file(order(1, "R-1")))
        [[again]] = import_file(order(1, "R-1"))
        assert (again.is_new, IntakeBatch.objects.count()) == (False, 1)

        with pytest.raises(NumberRefused, match="number 1 was used for another batch"):
            list(import_file(order(1, "R-2")))
        assert Sdr.objects.count() == 1
