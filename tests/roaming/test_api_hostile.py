"""Bodies that mean harm: each gets a code, none a 500, none a trace in another record."""

import json

import pytest

from roaming.models import Sdr
from tests import makers
from tests.makers import numbered_record, record
from tests.roaming.partner_systems import BATCH, RECORDS, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]

DEEP = b"[" * 100_000 + b"]" * 100_000
# name: (what is put in place of GOOD's closing brace, status, a code of the answer)
TAILS = {
    "infinite number": (b', "energy_kwh": 1e1000000}', 422, "V001"),
    "number out of all range": (b', "energy_kwh": 1e99999999999999999999}', 400, "BODY_UNREADABLE"),
    "text of a number out of range": (b', "energy_kwh": "1e99999999999999999999"}', 422, "V001"),
    "5,000 digits": (b', "energy_kwh": ' + b"9" * 5000 + b"}", 422, "V001"),
    "40 decimals": (b', "energy_kwh": "1.' + b"0" * 39 + b'1"}', 422, "V001"),
    "long count": (b', "split_no": ' + b"9" * 5000 + b"}", 400, "BODY_UNREADABLE"),
    "NaN": (b', "energy_kwh": NaN}', 400, "BODY_UNREADABLE"),
    "NaN as text": (b', "energy_kwh": "NaN"}', 422, "V001"),
    "sNaN as text": (b', "total_amount": "sNaN"}', 422, "V001"),
    "Infinity as text": (b', "max_power_kw": "Infinity"}', 422, "V001"),
    "NUL in the id": (b', "sdr_id": "a\\u0000b"}', 422, "V001"),
    "NUL in a name": (b', "location_name": "a\\u0000b"}', 422, "V001"),
    "NUL in a code": (b', "cso_id": "DE\\u0000NLX"}', 422, "V001"),
    "NUL in the currency": (b', "currency": "EU\\u0000"}', 422, "V001"),
    "lone surrogate": (b', "location_name": "\\ud800"}', 400, "BODY_UNREADABLE"),
    "invalid UTF-8": (b', "location_name": "\xff\xfe"}', 400, "BODY_UNREADABLE"),
    "string of a megabyte": (b', "location_name": "' + b"x" * 1_000_000 + b'"}', 422, "V001"),
    "year 9999 west of UTC": (b', "ended_at": "9999-12-31T23:59:59-14:00"}', 422, "V001"),
    "year 1 east of UTC": (b', "started_at": "0001-01-01T00:00:00+14:00"}', 422, "V001"),
    "local time": (b', "started_at": "2026-11-14T10:00:00"}', 422, "V001"),
    "number for a time": (b', "started_at": 1e300}', 422, "V001"),
    "deep nesting": (b', "unknown": ' + DEEP + b"}", 400, "BODY_UNREADABLE"),
    "deep nesting in a field": (b', "items": ' + DEEP + b"}", 400, "BODY_UNREADABLE"),
    "item of no kind": (b', "items": [{"kind": "BEER", "amount": "1"}]}', 422, "V001"),
    "item without end": (b', "items": [{"kind": "FEE", "amount": "1e1000000"}]}', 422, "V001"),
    "period of another age": (
        b', "charging_periods": [{"started_at": "0001-01-01T00:00:00+14:00"}]}',
        422,
        "V001",
    ),
}


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


def _with_tail(tail: bytes, number: int = 1) -> bytes:
    """A good record whose last members repeat or add fields; the last one of a name counts."""
    return json.dumps(numbered_record(number)).encode()[:-1] + tail


class TestHostileRecord:
    @pytest.mark.parametrize("name", TAILS)
    def test_gets_a_code(self, nordlicht, name):
        tail, status, code = TAILS[name]

        answer = nordlicht.post(RECORDS, _with_tail(tail))

        body = answer.json()
        assert (answer.status_code, code in {body["code"], *nordlicht.codes_of(answer)}) == (
            status,
            True,
        )
        assert nordlicht.send(record(sdr_id="NLX-9", service_session_id="S-9")).status_code == 201

    @pytest.mark.parametrize("name", [name for name in TAILS if "nesting" not in name])
    def test_does_not_sink_its_batch(self, nordlicht, name):
        tail, _, _ = TAILS[name]
        good = json.dumps(numbered_record(2)).encode()

        answer = nordlicht.post(BATCH, b"[" + _with_tail(tail) + b"," + good + b"]")

        assert answer.status_code == 200
        results = answer.json()["results"]
        assert [result["outcome"] for result in results] == ["rejected", "accepted"]
        assert "V001" in results[0]["codes"]

    @pytest.mark.parametrize("name", TAILS)
    def test_does_not_sink_its_lines(self, nordlicht, name):
        tail, _, _ = TAILS[name]
        good = json.dumps(numbered_record(2)).encode()

        answer = nordlicht.send_lines(_with_tail(tail) + b"\n" + good)

        results = answer.json()["results"]
        assert [result["outcome"] for result in results] == ["rejected", "accepted"]

    def test_with_a_member_twice_counts_the_last_one(self, nordlicht):
        answer = nordlicht.post(RECORDS, _with_tail(b', "energy_kwh": "-5"}'))

        assert answer.status_code == 422
        assert "V201" in nordlicht.codes_of(answer)

    def test_may_name_a_place_with_odd_spaces(self, nordlicht):
        answer = nordlicht.send(record(location_name="Parkhaus\u00a0Nord"))

        assert answer.status_code == 201
        assert Sdr.objects.get().location_name == "Parkhaus\u00a0Nord"

    def test_may_carry_fields_that_are_not_known(self, nordlicht):
        answer = nordlicht.post(RECORDS, _with_tail(b', "colour": ["green", {"of": 1}]}'))

        assert answer.status_code == 201
