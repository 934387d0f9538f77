"""What the books say before a partner is closed, and the package that it takes along."""

import csv
import hashlib
import io
from datetime import timedelta
from zipfile import ZipFile

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.urls import reverse

from billing.models import Document, PaymentFile
from billing.services import cover, data_package, leaving
from billing.services.payments.candidates import candidates
from billing.tasks import make_package, order_package
from partners.models import AuditEvent, Job, PartnerState
from partners.services import life
from tests.billing.payment_world import FINAL, pay_in, position_of, settled
from tests.billing.portal_world import DECEMBER, person_of, settled_month
from tests.makers import (
    NOON,
    PartnerMaker,
    PartnerUserMaker,
    StaffMaker,
    later,
    nordlicht,
    numbered_record,
    partner_of,
    take,
)

pytestmark = pytest.mark.django_db
EUR = {"currency": "EUR", "environment": "LIVE"}


def todo(partner, item: str, *, now=NOON) -> str:
    return next(one.todo for one in life.open_ends(partner, now=now) if one.item == item)


@pytest.mark.violates("closed_partner_has_no_balance")
def test_the_database_closes_nobody_with_a_balance():
    partner = PartnerMaker()
    life.step(partner, "LEAVING", reason="r", actor="a", now=NOON, service_ends_at=NOON)
    cover.pay_in(partner, "2400", 100, reference="in", now=NOON, **EUR)

    def close():
        PartnerState.objects.create(
            partner=partner,
            state="CLOSED",
            starts_at=later(days=1),
            service_ends_at=NOON,
            reason="r",
            actor="a",
        )

    with (
        pytest.raises(DatabaseError, match="something stands on its account 2400 EUR"),
        transaction.atomic(),
    ):
        close()
    assert "1.00 EUR is held on 2400" in todo(partner, "COVER_RELEASED")
    cover.pay_back(partner, "2400", 100, reference="out", now=NOON, **EUR)
    close()


def test_who_is_suspended_is_not_paid_out_until_it_is_active_again():
    partners, settlement = settled()
    for letter, minor in (("B", 64_213), ("C", 7_520)):
        pay_in(position_of(settlement, partners[letter]), minor)
    a = partners["A"]

    def told(now):
        kind = PaymentFile.Kind.CREDIT_TRANSFER
        return next(one for one in candidates(settlement, kind, now=now) if one.partner == a)

    assert told(FINAL).amount_minor == 60_080
    life.step(a, "SUSPENDED", reason="sanctions", actor="olga", now=FINAL)
    waiting = told(FINAL)
    assert (waiting.amount_minor, waiting.open_minor) == (0, 60_080)
    assert "suspended" in waiting.why_not
    life.step(a, "ACTIVE", reason="cleared up", actor="olga", now=FINAL + timedelta(hours=1))
    assert told(FINAL + timedelta(hours=1)).amount_minor == 60_080


class TestOpenEnds:
    def test_tell_what_is_owed_until_it_is_paid(self):
        partners, _ = settled()
        assert todo(partners["C"], "STATEMENT_SETTLED") == "It owes 75.20 EUR on account 1300."
        assert "It is owed 600.80 EUR" in todo(partners["A"], "STATEMENT_SETTLED")

    def test_tell_of_records_that_wait(self):
        world = settled_month()
        assert todo(world.nordlicht, "RECORDS_SETTLED") == ""
        take(numbered_record(2, csp_id="IT*NEW"), numbered_record(3))
        told = todo(world.nordlicht, "RECORDS_SETTLED")
        assert told == "1 held: wait, or decide."
        assert "1 accepted records are not cleared" in todo(world.nordlicht, "STATEMENT_SETTLED")
        assert todo(world.laterne, "RECORDS_SETTLED") == ""

    def test_tell_until_when_somebody_may_claim(self):
        world = settled_month()
        until = leaving.limits_end(world.nordlicht)
        assert until == world.statement.issued_at + timedelta(days=90)
        life.step(
            world.nordlicht, "LEAVING", reason="r", actor="a", now=later(days=60),
            service_ends_at=later(days=61),
        )  # fmt: skip
        # A record may be 90 days late.
        assert leaving.limits_end(world.nordlicht) == later(days=151)
        assert todo(world.nordlicht, "LIMITS_OVER", now=later(days=151)) == ""


class TestPackage:
    @pytest.fixture(autouse=True)
    def december(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        with time_machine.travel(DECEMBER, tick=False):
            yield

    @pytest.fixture
    def world(self):
        return settled_month(records=2)

    def made(self, partner) -> Job:
        told = order_package(partner_id=str(partner.pk), user_id=StaffMaker().pk)
        make_package(job_id=told["job_id"])
        return Job.objects.get(pk=told["job_id"])

    def opened(self, job: Job) -> dict[str, bytes]:
        with ZipFile(data_package.file_of(job)) as package:
            return {name: package.read(name) for name in package.namelist()}

    def test_holds_all_of_the_partner_and_its_hashes_add_up(self, world):
        job = self.made(world.nordlicht)

        files = self.opened(job)
        assert (job.state, job.result) == ("DONE", {"records": 2, "postings": 0, "files": 1})
        lines = list(csv.DictReader(io.StringIO(files["records.csv"].decode()), delimiter=";"))
        assert {line["sdr_id"] for line in lines} == {"NLX-00001", "NLX-00002"}
        [document] = csv.DictReader(io.StringIO(files["documents.csv"].decode()), delimiter=";")
        assert document["number"] == world.statement.number
        assert hashlib.sha256(files[document["file"]]).hexdigest() == document["sha256"]
        sums = dict(
            reversed(line.split("  ", 1)) for line in files["SHA256SUMS"].decode().splitlines()
        )
        assert sums == {
            name: hashlib.sha256(content).hexdigest()
            for name, content in files.items()
            if name != "SHA256SUMS"
        }
        assert b"DE*NLX" in files["master.json"]
        assert AuditEvent.objects.filter(action="partner.package_made").count() == 1

    def test_of_a_stranger_holds_nothing_of_it(self, world):
        files = self.opened(self.made(world.laterne))
        every = b"".join(files.values())
        for secret in (b"NLX", b"FR*VOL", world.statement.number.encode(), b"9.02"):
            assert secret not in every

    def test_is_made_once_at_a_time_and_leaves_nothing_when_it_is_stopped(self, world):
        first = data_package.order(world.nordlicht)
        assert data_package.order(world.nordlicht) == first
        Job.objects.filter(pk=first.pk).update(cancel_requested=True)

        make_package(job_id=str(first.pk))

        first.refresh_from_db()
        assert (first.state, first.result_name) == ("CANCELLED", "")
        assert list(data_package._folder().iterdir()) == []
        assert data_package.order(world.nordlicht) != first

    def test_is_handed_out_to_the_partner_and_to_nobody_else(self, client, world):
        client.force_login(person_of(world.nordlicht))
        page, file = reverse("portal:package"), reverse("portal:package-file")
        assert client.get(file).status_code == 404
        self.made(world.nordlicht)
        assert "Download the zip" in client.get(page).content.decode()
        answer = client.get(file)
        assert b"".join(answer.streaming_content).startswith(b"PK")
        event = AuditEvent.objects.get(action="data_package.downloaded")
        assert event.on_behalf_of == "Nordlicht"

        client.force_login(PartnerUserMaker(partner=world.laterne))
        assert client.get(file).status_code == 404
        assert "Download the zip" not in client.get(page).content.decode()

    def test_is_asked_for_by_staff_with_a_reason(self, client, world):
        client.force_login(StaffMaker())
        url = reverse("admin:billing_document_package", args=[world.nordlicht.pk])

        answer = client.post(url, {"reason": "its letter of today"})

        job = Job.objects.get(kind=data_package.KIND)
        assert answer.url == reverse("admin:partners_job_change", args=[job.pk])
        assert job.partner == world.nordlicht
        assert AuditEvent.objects.get(action="partner.package_ordered").actor == "olga"

    def test_has_to_be_younger_than_the_last_document(self, world):
        partner = partner_of(nordlicht())
        assert "made anew" in todo(partner, "PACKAGE_MADE")
        self.made(partner)
        assert todo(partner, "PACKAGE_MADE") == ""
        Document.objects.create(
            number="ST-2026-000099",
            kind="DUNNING",
            partner=partner,
            content={},
            content_sha256="0" * 64,
            issued_at=DECEMBER + timedelta(days=1),
        )
        assert "made anew" in todo(partner, "PACKAGE_MADE")
