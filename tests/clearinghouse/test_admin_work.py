"""What staff does in the admin: upload, close, sign, make clients, download, look at raw data."""

import json
import stat
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from billing.models import ClearingWindow, DocumentFile
from billing.services import close_job
from billing.services.statements import render_document
from billing.services.windows import ensure_windows
from partners.admin.job import Progress
from partners.models import ApiClient, AuditEvent, BankAccount, Job, PartnerFacts, User
from partners.services import jobs
from roaming.intake.profile import PROFILES
from roaming.models import Sdr
from roaming.services import import_job
from tests.clearinghouse.admin_world import a_house
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    PartnerMaker,
    PartnerUserMaker,
    StaffMaker,
    later,
    nordlicht,
    numbered_contract,
    staff_of,
)

pytestmark = pytest.mark.django_db

UPLOAD = reverse("admin:roaming_intakebatch_upload")
ROWS = b"""\
Location;Start;End;kWh;Total;Owner
"""


@pytest.fixture(autouse=True)
def files(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def staff(client) -> User:
    user = StaffMaker()
    client.force_login(user)
    return user


@pytest.fixture
def sent(monkeypatch) -> list:
    """Tasks handed to the broker; none is there in a test."""
    calls: list = []
    monkeypatch.setattr("partners.tasks.run_queued_jobs.delay", lambda: calls.append("queued jobs"))
    return calls


def last_audit(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("at")


class TestUpload:
    def test_stores_the_file_for_its_owner_alone_and_queues_a_job(
        self, client, staff, sent, files, django_capture_on_commit_callbacks
    ):
        file = SimpleUploadedFile("../../november.csv", ROWS)

        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(UPLOAD, {"file": file, "profile": "lugano"})

        job = Job.objects.get(kind=import_job.KIND)
        stored = files / job.input_name
        assert answer.url == reverse("admin:partners_job_change", args=[job.pk])
        assert stored.read_bytes() == ROWS
        assert stored.parent == files / "uploads"
        assert "november" not in stored.name
        assert stat.S_IMODE(stored.stat().st_mode) == 0o600
        assert job.parameters == {
            "profile": "lugano",
            "create_parties": False,
            "file_name": "november.csv",
        }
        assert (job.requested_by, job.state, sent) == (staff, "QUEUED", ["queued jobs"])

    def test_takes_a_profile_of_ones_own(self, client, staff, sent, files):
        own = (PROFILES / "dundee.toml").read_bytes()

        client.post(
            UPLOAD,
            {
                "file": SimpleUploadedFile("sessions.csv.gz", b"\x1f\x8b"),
                "profile": "upload",
                "own_profile": SimpleUploadedFile("mine.toml", own),
                "create_parties": "on",
            },
        )

        job = Job.objects.get(kind=import_job.KIND)
        assert Path(job.parameters["profile"]).read_bytes() == own
        assert job.parameters["create_parties"] is True
        assert job.input_name.endswith(".csv.gz")

    def test_says_what_is_wrong_with_a_profile_and_stores_nothing(self, client, staff, files):
        answer = client.post(
            UPLOAD,
            {
                "file": SimpleUploadedFile("sessions.csv", b"x"),
                "profile": "upload",
                "own_profile": SimpleUploadedFile("mine.toml", b"titel = 'x'"),
            },
        )

        assert "Correct the profile and choose it again" in answer.content.decode()
        assert not Job.objects.exists()
        assert list(files.iterdir()) == []

    def test_is_refused_without_the_right_to_add_imports(self, client):
        user = User.objects.create(username="reader", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_intakebatch"))
        client.force_login(user)

        answer = client.post(
            UPLOAD, {"file": SimpleUploadedFile("a.csv", b"x"), "profile": "lugano"}
        )

        assert answer.status_code == 403
        assert not Job.objects.exists()


class TestJobPage:
    def test_shows_how_far_a_running_job_is(self, client, staff):
        job = jobs.enqueue("roaming.import_file", run_key="1", title="Import", parameters={})
        jobs.claim(job.pk, now=NOON)
        jobs.report(job, done=2_000, total=8_000, now=NOON)
        job.refresh_from_db()

        progress = Progress(job, now=later(seconds=10))
        answer = client.get(reverse("admin:partners_job_progress", args=[job.pk]))

        text = answer.content.decode()
        assert "2,000 of 8,000 (25 %)" in text
        assert (progress.per_second, progress.elapsed) == (200, "00:10 min")
        assert progress.remaining == "00:30 min"
        assert "every 2s" in text
        jobs.finish(job, state="DONE", now=later(seconds=40), result={"accepted": 8_000})
        ended = client.get(reverse("admin:partners_job_progress", args=[job.pk])).content.decode()
        assert "every 2s" not in ended
        assert "8,000" in ended

    def test_hands_out_the_result_file(self, client, staff, files):
        job = jobs.enqueue("roaming.import_file", run_key="1", title="Import", parameters={})
        (files / "results").mkdir()
        (files / "results" / "one.csv").write_bytes(b"index;sdr_id\r\n")
        Job.objects.filter(pk=job.pk).update(
            state="DONE", finished_at=NOON, result_name="results/one.csv"
        )

        answer = client.get(reverse("admin:partners_job_result", args=[job.pk]))

        assert b"".join(answer.streaming_content) == b"index;sdr_id\r\n"
        assert answer["Content-Disposition"].startswith("attachment")
        assert last_audit("job.result_downloaded").object_id == str(job.pk)

    @pytest.mark.parametrize("kind", ["billing.make_package", "roaming.own_corrections_file"])
    def test_hands_out_records_and_documents_to_who_may_look_at_them(self, client, files, kind):
        """Who minds logins and jobs sees how far a job is, and nothing of what is in its file."""
        job = jobs.enqueue(kind, run_key="1", title="Data package", parameters={})
        (files / "one.zip").write_bytes(b"everything of a partner")
        Job.objects.filter(pk=job.pk).update(state="DONE", finished_at=NOON, result_name="one.zip")
        page = reverse("admin:partners_job_change", args=[job.pk])
        file = reverse("admin:partners_job_result", args=[job.pk])
        seen = {}
        for role in ("admin", "auditor"):
            client.force_login(staff_of(role))
            link = "Download the result file" in client.get(page).content.decode()
            seen[role] = (link, client.get(file).status_code)

        assert seen == {"admin": (False, 403), "auditor": (True, 200)}

    def test_hands_out_nothing_beside_the_files_folder(self, client, staff, files):
        job = jobs.enqueue("roaming.import_file", run_key="1", title="Import", parameters={})
        secret = files.parent / "secret.txt"
        secret.write_text("secret")
        Job.objects.filter(pk=job.pk).update(result_name="../secret.txt")

        answer = client.get(reverse("admin:partners_job_result", args=[job.pk]))

        assert answer.status_code == 404

    def test_stops_a_queued_job_for_a_reason(self, client, staff):
        job = jobs.enqueue("roaming.import_file", run_key="1", title="Import", parameters={})
        url = reverse("admin:partners_job_cancel", args=[job.pk])

        without_reason = client.post(url, {"reason": ""})
        with_reason = client.post(url, {"reason": "wrong month"})

        assert without_reason.status_code == 200
        assert with_reason.status_code == 302
        job.refresh_from_db()
        assert job.state == "CANCELLED"
        assert last_audit("job.cancelled").reason == "wrong month"


class TestClosing:
    def test_shows_the_positions_first_and_changes_nothing(self, client):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:billing_clearingwindow_close", args=[house.open_window.pk])

        page = client.get(url).content.decode()

        assert "If it is closed now, it comes to this." in page
        house.open_window.refresh_from_db()
        assert house.open_window.state == ClearingWindow.State.OPEN
        assert not Job.objects.filter(kind=close_job.KIND).exists()

    def test_is_ordered_with_a_reason_and_done_by_the_job(
        self, client, sent, django_capture_on_commit_callbacks
    ):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:billing_clearingwindow_close", args=[house.open_window.pk])

        with django_capture_on_commit_callbacks(execute=True):
            client.post(url, {"reason": "month-end, checked with finance"})
            client.post(url, {"reason": "pressed twice by mistake"})
        job = jobs.claim(Job.objects.get(kind=close_job.KIND).pk, now=timezone.now())
        close_job.run(job, clock=timezone.now)

        job.refresh_from_db()
        house.open_window.refresh_from_db()
        assert (job.state, job.error) == ("DONE", "")
        assert house.open_window.state == ClearingWindow.State.CLOSED
        assert house.open_window.settlement
        assert AuditEvent.objects.filter(action="window.close_ordered").count() == 2
        assert sent[0] == "queued jobs"

    def test_renders_the_statements_of_the_window(self, client):
        house = a_house()
        window = house.closing.window

        job = jobs.claim(close_job.enqueue(window, requested_by=None).pk, now=NOON)
        close_job.run(job, clock=timezone.now)

        job.refresh_from_db()
        client.force_login(house.staff)
        page = client.get(reverse("admin:partners_job_change", args=[job.pk])).content.decode()
        settlement = house.closing.settlement
        assert reverse("admin:billing_settlement_change", args=[settlement.pk]) in page
        assert job.result["statements"] == 2
        assert job.result["positions"]["Voltaire"] == "-72.16 EUR"  # 8 × 9.02
        assert DocumentFile.objects.count() == 2

    def test_asks_for_the_oldest_window_first(self, client):
        house = a_house()
        client.force_login(house.staff)
        ensure_windows(house.group, now=later(days=30))
        newest = house.group.windows.filter(state="OPEN").latest("supply_ends_at")
        url = reverse("admin:billing_clearingwindow_close", args=[newest.pk])

        page = client.post(url, {"reason": "in a hurry"}).content.decode()

        assert "An older window of the group is open" in page
        assert not Job.objects.filter(kind=close_job.KIND).exists()

    def test_of_a_closed_window_is_not_offered(self, client):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:billing_clearingwindow_close", args=[house.closing.window.pk])

        page = client.post(url, {"reason": "once more"}).content.decode()

        assert "closed already" in page
        assert not Job.objects.filter(kind=close_job.KIND).exists()


class TestDownload:
    def test_hands_out_exactly_the_stored_bytes(self, client):
        house = a_house()
        client.force_login(house.staff)
        stored = render_document(house.document, now=timezone.now())
        url = reverse("admin:billing_documentfile_download", args=[stored.pk])

        answer = client.get(url)

        assert answer.content == bytes(stored.content)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == (
            f'attachment; filename="{house.document.number}.pdf"'
        )
        event = last_audit("document.downloaded")
        assert (event.object_id, event.after) == (
            str(house.document.pk),
            {"sha256": stored.sha256},
        )

    def test_is_linked_from_the_settlement(self, client):
        house = a_house()
        client.force_login(house.staff)
        stored = render_document(house.document, now=timezone.now())

        page = client.get(
            reverse("admin:billing_settlement_change", args=[house.closing.settlement.pk])
        ).content.decode()

        assert reverse("admin:billing_documentfile_download", args=[stored.pk]) in page


class TestRawRecord:
    def test_is_shown_to_a_superuser_with_a_reason_and_noted(self, client):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:roaming_sdr_raw", args=[house.accepted.pk])

        asked = client.get(url).content.decode()
        shown = client.post(url, {"reason": "question of Voltaire, ticket 12"})

        contract_id = numbered_contract(1)
        assert contract_id not in asked
        assert contract_id in shown.content.decode()
        assert shown["Cache-Control"].startswith("no-store")
        event = last_audit("raw record viewed")
        assert (event.actor, event.reason) == ("olga", "question of Voltaire, ticket 12")

    def test_is_not_shown_to_other_staff(self, client):
        house = a_house()
        client.force_login(staff_of("operator", "finance", "approver"))

        answer = client.post(
            reverse("admin:roaming_sdr_raw", args=[house.accepted.pk]), {"reason": "curiosity"}
        )

        assert answer.status_code == 403
        assert not AuditEvent.objects.filter(action="raw record viewed").exists()

    def test_never_stands_on_the_page_of_the_record(self, client):
        house = a_house()
        client.force_login(house.staff)

        page = client.get(reverse("admin:roaming_sdr_change", args=[house.accepted.pk]))

        assert Sdr.objects.get(pk=house.accepted.pk).pseudonym in page.content.decode()
        assert "CA2B3C4D5" not in page.content.decode()


class TestMasterData:
    def test_of_a_client_shows_its_secret_once(self, client, staff):
        partner = PartnerMaker()
        form = {
            "partner": partner.pk,
            "name": "backend",
            "environment": "LIVE",
            "scopes": ["sdr:write", "sdr:read"],
        }

        answer = client.post(reverse("admin:partners_apiclient_add"), form)

        made = ApiClient.objects.get()
        secret = answer.context["credentials"].secret
        assert made.client_id in answer.content.decode()
        assert secret in answer.content.decode()
        assert answer["Cache-Control"].startswith("no-store")
        assert (made.partner, made.scopes) == (partner, "sdr:write sdr:read")
        page = client.get(reverse("admin:partners_apiclient_change", args=[made.pk]))
        assert secret not in page.content.decode()
        assert made.client_secret not in page.content.decode()
        assert secret not in json.dumps(list(AuditEvent.objects.values("before", "after")))

    def test_of_a_client_is_revoked_for_a_reason(self, client):
        house = a_house()
        client.force_login(house.staff)
        made = ApiClient.objects.get()

        client.post(
            reverse("admin:partners_apiclient_ask_to_revoke", args=[made.pk]),
            {"reason": "the key was lost"},
        )

        made.refresh_from_db()
        assert made.scopes == ""
        assert last_audit("apiclient.revoked").reason == "the key was lost"

    def test_of_a_draft_agreement_is_put_in_force(self, client, staff):
        draft = AgreementMaker(in_force_at=None)
        url = reverse("admin:partners_roamingagreement_ask_to_put_in_force", args=[draft.pk])

        client.post(url, {"reason": "signed by both sides"})

        draft.refresh_from_db()
        assert draft.in_force_at is not None

    def test_of_an_overlapping_draft_says_what_is_in_the_way(self, client, staff):
        other = AgreementMaker(number="OLD")
        draft = AgreementMaker(number="NEW", group=other.group, in_force_at=None)
        url = reverse("admin:partners_roamingagreement_ask_to_put_in_force", args=[draft.pk])

        page = client.post(url, {"reason": "signed by both sides"}).content.decode()

        assert "OLD v1" in page
        draft.refresh_from_db()
        assert draft.in_force_at is None

    def test_shows_no_bank_account_in_full(self, client):
        house = a_house()
        client.force_login(house.staff)
        account = BankAccount.objects.get()

        pages = [
            client.get(reverse("admin:partners_bankaccount_changelist")),
            client.get(reverse("admin:partners_bankaccount_change", args=[account.pk])),
            client.get(reverse("admin:partners_partner_change", args=[account.partner_id])),
        ]

        texts = [page.content.decode() for page in pages]
        assert all("DE … 3000" in text for text in texts)
        assert not any(account.iban in text for text in texts)

    @pytest.mark.parametrize("page", ["changelist", "export"])
    def test_tells_no_bank_account_letter_by_letter(self, client, page):
        """A filter on what is masked would answer each guess by whether a row is left."""
        client.force_login(staff_of("operator"))
        url = reverse(f"admin:partners_bankaccount_{page}")

        assert client.get(url, {"currency": "EUR"}).status_code == 200
        assert client.get(url, {"iban__startswith": "DE8"}).status_code == 400

    def test_refuses_a_wrong_iban_in_words(self, client, staff):
        form = {
            "partner": PartnerMaker().pk,
            "currency": "EUR",
            "holder": "X",
            "iban": "DE00370400440532013000",
            "starts_at_0": "2026-01-01",
            "starts_at_1": "00:00",
        }

        page = client.post(reverse("admin:partners_bankaccount_add"), form).content.decode()

        assert "not a valid IBAN" in page
        assert not BankAccount.objects.exists()

    def test_of_overlapping_facts_is_answered_in_the_form(self, client, staff):
        partner = PartnerMaker()
        form = _partner_form(partner) | {
            "facts-TOTAL_FORMS": "2",
            "facts-1-id": "",
            "facts-1-partner": partner.pk,
            "facts-1-legal_name": "Renamed AG",
            "facts-1-country_code": "DE",
            "facts-1-starts_at_0": "2026-01-01",
            "facts-1-starts_at_1": "00:00",
        }

        answer = client.post(reverse("admin:partners_partner_change", args=[partner.pk]), form)

        assert "Partner facts do not overlap: end the earlier entry" in answer.content.decode()
        assert partner.facts.count() == 1

    def test_of_one_partner_does_not_stand_in_the_way_of_another(self, client, staff):
        PartnerMaker()
        partner = PartnerMaker()
        url = reverse("admin:partners_partner_change", args=[partner.pk])

        answer = client.post(url, _partner_form(partner) | {"name": "Renamed"})

        assert answer.status_code == 302
        partner.refresh_from_db()
        assert partner.name == "Renamed"

    def test_that_contradicts_itself_ends_in_a_sentence(self, client, staff):
        agreement = AgreementMaker(in_force_at=None)
        url = reverse("admin:partners_roamingagreement_change", args=[agreement.pk])
        form = {
            field.name: getattr(agreement, field.attname)
            for field in agreement._meta.concrete_fields
            if getattr(agreement, field.attname) is not None
        } | {"environment": "TEST", "rule_overrides": "{}"}
        form |= {"starts_at_0": "2026-01-01", "starts_at_1": "00:00"}

        answer = client.post(url, form, follow=True)

        assert "agreement and seller share environment" in answer.content.decode()
        agreement.refresh_from_db()
        assert agreement.environment == "LIVE"

    def test_of_a_new_step_in_life_names_who_took_it(self, client, staff):
        partner = PartnerMaker()
        url = reverse("admin:partners_partner_life_step", args=[partner.pk, "suspended"])

        answer = client.post(url, {"reason": "does not pay"})

        assert answer.status_code == 302
        step = partner.states.get(state="SUSPENDED")
        assert (step.actor, step.reason) == ("olga", "does not pay")
        assert last_audit("partner.suspended").object_id == str(partner.pk)

    def test_of_a_login_is_staff_or_of_a_partner(self, client, staff):
        user = PartnerUserMaker(username="both", partner=PartnerMaker())
        url = reverse("admin:partners_user_change", args=[user.pk])
        form = {"username": "both", "partner": user.partner_id, "is_staff": "on"}

        page = client.post(url, form).content.decode()

        assert "cannot be staff" in page
        user.refresh_from_db()
        assert user.is_staff is False

    def test_of_a_party_keeps_its_code(self, client, staff):
        party = nordlicht()
        form = {
            "country_code": "XX",
            "party_id": "XXX",
            "name": "Nordlicht Nord",
            "ownerships-TOTAL_FORMS": "0",
            "ownerships-INITIAL_FORMS": "0",
        }

        client.post(reverse("admin:partners_party_change", args=[party.pk]), form)

        party.refresh_from_db()
        assert (party.code, party.name) == ("DE*NLX", "Nordlicht Nord")


def _partner_form(partner) -> dict[str, object]:
    """The partner's page as it is sent back unchanged."""
    facts: PartnerFacts = partner.facts.get()
    form: dict[str, object] = {"name": partner.name}
    prefixes = ("states", "ownerships", "contracts", "bank_accounts", "api_clients", "users")
    for prefix in (*prefixes, "tax_registrations", "tax_statuses"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return form | {
        "facts-TOTAL_FORMS": "1",
        "facts-INITIAL_FORMS": "1",
        "facts-0-id": facts.pk,
        "facts-0-partner": partner.pk,
        "facts-0-legal_name": facts.legal_name,
        "facts-0-country_code": facts.country_code,
        "facts-0-starts_at_0": f"{timezone.localtime(LONG_AGO):%Y-%m-%d}",
        "facts-0-starts_at_1": f"{timezone.localtime(LONG_AGO):%H:%M:%S}",
    }
