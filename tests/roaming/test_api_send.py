"""One record over HTTP: every status that the partner's guide names."""

import gzip
import json
from decimal import Decimal

import pytest

from roaming.models import IntakeBatch, Sdr
from tests import makers
from tests.makers import record
from tests.roaming.partner_systems import RECORDS, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


class TestSendOne:
    def test_takes_a_new_record_with_201(self, nordlicht):
        answer = nordlicht.send(record())

        assert answer.status_code == 201
        body = answer.json()
        assert answer["Location"] == f"{RECORDS}{body['record_id']}/"
        assert body == {
            "sdr_id": "NLX-0001",
            "record_id": body["record_id"],
            "attempt": 1,
            "outcome": "accepted",
            "state": "ACCEPTED",
            "codes": [],
            "findings": [],
        }
        stored = Sdr.objects.get(id=body["record_id"])
        assert (stored.energy_kwh, stored.claim_amount) == (Decimal("18.4"), Decimal("9.02"))

    def test_notes_the_door_and_the_client(self, nordlicht):
        nordlicht.send(record())

        batch = IntakeBatch.objects.get()
        assert (batch.door, batch.client_id) == ("API", nordlicht.client.pk)
        assert batch.received_at == makers.NOON

    def test_holds_a_record_without_a_known_counterparty_with_201(self, nordlicht):
        answer = nordlicht.send(record(csp_id="IT*ZZZ"))

        assert answer.status_code == 201
        assert answer.json()["outcome"] == "held"
        assert answer.json()["codes"] == ["V003"]

    def test_answers_a_replay_with_200_and_the_same_record(self, nordlicht):
        first = nordlicht.send(record())

        again = nordlicht.send(record(energy_kwh="18.4"))

        assert again.status_code == 200
        assert again.json() == first.json() | {"outcome": "duplicate"}
        assert Sdr.objects.count() == 1

    def test_refuses_other_content_under_a_live_id_with_409(self, nordlicht):
        first = nordlicht.send(record())

        other = nordlicht.send(record(energy_kwh="18.5"))

        assert other.status_code == 409
        assert other.json()["code"] == "SDR_CONFLICT"
        assert nordlicht.codes_of(other) == ["V401"]
        assert nordlicht.send(record()).json()["record_id"] == first.json()["record_id"]

    def test_tells_every_finding_of_a_rejected_record_with_422(self, nordlicht):
        answer = nordlicht.send(record(energy_kwh="-1", ended_at=None, currency="XXY"))

        assert answer.status_code == 422
        assert answer["Content-Type"] == "application/problem+json"
        assert {"V013", "V111", "V201"} <= set(nordlicht.codes_of(answer))
        assert all(error["remedy"] for error in answer.json()["errors"])

    def test_refuses_a_party_that_is_not_the_senders_with_422(self, nordlicht):
        makers.polder()

        answer = nordlicht.send(record(cso_id="NL*PLD"))

        assert answer.status_code == 422
        assert nordlicht.codes_of(answer) == ["V002"]

    def test_frees_the_id_of_a_rejected_record(self, nordlicht):
        nordlicht.send(record(energy_kwh="-1"))

        corrected = nordlicht.send(record())

        assert (corrected.status_code, corrected.json()["attempt"]) == (201, 2)

    def test_takes_a_gzip_body(self, nordlicht):
        body = gzip.compress(json.dumps(record()).encode())

        answer = nordlicht.post(RECORDS, body, Content_Encoding="gzip")

        assert answer.status_code == 201

    @pytest.mark.parametrize("body", [b"  ", b"{", b"[]", b"null", b'"x"', b"1e5", b"\xff"])
    def test_refuses_what_is_no_json_object_with_400(self, nordlicht, body):
        answer = nordlicht.post(RECORDS, body)

        assert answer.status_code == 400
        assert answer.json()["code"] in ("BODY_UNREADABLE", "BODY_EMPTY")
        assert not IntakeBatch.objects.exists()

    def test_refuses_a_record_above_a_mebibyte_with_413(self, nordlicht):
        answer = nordlicht.send(record(signed_data="x" * 1024 * 1024))

        assert answer.status_code == 413
        assert answer.json()["code"] == "BODY_TOO_LARGE"

    def test_refuses_another_media_type_with_415(self, nordlicht):
        answer = nordlicht.post(RECORDS, b"<sdr/>", content_type="text/xml")

        assert answer.status_code == 415
        assert answer["Accept"] == "application/json"

    def test_refuses_another_coding_with_415(self, nordlicht):
        answer = nordlicht.post(RECORDS, b"{}", Content_Encoding="br")

        assert answer.status_code == 415
        assert answer["Accept-Encoding"] == "gzip"

    def test_does_not_mind_what_is_accepted(self, nordlicht):
        answer = nordlicht.send(record(), Accept="application/problem+json")

        assert answer.status_code == 201

    def test_refuses_another_method_with_405(self, nordlicht):
        answer = nordlicht.http.delete(RECORDS, headers=nordlicht.headers)

        assert answer.status_code == 405
        assert answer.json()["code"] == "METHOD_NOT_ALLOWED"
        assert "POST" in answer["Allow"]


class TestUnknownAddress:
    def test_is_a_problem_too(self, nordlicht):
        answer = nordlicht.get("/api/v1/nowhere/")

        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "NOT_FOUND"
