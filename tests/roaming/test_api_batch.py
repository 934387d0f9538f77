"""A batch over HTTP: arrays, lines, gzip, limits; one bad element never sinks the rest."""

import gzip
import json

import pytest

from roaming.models import RawRecord, Sdr
from tests import makers
from tests.makers import numbered_record
from tests.roaming.partner_systems import BATCH, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


def _lines(*records: dict) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in records)


class TestSendBatch:
    def test_gives_each_element_its_result(self, nordlicht):
        nordlicht.send(numbered_record(1))
        sent = [
            numbered_record(1),
            numbered_record(1, energy_kwh="18.5"),
            numbered_record(2),
            numbered_record(3, csp_id=None),
            numbered_record(4, energy_kwh="-1"),
        ]

        answer = nordlicht.send_batch(sent)

        assert answer.status_code == 200
        body = answer.json()
        results = body.pop("results")
        assert body.pop("sequence") is None
        assert all(body.pop(name) for name in ("batch_id", "receipt"))
        assert body == {"received": 5, "accepted": 1, "held": 1, "rejected": 2, "duplicates": 1}
        assert [result["outcome"] for result in results] == [
            "duplicate",
            "conflict",
            "accepted",
            "held",
            "rejected",
        ]
        assert [result["index"] for result in results] == [0, 1, 2, 3, 4]
        assert [result["codes"] for result in results] == [[], ["V401"], [], ["V003"], ["V201"]]
        assert "findings" not in results[2]
        assert results[4]["findings"][0]["remedy"]

    def test_reads_lines_and_skips_blank_ones(self, nordlicht):
        lines = _lines(numbered_record(1)) + b"\n\n\r\n" + _lines(numbered_record(2)) + b"\n"

        answer = nordlicht.send_lines(lines, compress=False)

        assert answer.json()["accepted"] == 2

    def test_reads_gzip_lines(self, nordlicht):
        answer = nordlicht.send_lines(_lines(numbered_record(1), numbered_record(2)))

        assert answer.json()["accepted"] == 2

    def test_reads_gzip_of_several_members(self, nordlicht):
        first, second = _lines(numbered_record(1)) + b"\n", _lines(numbered_record(2))

        answer = nordlicht.post(
            BATCH,
            gzip.compress(first) + gzip.compress(second),
            content_type="application/x-ndjson",
            Content_Encoding="gzip",
        )

        assert answer.json()["accepted"] == 2

    @pytest.mark.parametrize("element", [b"5", b'"x"', b"[]", b"null", b"{}", b'{"sdr_id":7}'])
    def test_rejects_one_element_that_is_no_record(self, nordlicht, element):
        good = json.dumps(numbered_record(1)).encode()

        answer = nordlicht.post(BATCH, b"[" + element + b"," + good + b"]")

        results = answer.json()["results"]
        assert [result["outcome"] for result in results] == ["rejected", "accepted"]
        assert "V001" in results[0]["codes"]
        assert RawRecord.objects.filter(pk=results[0]["record_id"]).exists()

    def test_rejects_a_broken_line_and_takes_the_others(self, nordlicht):
        good, other = _lines(numbered_record(1)), _lines(numbered_record(2))

        answer = nordlicht.send_lines(good + b'\n{"sdr_id": "cut\n' + other)

        results = answer.json()["results"]
        assert [result["outcome"] for result in results] == ["accepted", "rejected", "accepted"]
        assert results[1]["codes"] == ["V001"]

    def test_takes_an_empty_array(self, nordlicht):
        answer = nordlicht.send_batch([])

        assert answer.status_code == 200
        assert (answer.json()["received"], answer.json()["results"]) == (0, [])

    @pytest.mark.parametrize("body", [b" ", b"[1,", b"{}", b"nonsense", b"5", b"[" * 100_000])
    def test_refuses_what_is_no_array_with_400(self, nordlicht, body):
        answer = nordlicht.post(BATCH, body)

        assert answer.status_code == 400
        assert not Sdr.objects.exists()

    def test_refuses_more_records_than_the_limit_with_413(self, nordlicht, settings):
        settings.BATCH_MAX_RECORDS = 3
        records = [numbered_record(n) for n in range(4)]

        as_array, as_lines = nordlicht.send_batch(records), nordlicht.send_lines(_lines(*records))

        assert (as_array.status_code, as_lines.status_code) == (413, 413)
        assert as_array.json()["code"] == "BATCH_TOO_MANY_RECORDS"
        assert not Sdr.objects.exists()

    def test_refuses_a_gzip_bomb_with_413(self, nordlicht, settings):
        settings.BATCH_MAX_BYTES = 1024 * 1024
        bomb = gzip.compress(b" " * 200 * 1024 * 1024)

        answer = nordlicht.post(BATCH, bomb, Content_Encoding="gzip")

        assert len(bomb) < 1024 * 1024
        assert answer.status_code == 413

    def test_refuses_gzip_of_countless_members_with_413(self, nordlicht):
        answer = nordlicht.post(BATCH, gzip.compress(b"") * 10_001, Content_Encoding="gzip")

        assert answer.status_code == 413

    def test_refuses_millions_of_tiny_elements_with_413(self, nordlicht):
        answer = nordlicht.post(BATCH, b"[" + b"1," * 2_000_001 + b"1]")

        assert answer.status_code == 413

    @pytest.mark.parametrize(
        "body",
        [b"not gzip", gzip.compress(b"[]")[:-9], gzip.compress(b"[]") + b"x"],
        ids=["other", "cut short", "with a tail"],
    )
    def test_refuses_broken_gzip_with_400(self, nordlicht, body):
        answer = nordlicht.post(BATCH, body, Content_Encoding="gzip")

        assert answer.status_code == 400
        assert answer.json()["code"] == "GZIP_BROKEN"

    def test_refuses_a_body_above_the_limit_with_413(self, nordlicht, settings):
        settings.BATCH_MAX_BYTES = 100

        answer = nordlicht.send_batch([numbered_record(1)])

        assert answer.status_code == 413
