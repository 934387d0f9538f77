"""Large annexes are made by a job, once, while the page tells how far it is."""

import os
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from billing import tasks
from billing.documents.table_files import xlsx_bytes
from billing.services import annex_files, annex_job
from clearinghouse.spreadsheet import is_exact
from partners.models import AuditEvent, Job
from partners.services import jobs
from tests import makers
from tests.billing.portal_world import DECEMBER, World, person_of, settled_month
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _december(settings, tmp_path, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path
    # Any annex is large here.
    monkeypatch.setattr(annex_job, "LARGE_ROWS", 0)
    with time_machine.travel(DECEMBER, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return settled_month()


def address(world: World, kind: str = "xlsx") -> str:
    return reverse("portal:statement-annex", args=[world.statement.id, kind])


def work(world: World, kind: str = "xlsx") -> Job:
    """What the worker does with what was asked for."""
    told = tasks.order_annex(document_id=str(world.statement.pk), kind=kind)
    tasks.make_annex(job_id=told["job_id"])
    return Job.objects.get(pk=told["job_id"])


class TestPortal:
    def test_tells_that_it_is_being_made_and_then_hands_it_out(self, world, client):
        client.force_login(person_of(world.nordlicht))

        waiting = client.get(address(world))

        assert waiting.status_code == 200
        assert waiting["Refresh"] == "5"
        assert "Waiting for its turn" in waiting.content.decode()
        assert not AuditEvent.objects.filter(action="annex.downloaded").exists()
        job = work(world)
        assert (job.state, job.result["rows"]) == ("DONE", 1)
        answer = client.get(address(world))
        body = b"".join(answer.streaming_content)
        assert answer["Content-Type"] == annex_files.MEDIA_TYPES["xlsx"]
        assert body == annex_job.made(world.statement, "xlsx").read_bytes()
        assert AuditEvent.objects.filter(action="annex.downloaded").count() == 1

    def test_hands_out_the_csv_at_once(self, world, client):
        client.force_login(person_of(world.nordlicht))

        assert client.get(address(world, "csv"))["Content-Type"] == "text/csv"

    def test_tells_how_many_records_are_written(self, world, client):
        client.force_login(person_of(world.nordlicht))
        job = jobs.claim(annex_job.order(world.statement, "xlsx").pk, now=timezone.now())
        jobs.report(job, done=1, total=1, now=timezone.now())

        assert "1 of 1 records written" in client.get(address(world)).content.decode()

    def test_of_a_stranger_neither_makes_nor_finds_it(self, world, client):
        client.force_login(person_of(world.laterne))

        assert client.get(address(world)).status_code == 404
        work(world)
        assert client.get(address(world)).status_code == 404

    def test_says_that_it_failed_and_tries_again_when_asked(self, world, client):
        client.force_login(person_of(world.nordlicht))
        job = jobs.claim(annex_job.order(world.statement, "xlsx").pk, now=timezone.now())
        jobs.finish(job, state="FAILED", now=timezone.now(), error="no space left")

        told = client.get(address(world))

        assert "could not be made" in told.content.decode()
        assert "Refresh" not in told
        assert "no space left" not in told.content.decode()
        assert client.get(address(world), {"again": "1"})["Refresh"] == "5"
        assert work(world).state == "DONE"


def test_systems_are_told_to_ask_again(world):
    system, stranger = PartnerSystem(makers.nordlicht()), PartnerSystem(makers.laterne())
    url = f"/api/v1/statements/{world.statement.id}/annex.parquet"

    waiting = system.get(url)

    assert (waiting.status_code, waiting.json()["code"]) == (409, "ANNEX_BEING_MADE")
    assert waiting["Retry-After"] == "60"
    work(world, "parquet")
    assert b"".join(system.get(url).streaming_content).startswith(b"PAR1")
    assert stranger.get(url).status_code == 404


def test_staff_are_led_to_the_job_and_then_get_the_file(world, admin_client):
    url = reverse("admin:billing_document_annex", args=[world.statement.id, "xlsx"])

    led = admin_client.get(url)

    job = Job.objects.get(kind=annex_job.KIND)
    assert led.url == reverse("admin:partners_job_change", args=[job.pk])
    work(world)
    assert admin_client.get(url)["Content-Type"] == annex_files.MEDIA_TYPES["xlsx"]


class TestJob:
    def test_is_one_however_often_it_is_asked_for(self, world):
        first = annex_job.order(world.statement, "xlsx")

        assert annex_job.order(world.statement, "xlsx") == first
        work(world)
        assert annex_job.order(world.statement, "xlsx") == first
        assert annex_job.order(world.statement, "parquet") != first

    def test_is_done_anew_when_its_file_was_deleted(self, world):
        first = work(world)
        annex_job.made(world.statement, "xlsx").unlink()

        again = work(world)

        assert again != first
        assert annex_job.made(world.statement, "xlsx")

    def test_deletes_files_that_were_kept_long_enough(self, world):
        work(world)
        path = annex_job.made(world.statement, "xlsx")
        assert path.stat().st_mode & 0o777 == 0o600
        old = (timezone.now() - annex_job.KEPT - timedelta(days=1)).timestamp()
        os.utime(path, (old, old))

        work(world, "parquet")

        assert not path.exists()

    def test_tells_its_progress_and_stops_when_asked(self, world, monkeypatch):
        monkeypatch.setattr(annex_files, "_ROWS_PER_WORD", 1)
        job = annex_job.order(world.statement, "xlsx")
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)

        tasks.make_annex(job_id=str(job.pk))

        job.refresh_from_db()
        assert (job.state, job.done, job.total) == ("CANCELLED", 1, 1)
        assert annex_job.made(world.statement, "xlsx") is None

    def test_ends_with_a_sentence_where_the_evidence_differs(self, world, monkeypatch):
        job = annex_job.order(world.statement, "xlsx")
        changed = world.statement.content | {"annex": {"rows": 7, "size_bytes": 1, "sha256": ""}}
        monkeypatch.setattr(annex_files, "_content_of", lambda _one: annex_files.from_json(changed))

        tasks.make_annex(job_id=str(job.pk))

        job.refresh_from_db()
        assert job.state == "FAILED"
        assert "7 are stated" in job.error


@pytest.mark.parametrize(
    ("figure", "exact"),
    [("123456789012345", True), ("1234567890123456", False), ("-0.00123456789012345", True)],
)
def test_a_spreadsheet_keeps_fifteen_digits(figure, exact, tmp_path):
    path = tmp_path / "one.xlsx"
    path.write_bytes(xlsx_bytes("sheet", ["figure"], [[Decimal(figure)], [int(Decimal(figure))]]))

    [_head, (told,), _whole] = openpyxl.load_workbook(path).active.values

    assert is_exact(figure) is exact
    assert isinstance(told, str) is not exact
    assert Decimal(str(told)) == Decimal(figure)
