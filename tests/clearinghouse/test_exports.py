"""Every list as a file: as it was filtered, for who may see it, and nothing left when stopped."""

import csv
import io
import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from partners.admin import list_export
from partners.models import AuditEvent, Job, Partner, User
from partners.services import exports, jobs
from partners.tasks import export_table, forget_expired
from tests.clearinghouse.admin_world import a_house
from tests.makers import PartnerMaker, PartnerUserMaker, StaffMaker

pytestmark = pytest.mark.django_db

PARTNERS = "admin:partners_partner"
SDRS = "admin:roaming_sdr"


@pytest.fixture(autouse=True)
def files(settings, tmp_path, monkeypatch) -> Path:
    settings.MEDIA_ROOT = tmp_path
    # No broker waits for this test's jobs.
    monkeypatch.setattr("partners.tasks.run_queued_jobs.delay", lambda: None)
    return tmp_path


def who_may(*rights: str) -> User:
    user = User.objects.create(username=f"staff-{uuid4()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def ordered(client, page: str = PARTNERS, query: str = "", form: str = "csv") -> Job:
    """What pressing the button on the page that asks makes."""
    url = f"{reverse(f'{page}_export')}?{query}"
    answer = client.post(url, {"form": form, "nonce": uuid4().hex})
    assert answer.status_code == 302, answer.content.decode()
    return Job.objects.get(pk=answer.url.rstrip("/").split("/")[-2])


def carried_out(job: Job) -> Job:
    export_table(job_id=str(job.pk))
    job.refresh_from_db()
    return job


def rows_of(files: Path, job: Job) -> list[dict[str, str]]:
    assert job.state == "DONE", job.error
    text = (files / job.result_name).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def left_in(files: Path) -> list[str]:
    return [path.name for path in files.rglob("*") if path.is_file()]


class TestFile:
    def test_has_the_rows_that_match_and_the_columns_that_are_shown(self, client, files):
        house = a_house()
        client.force_login(house.staff)

        job = carried_out(ordered(client, SDRS, "state=ACCEPTED&before=ignored"))

        rows = rows_of(files, job)
        assert len(rows) == 8
        assert job.result == {"rows": 8, "size_bytes": (files / job.result_name).stat().st_size}
        assert (job.done, job.total) == (8, 8)
        newest = rows[0]
        assert newest["SDR"] == "NLX-00008"
        assert newest["Claim"] == "9.02 EUR"
        assert (newest["claim_amount"], newest["currency"]) == ("9.020000", "EUR")
        assert newest["Seller"] == "DE*NLX"
        assert newest["Service end"].endswith("Z")
        assert len(newest["id"]) == 36

    def test_is_found_by_the_search_of_the_list(self, client, files):
        house = a_house()
        client.force_login(house.staff)

        job = carried_out(ordered(client, SDRS, "q=NLX-00009"))

        assert [row["id"] for row in rows_of(files, job)] == [str(house.held.pk)]

    @pytest.mark.long
    def test_is_made_of_every_list(self, client, files):
        client.force_login(a_house().staff)

        made = {}
        for model, model_admin in admin.site._registry.items():
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            listed = client.get(reverse(f"{name}_changelist")).context["cl"].queryset
            job = carried_out(ordered(client, name))
            made[str(model_admin)] = (job.error, len(rows_of(files, job)) if not job.error else 0)
            assert made[str(model_admin)] == ("", listed.count()), name

        assert sum(1 for _, rows in made.values() if rows) >= 25

    def test_reads_a_list_that_has_its_own_order_and_one_that_grows(
        self, client, files, monkeypatch
    ):
        monkeypatch.setattr(list_export, "ROWS_PER_CHUNK", 2)
        for name in ("Delta", "alpha", "Bravo", "Echo", "Charlie"):
            PartnerMaker(name=name)
        client.force_login(StaffMaker())
        listed = list(Partner.objects.order_by("name", "pk").values_list("name", flat=True))

        partners = rows_of(files, carried_out(ordered(client)))
        events = rows_of(files, carried_out(ordered(client, "admin:partners_auditevent")))

        assert [row["Name"] for row in partners] == listed
        expected = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True)
        assert [row["id"] for row in events] == [str(pk) for pk in expected]
        assert len(events) >= 2

    def test_runs_nothing_in_a_spreadsheet(self, client, files):
        PartnerMaker(name='=HYPERLINK("http://evil.example","Pay")')
        client.force_login(StaffMaker())

        names = [row["Name"] for row in rows_of(files, carried_out(ordered(client)))]

        assert '\'=HYPERLINK("http://evil.example","Pay")' in names

    @pytest.mark.parametrize("form", ["xlsx", "parquet"])
    def test_is_downloaded_in_other_forms(self, client, files, form):
        client.force_login(StaffMaker())
        job = carried_out(ordered(client, form=form))

        answer = client.get(reverse("admin:partners_job_result", args=[job.pk]))

        magic = {"xlsx": b"PK", "parquet": b"PAR1"}[form]
        assert b"".join(answer.streaming_content).startswith(magic)
        assert (files / job.result_name).stat().st_mode & 0o777 == 0o600

    def test_is_one_however_often_the_button_is_pressed(self, client):
        client.force_login(StaffMaker())
        url = reverse(f"{PARTNERS}_export")

        first, second = (client.post(url, {"form": "csv", "nonce": "once"}) for _ in range(2))

        assert first.url == second.url


class TestPage:
    def test_tells_the_columns_and_what_narrows_them(self, client):
        client.force_login(a_house().staff)

        page = client.get(f"{reverse(f'{SDRS}_export')}?state=HELD&before=x").content.decode()

        assert "state = HELD" in page
        assert "before" not in page
        assert "claim_amount" in page
        assert "Parquet" in page

    def test_is_reached_from_the_list_with_its_filters(self, client):
        client.force_login(StaffMaker())

        page = client.get(f"{reverse(f'{SDRS}_changelist')}?state=HELD").content.decode()

        assert f"{reverse(f'{SDRS}_export')}?state=HELD" in page

    def test_leads_back_from_a_filter_that_is_not_understood(self, client):
        client.force_login(StaffMaker())

        answer = client.get(f"{reverse('admin:partners_auditevent_export')}?at__gte__lte=x")

        assert answer.status_code in (302, 400)
        assert not Job.objects.exists()


class TestRights:
    def test_are_those_of_the_list(self, client):
        client.force_login(who_may("view_party"))
        url = reverse(f"{PARTNERS}_export")

        assert client.get(url).status_code == 403
        assert client.post(url, {"form": "csv", "nonce": "1"}).status_code == 403
        client.force_login(PartnerUserMaker())
        assert client.post(url, {"form": "csv", "nonce": "1"}).status_code == 302
        assert not Job.objects.exists()

    def test_count_when_the_job_runs(self, client, files):
        user = who_may("view_partner")
        client.force_login(user)
        job = ordered(client)
        user.user_permissions.clear()

        carried_out(job)

        assert job.state == "FAILED"
        assert "may not look at this list any more" in job.error
        assert left_in(files) == []

    def test_are_asked_again_before_the_download(self, client, files):
        asker = who_may("view_partner")
        client.force_login(asker)
        job = carried_out(ordered(client))
        url = reverse("admin:partners_job_result", args=[job.pk])

        assert client.get(url).status_code == 200
        client.force_login(who_may("view_job"))
        assert client.get(url).status_code == 403
        client.force_login(who_may("view_job", "view_partner"))
        assert client.get(url).status_code == 200
        client.force_login(who_may("view_partner"))
        assert client.get(url).status_code == 403
        client.force_login(asker)
        asker.user_permissions.clear()
        assert client.get(url).status_code == 403

    def test_let_who_asked_watch_and_stop_it(self, client):
        client.force_login(who_may("view_partner"))
        job = ordered(client)

        page = client.get(reverse("admin:partners_job_change", args=[job.pk]))
        client.post(
            reverse("admin:partners_job_cancel", args=[job.pk]),
            {"reason": "asked for the wrong one"},
        )

        assert (
            "Nothing is left of the file"
            in client.get(
                reverse("admin:partners_job_cancel", args=[ordered(client).pk])
            ).content.decode()
        )
        assert page.status_code == 200
        job.refresh_from_db()
        assert job.state == "CANCELLED"

    def test_and_acts_are_written_down(self, client, files):
        user = who_may("view_partner")
        client.force_login(user)
        job = carried_out(ordered(client))
        client.get(reverse("admin:partners_job_result", args=[job.pk]))

        acts = AuditEvent.objects.filter(object_id=str(job.pk)).order_by("at")

        assert [(act.action, act.actor) for act in acts] == [
            ("export.ordered", user.username),
            ("job.result_downloaded", user.username),
        ]


class TestEnd:
    def test_of_a_stopped_one_leaves_no_file(self, client, files):
        client.force_login(StaffMaker())
        job = jobs.claim(ordered(client).pk, now=timezone.now())
        jobs.request_cancel(job, now=timezone.now())

        exports.run(job, clock=timezone.now)

        job.refresh_from_db()
        assert (job.state, job.result_name) == ("CANCELLED", "")
        assert left_in(files) == []

    def test_of_a_file_comes_after_a_week(self, client, files):
        client.force_login(StaffMaker())
        kept, old = carried_out(ordered(client)), carried_out(ordered(client))
        dead = files / "exports" / f"{uuid4()}.1.part"
        dead.write_bytes(b"")
        long_ago = (timezone.now() - exports.KEPT - timedelta(hours=1)).timestamp()
        for path in (files / old.result_name, dead):
            os.utime(path, (long_ago, long_ago))

        told = forget_expired()

        assert told["exports"] == 2
        assert left_in(files) == [Path(kept.result_name).name]
        old.refresh_from_db()
        assert old.result_name == ""
        page = client.get(reverse("admin:partners_job_change", args=[old.pk])).content.decode()
        assert "Download" not in page
