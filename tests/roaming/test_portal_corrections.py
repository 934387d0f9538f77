"""A partner corrects its own held and refused records by a file, and nobody else's."""

import csv
import io
import re
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partners.models import AuditEvent, Job
from roaming import tasks
from roaming.models import HoldCorrection, IntakeBatch, Sdr, SdrState
from roaming.services import own_corrections
from tests.makers import (
    AgreementMaker,
    PartnerUserMaker,
    StaffMaker,
    laterne,
    nordlicht,
    numbered_record,
    partner_of,
    take,
    voltaire,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
START = reverse("corrections:start")
CONTRACT = "CA2B3C4D5"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def waiting() -> list[str]:
    """One held for a provider that does not exist, one refused for its energy; one is fine."""
    AgreementMaker()
    outcomes = take(
        numbered_record(1, csp_id="FR*VOX"),
        numbered_record(2, energy_kwh="18400"),
        numbered_record(3),
    )
    return [one.record_id for one in outcomes]


@pytest.fixture
def person(client):
    person = PartnerUserMaker(partner=partner_of(nordlicht()), role="partner-operations")
    client.force_login(person)
    return person


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def ordered(step: str, person, **asked: str) -> Job:
    """What the portal's order does, and then the job's own task, as the worker runs both."""
    told = tasks.order_corrections(
        step, partner_id=str(person.partner_id), user_id=person.pk, **asked
    )
    job = Job.objects.get(pk=told["job_id"])
    run = tasks.write_corrections_file if step == "file" else tasks.correct_holds
    run(job_id=told["job_id"])
    job.refresh_from_db()
    return job


def downloaded(client, person) -> list[dict[str, str]]:
    ordered("file", person)
    text = client.get(reverse("corrections:file")).getvalue().decode("utf-8-sig")
    assert CONTRACT not in text
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def tried(person, rows: list[dict[str, str]], tmp_path) -> UUID:
    key, stream = uuid4(), io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / f"{key}.csv").write_text(stream.getvalue())
    job = ordered("try", person, key=str(key), input_name=f"{key}.csv", file_name="fixed.csv")
    assert job.state == "DONE", job.error
    return key


class TestTheFile:
    def test_holds_what_waits_with_what_is_wrong_and_what_to_do(self, client, waiting, person):
        rows = {row["sdr_id"]: row for row in downloaded(client, person)}

        assert set(rows) == {"NLX-00001", "NLX-00002"}
        assert rows["NLX-00001"]["codes"] == "V003"
        assert "home-CSP" in rows["NLX-00001"]["what_to_do"]
        assert "V203" in rows["NLX-00002"]["codes"]
        assert "Check the unit" in rows["NLX-00002"]["what_to_do"]
        taken = AuditEvent.objects.get(action="record.corrections_file_taken")
        assert taken.actor == person.username

    def test_of_another_partner_holds_nothing_of_it(self, client, waiting):
        for party in (voltaire(), laterne()):
            other = PartnerUserMaker(partner=partner_of(party))
            client.force_login(other)
            assert downloaded(client, other) == []

    def test_is_made_once_at_a_time(self, person):
        first = own_corrections.order_file(person.partner, by=person)

        assert own_corrections.order_file(person.partner, by=person) == first


class TestCorrections:
    def test_are_previewed_and_applied_with_a_reason(self, client, waiting, person, tmp_path):
        rows = downloaded(client, person)
        for row in rows:
            row["csp_id"], row["energy_kwh"] = "FR*VOL", "18.4"
        key = tried(person, rows, tmp_path)
        page = reverse("corrections:preview", args=[key])

        shown = words(client.get(page))
        assert "Preview: nothing is changed yet" in shown
        assert "Apply 2 corrections" in shown
        assert "csp_id: FR*VOX → FR*VOL" in shown
        assert SdrState.objects.get(id=waiting[0]).state == "HELD"
        assert not HoldCorrection.objects.exists()

        job = ordered("apply", person, key=str(key), reason="wrong roaming table")
        again = ordered("apply", person, key=str(key), reason="wrong roaming table")

        assert job == again
        assert (job.state, job.result["accepted"]) == ("DONE", 2)
        kept = HoldCorrection.objects.order_by("record_id")
        assert [str(one.record_id) for one in kept] == sorted(waiting[:2])
        for one in kept:
            new = Sdr.objects.get(id=one.new_record_id)
            batch = IntakeBatch.objects.get(pk=new.batch_id)
            assert (new.attempt, batch.door, batch.sender) == (2, "PORTAL", person.partner)
            assert SdrState.objects.get(id=new.id).state == "ACCEPTED"
            assert SdrState.objects.get(id=one.record_id).state == "REJECTED"
        assert "Corrected records" in words(client.get(page))
        result = client.get(reverse("corrections:result", args=[key])).getvalue().decode()
        assert result.count("accepted;") == 2
        assert downloaded(client, person) == []

    def test_touch_no_record_of_another_sender(self, client, waiting, person, tmp_path):
        """Laterne's people upload the very file of Nordlicht: every row is left alone."""
        rows = downloaded(client, person)
        for row in rows:
            row["csp_id"], row["energy_kwh"] = "FR*VOL", "18.4"
        stranger = PartnerUserMaker(partner=partner_of(laterne()))

        key = tried(stranger, rows, tmp_path)
        job = ordered("apply", stranger, key=str(key), reason="not ours at all")

        assert job.result["stale"] == 2
        assert SdrState.objects.get(id=waiting[0]).state == "HELD"
        assert not HoldCorrection.objects.exists()

    def test_of_a_partner_are_not_applied_by_staff_for_it(self, client, waiting, person, tmp_path):
        key = tried(person, downloaded(client, person), tmp_path)
        trial = own_corrections.trial_of(person.partner, key)
        client.force_login(StaffMaker())

        page = client.get(reverse("admin:roaming_hold_apply", args=[trial.pk]))

        assert page.status_code == 404


class TestThePages:
    def test_lead_through_the_steps(self, client, waiting, person):
        page = words(client.get(START))

        assert "Held: 1. Refused lately: 1." in page
        assert "Make the file" in page
        assert START in client.get(reverse("portal:records")).content.decode()

    def test_wait_for_a_file_whose_job_is_a_moment_behind(self, client, waiting, person):
        """What was asked for is asked for by a task: without its job the page still waits."""
        client.get(START)
        answer = client.post(reverse("corrections:make-file"), follow=True)
        assert "Waiting for its turn." in words(answer)
        assert answer["Refresh"] == "3"
        assert "Make the file" not in words(answer)

        ordered("file", person)

        assert "Download the file" in words(client.get(START))

    def test_offer_the_file_on_the_page_of_a_record_that_it_can_mend(self, client, person):
        AgreementMaker()
        total = {"total_amount": "11.02"}
        held, refused, unsold, fine = take(
            numbered_record(1, csp_id="FR*VOX"),
            numbered_record(2, energy_kwh="18400"),
            numbered_record(3, **total),
            numbered_record(4),
        )
        pages = {
            one.sdr_id: client.get(reverse("portal:record", args=[one.record_id])).content.decode()
            for one in (held, refused, unsold, fine)
        }
        shown = {sdr_id for sdr_id, page in pages.items() if START in page}
        # What is asked for is corrected by sending the record again.
        assert shown == {held.sdr_id, refused.sdr_id}

    def test_explain_a_comma(self, client, waiting, person, tmp_path):
        rows = downloaded(client, person)
        for row in rows:
            row["energy_kwh"] = "18,400"
        key = tried(person, rows, tmp_path)

        told = words(client.get(reverse("corrections:preview", args=[key])))

        assert "energy_kwh is no number: write it with a point for decimals, as in 18.927" in told
        assert "energy_kwh: energy_kwh" not in told

    def test_say_what_is_wrong_with_an_upload(self, client, person, tmp_path):
        assert client.post(START, {}).status_code == 422
        (tmp_path / "x.csv").write_text("a;b\n1;2\n")
        key = str(uuid4())
        ordered("try", person, key=key, input_name="x.csv", file_name="x.csv")

        page = client.get(reverse("corrections:preview", args=[key]))

        assert "the file lacks the columns record_id, version" in words(page)

    def test_show_a_stranger_nothing_of_it(self, client, waiting, person, tmp_path):
        key = tried(person, downloaded(client, person), tmp_path)
        page = reverse("corrections:preview", args=[key])
        client.force_login(PartnerUserMaker(partner=partner_of(laterne())))

        assert client.get(page).status_code == 404
        assert client.get(reverse("corrections:result", args=[key])).status_code == 404
        assert client.get(reverse("corrections:file")).status_code == 404
        assert client.post(page, {"reason": "not mine at all"}).status_code == 404

    def test_are_for_operations_only(self, client, person):
        urls = [START, reverse("corrections:file"), reverse("corrections:preview", args=[uuid4()])]
        for role in ("partner-finance", "partner-read-only"):
            client.force_login(PartnerUserMaker(partner=person.partner, role=role, username=role))
            assert [client.get(url).status_code for url in urls] == [403, 403, 403]
        client.logout()
        assert client.get(START).status_code == 302

    def test_take_an_upload_and_lead_to_its_preview(self, client, person):
        file = SimpleUploadedFile("fixed.csv", b"record_id;version\r\n")

        answer = client.post(START, {"file": file})

        assert answer.status_code == 302
        waiting = client.get(answer.url)
        assert "Waiting for its turn" in words(waiting)
        assert waiting["Refresh"] == "3"
        assert client.get(reverse("corrections:preview", args=[uuid4()])).status_code == 404

    def test_wait_once_an_upload_is_to_be_applied(self, client, waiting, person, tmp_path):
        rows = downloaded(client, person)
        rows[0]["energy_kwh"] = "18.4"
        page = reverse("corrections:preview", args=[tried(person, rows, tmp_path)])
        assert client.post(page, {"reason": "why"}).status_code == 422

        answer = client.post(page, {"reason": "the meter counts in watt hours"})

        assert answer.url == page
        assert "Waiting for its turn" in words(client.get(page))
