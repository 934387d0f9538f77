"""Retries with an Idempotency-Key: one answer for one key."""

import gzip
import json

import pytest
from django.db import IntegrityError, transaction

from partners.models import IdempotencyKey
from partners.services import idempotency
from roaming.models import IntakeBatch
from tests import makers
from tests.makers import record
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


def _leave_in_flight(system: PartnerSystem) -> None:
    """A request that stored its key and died."""
    system.send(record(), Idempotency_Key="k-1")
    IdempotencyKey.objects.update(status=None, answer=None)


class TestIdempotencyKey:
    def test_repeats_the_first_answer_byte_for_byte(self, nordlicht):
        first = nordlicht.send(record(), Idempotency_Key="k-1")

        again = nordlicht.send(record(), Idempotency_Key="k-1")

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again["Idempotency-Replayed"] == "true"
        assert IntakeBatch.objects.count() == 1

    def test_repeats_a_refusal_as_the_problem_it_was(self, nordlicht):
        first = nordlicht.send(record(energy_kwh="-1"), Idempotency_Key="k-1")

        again = nordlicht.send(record(energy_kwh="-1"), Idempotency_Key="k-1")

        assert (again.status_code, again.content) == (422, first.content)
        assert again["Content-Type"] == "application/problem+json"

    def test_reads_a_quoted_key_as_the_same_one(self, nordlicht):
        first = nordlicht.send(record(), Idempotency_Key='"k-1"')

        assert nordlicht.send(record(), Idempotency_Key="k-1").content == first.content

    def test_knows_a_batch_compressed_anew(self, nordlicht):
        first = nordlicht.send_batch([record()], Idempotency_Key="k-1")

        body = gzip.compress(json.dumps([record()]).encode())
        again = nordlicht.post(
            first.wsgi_request.path, body, Content_Encoding="gzip", Idempotency_Key="k-1"
        )

        assert again.content == first.content

    def test_with_another_body_is_422(self, nordlicht):
        nordlicht.send(record(), Idempotency_Key="k-1")

        other = nordlicht.send(record(sdr_id="NLX-0002"), Idempotency_Key="k-1")

        assert other.status_code == 422
        assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"

    def test_in_flight_is_409_with_retry_after(self, nordlicht, noon):
        _leave_in_flight(nordlicht)
        noon.shift(20)

        answer = nordlicht.send(record(), Idempotency_Key="k-1")

        assert answer.status_code == 409
        assert answer.json()["code"] == "IDEMPOTENCY_KEY_IN_FLIGHT"
        assert answer["Retry-After"] == "40"

    def test_in_flight_is_taken_over_after_a_minute(self, nordlicht, noon):
        _leave_in_flight(nordlicht)
        noon.shift(60)

        answer = nordlicht.send(record(), Idempotency_Key="k-1")

        assert (answer.status_code, answer.json()["outcome"]) == (200, "duplicate")
        assert IdempotencyKey.objects.get().status == 200

    def test_that_was_taken_over_keeps_the_takers_answer(self, nordlicht):
        slow = idempotency.claim_key(nordlicht.client, key="k", request_sha256="x", now=makers.NOON)
        later = makers.later(minutes=1)
        idempotency.claim_key(nordlicht.client, key="k", request_sha256="x", now=later)

        idempotency.store_answer(slow, idempotency.StoredAnswer(201, "application/json", "{}"))

        assert IdempotencyKey.objects.get().status is None

    def test_is_not_used_up_by_a_body_that_cannot_be_read(self, nordlicht):
        nordlicht.send([], Idempotency_Key="k-1")

        assert nordlicht.send(record(), Idempotency_Key="k-1").status_code == 201

    def test_is_released_when_the_work_fails(self, nordlicht, monkeypatch):
        def fail(*args, **kwargs):
            raise RuntimeError("the disk is full")

        monkeypatch.setattr("roaming.api.submission.take_in", fail)
        nordlicht.http.raise_request_exception = False
        failed = nordlicht.send(record(), Idempotency_Key="k-1")
        monkeypatch.undo()

        assert failed.status_code == 500
        assert failed.json()["code"] == "INTERNAL_ERROR"
        assert nordlicht.send(record(), Idempotency_Key="k-1").status_code == 201

    @pytest.mark.parametrize("key", ["", "x" * 256, "schl\xfcssel", '""'])
    def test_that_is_no_key_is_400(self, nordlicht, key):
        answer = nordlicht.send(record(), Idempotency_Key=key)

        assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")

    def test_of_another_client_is_another_key(self, nordlicht):
        nordlicht.send(record(), Idempotency_Key="k-1")

        other = PartnerSystem(makers.nordlicht()).send(record(), Idempotency_Key="k-1")

        assert (other.status_code, other.json()["outcome"]) == (200, "duplicate")

    @pytest.mark.violates("idempotency_key_is_unique_per_client")
    def test_is_stored_once_per_client(self, nordlicht):
        nordlicht.send(record(), Idempotency_Key="k-1")
        row = IdempotencyKey.objects.get()

        with (
            pytest.raises(IntegrityError, match="idempotency_key_is_unique_per_client"),
            transaction.atomic(),
        ):
            IdempotencyKey.objects.create(
                client=row.client, key="k-1", request_sha256="y", locked_at=makers.NOON
            )


class TestForgetKeys:
    def test_deletes_the_old_ones(self, nordlicht):
        nordlicht.send(record(), Idempotency_Key="k-1")

        assert idempotency.forget_keys(before=makers.NOON) == 0
        assert idempotency.forget_keys(before=makers.later(seconds=1)) == 1
