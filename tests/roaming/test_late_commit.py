"""A batch that takes its ids first and commits last is not skipped by a receiver that polls."""

import threading

import pytest
from django.db import connection, transaction

from clearinghouse.uuid7 import new_uuid7
from roaming.models import SdrKey
from tests import makers
from tests.makers import numbered_record
from tests.own_house import wait_until
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.test_at_once import at_once, waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_secrets")]
PATIENCE_S = 60


def test_a_polling_receiver_skips_no_late_batch():
    makers.AgreementMaker(warn_after_days=None, refuse_after_days=None)
    voltaire = PartnerSystem(makers.voltaire())
    key_is_held, late_waits, quick_is_read = (threading.Event() for _ in range(3))

    def send_late_batch():
        assert key_is_held.wait(PATIENCE_S)
        return makers.take(numbered_record(1))

    def send_quick_batch_and_poll():
        assert late_waits.wait(PATIENCE_S)
        quick = makers.take(numbered_record(2))
        page = voltaire.get(receiver="FR*VOL", after_sequence=0).json()
        quick_is_read.set()
        return quick, page

    def hold_the_late_batch():
        """Its ids are taken, its transaction waits for a key that is never given."""
        with transaction.atomic(), connection.cursor() as cursor:
            SdrKey.objects.create(
                record_id=new_uuid7(),
                cso=makers.nordlicht(),
                sdr_id="NLX-00001",
                payload_sha256="0" * 64,
            )
            key_is_held.set()
            wait_until(lambda: waiting(cursor) == 1, "the late batch waits for a key")
            late_waits.set()
            assert quick_is_read.wait(PATIENCE_S)
            transaction.set_rollback(True)

    [late], (quick, first) = at_once(
        send_late_batch, send_quick_batch_and_poll, meanwhile=hold_the_late_batch
    )
    second = voltaire.get(receiver="FR*VOL", after_sequence=first["last_sequence"]).json()

    assert late.record_id < quick[0].record_id
    assert [one["record"]["sdr_id"] for one in first["results"]] == ["NLX-00002"]
    assert [one["record"]["sdr_id"] for one in second["results"]] == ["NLX-00001"]
    assert [one["sequence"] for one in first["results"] + second["results"]] == [1, 2]
