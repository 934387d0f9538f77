"""Held records corrected by file: out, tried, applied as next attempts, stale rows left alone."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partners.models import AuditEvent, Job, User
from partners.services import jobs
from roaming.models import Delivery, HoldCorrection, Sdr, SdrKey, SdrState
from roaming.services import correction_job, hold_correction, holds
from roaming.services.hold_correction import Order, correct, rows_for
from tests import makers
from tests.makers import numbered_record, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
LATER = makers.later(hours=1)
CONTRACT = "DE-8AA-CA2B3C4D5-L"


@pytest.fixture
def olga():
    return makers.StaffMaker()


@pytest.fixture
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def held():
    """Three records for a provider that does not exist; FR*VOL was meant."""
    makers.AgreementMaker()
    return [one.record_id for one in take(*(typo(number) for number in range(1, 4)))]


def typo(number: int, **changes):
    return numbered_record(number, csp_id="FR*VOX", **changes)


def downloaded() -> list[dict[str, str]]:
    return list(rows_for(list(holds.queue())))


def order(user, *, is_trial=False, reason="typo of the sender") -> Order:
    return Order(user=user, reason=reason, now=LATER, is_trial=is_trial)


def results(rows, order):
    return [one for chunk in correct(rows, order) for one in chunk]


def state_of(record_id) -> str:
    return SdrState.objects.get(id=record_id).state


class TestTheDownload:
    def test_tells_what_is_wrong_and_hides_whose_contract_it_is(self, held):
        first = downloaded()[0]

        assert (first["record_id"], first["version"], first["codes"]) == (held[0], "1", "V003")
        assert "FR*VOX" in first["what_is_wrong"]
        assert (first["csp_id"], first["energy_kwh"]) == ("FR*VOX", "18.400")
        assert CONTRACT not in str(downloaded())

    def test_is_safe_to_open_in_a_spreadsheet(self, client, olga, files):
        makers.AgreementMaker()
        take(typo(1, location_name="=HYPERLINK(1)"))
        client.force_login(olga)

        answer = client.get(reverse("admin:roaming_hold_download") + "?code=V003")

        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
        assert row["location_name"] == "'=HYPERLINK(1)"
        assert AuditEvent.objects.filter(action="hold.downloaded").count() == 1
        (files / "back.csv").write_bytes(answer.content)
        [again] = correction_job.row_job.rows_of(files / "back.csv", wanted=("record_id",))
        assert again["location_name"] == "=HYPERLINK(1)"


class TestAFileThatComesBack:
    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("record_id;version\n" + "1;1\n" * 12_000, "more than 10,000 rows"),
            ("record_id;version" + ";x" * 600 + "\n1;1\n", "more than 500 columns"),
            ("record_id;version;" + "x" * 140_000 + "\n1;1\n", "cannot be read"),
        ],
    )
    def test_is_refused_where_it_would_fill_the_memory(self, olga, files, content, problem):
        """Twenty megabytes hold three million rows, each a dictionary in the worker."""
        (files / "large.csv").write_text(content)
        job = Job.objects.create(
            kind=correction_job.KIND, run_key="large", title="Large", requested_by=olga,
            input_name="large.csv", parameters={"is_trial": True}, state="RUNNING",
        )  # fmt: skip

        correction_job.run(job, clock=lambda: makers.NOON)

        job.refresh_from_db()
        assert (job.state, problem in job.error) == ("FAILED", True)


class TestACorrectedRecord:
    def test_takes_the_place_of_the_held_one_under_the_same_id(self, held, olga):
        rows = downloaded()
        rows[0]["csp_id"] = "FR*VOL"

        told = results(rows, order(olga))

        assert [one.outcome for one in told] == ["accepted", "unchanged", "unchanged"]
        new = Sdr.objects.get(id=told[0].new_record_id)
        assert (state_of(held[0]), state_of(new.id)) == ("REJECTED", "ACCEPTED")
        assert (new.sdr_id, new.attempt, new.csp_code) == ("NLX-00001", 2, "FR*VOL")
        assert new.pseudonym
        assert str(SdrKey.objects.get(sdr_id="NLX-00001").record_id) == told[0].new_record_id
        kept = HoldCorrection.objects.get()
        assert (str(kept.record_id), kept.user) == (held[0], olga)
        assert kept.changes == {"csp_id": ["FR*VOX", "FR*VOL"]}
        audited = AuditEvent.objects.get(action="hold.corrected")
        assert (audited.actor, audited.reason) == ("olga", "typo of the sender")

    def test_is_heard_of_by_both_sides(self, held, olga):
        rows = downloaded()
        rows[0]["csp_id"] = "FR*VOL"
        results(rows, order(olga))

        assert Delivery.objects.filter(kind="SDR", receiver=makers.voltaire()).count() == 1
        news = Delivery.objects.get(receiver=makers.nordlicht())
        assert (str(news.subject_id), news.kind, news.sequence) == (held[0], "SDR_STATE", 1)

    def test_may_be_held_again_for_another_reason(self, held, olga):
        rows = downloaded()
        rows[0]["csp_id"] = "FR*VOY"

        [first, *_] = results(rows, order(olga))

        assert (first.outcome, state_of(first.new_record_id)) == ("held again", "HELD")

    def test_gets_a_contract_that_nobody_reads_in_the_history(self, held, olga):
        rows = downloaded()
        rows[0] |= {"csp_id": "FR*VOL", "contract_id": "DE-8AA-C12345678-X"}
        results(rows, order(olga))

        assert "DE-8AA-C12345678-X" not in str(list(HoldCorrection.objects.values()))
        assert "DE-8AA-C12345678-X" not in str(list(AuditEvent.objects.values()))


class TestATrial:
    def test_tells_the_same_and_changes_nothing(self, held, olga):
        rows = downloaded()
        for row in rows:
            row["csp_id"] = "FR*VOL"
        rows[1]["energy_kwh"] = "-1"
        before = (Sdr.objects.count(), Delivery.objects.count(), AuditEvent.objects.count())

        trial = results(rows, order(olga, is_trial=True))

        assert [one.outcome for one in trial] == ["accepted", "refused", "accepted"]
        assert "V201" in trial[1].problem
        assert (Sdr.objects.count(), Delivery.objects.count(), AuditEvent.objects.count()) == before
        assert {state_of(record_id) for record_id in held} == {"HELD"}
        real = results(rows, order(olga))
        assert [(one.outcome, one.problem) for one in real] == [
            (one.outcome, one.problem) for one in trial
        ]
        assert [state_of(one) for one in held] == ["REJECTED", "HELD", "REJECTED"]


class TestARowIsRefused:
    def test_where_the_record_moved_since_the_download(self, held, olga):
        rows = downloaded()
        for row in rows:
            row["csp_id"] = "FR*VOL"
        holds.reject([held[1]], reason="wrong", user=olga, now=LATER)

        told = results(rows, order(olga))

        assert [one.outcome for one in told] == ["accepted", "stale", "accepted"]

    def test_where_it_is_of_another_version(self, held, olga):
        rows = downloaded()
        rows[0] |= {"csp_id": "FR*VOL", "version": "7"}

        assert results(rows, order(olga))[0].outcome == "stale"
        assert state_of(held[0]) == "HELD"

    def test_where_it_cannot_be_read_or_stands_twice(self, held, olga):
        rows = downloaded()
        rows[0]["started_at"] = "yesterday"
        rows[1]["csp_id"] = "FR*VOL"
        told = results([*rows, dict(rows[1]), {"record_id": "x", "version": "1"}], order(olga))

        assert [one.outcome for one in told] == [
            "refused",
            "accepted",
            "unchanged",
            "refused",
            "stale",
        ]
        assert "started_at" in told[0].problem

    def test_and_keeps_what_is_asked_for_as_the_seller_said(self, held, olga):
        rows = downloaded()
        rows[0] |= {"csp_id": "FR*VOL", "total_amount": "1.00", "claim": "1.00 EUR"}
        [first, *_] = results(rows, order(olga))

        assert str(Sdr.objects.get(id=first.new_record_id).claim_amount) == "9.020000"


class TestPages:
    def upload(self, client, rows) -> Job:
        stream = io.StringIO()
        writer = csv.DictWriter(stream, hold_correction.COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        file = SimpleUploadedFile("fixed.csv", stream.getvalue().encode())
        answer = client.post(reverse("admin:roaming_hold_upload"), {"file": file})
        return Job.objects.get(pk=answer.url.split("/")[-3])

    def run(self, job: Job) -> Job:
        correction_job.run(jobs.claim(job.pk, now=LATER), clock=lambda: LATER)
        job.refresh_from_db()
        return job

    def test_try_first_and_apply_with_a_reason(self, client, held, olga, files):
        client.force_login(olga)
        rows = downloaded()
        rows[0]["csp_id"] = "FR*VOL"
        rows[1] |= {"csp_id": "FR*VOL", "energy_kwh": "-1"}
        trial = self.run(self.upload(client, rows))
        assert (trial.state, trial.done, trial.total) == ("DONE", 3, 3)
        assert state_of(held[0]) == "HELD"

        page = reverse("admin:roaming_hold_apply", args=[trial.pk])
        assert (
            page
            in client.get(reverse("admin:partners_job_change", args=[trial.pk])).content.decode()
        )
        shown = client.get(page).content.decode()
        assert "Apply 1 correction?" in shown
        assert "csp_id: FR*VOX → FR*VOL" in shown
        assert "V201" in shown
        answer = client.post(page, {"reason": "agreed with the sender"})
        self.run(Job.objects.get(pk=answer.url.split("/")[-3]))
        again = client.post(page, {"reason": "agreed with the sender"})

        assert again.url == answer.url
        assert [state_of(one) for one in held] == ["REJECTED", "HELD", "HELD"]
        kept = HoldCorrection.objects.get()
        assert (kept.reason, kept.job.state) == ("agreed with the sender", "DONE")
        for record_id in (kept.record_id, kept.new_record_id):
            story = client.get(
                reverse("admin:roaming_sdr_change", args=[record_id])
            ).content.decode()
            assert "Corrected by file" in story

    def test_say_what_is_wrong_with_the_file(self, client, held, olga, files):
        client.force_login(olga)
        file = SimpleUploadedFile("x.csv", b"a;b\n1;2\n")
        answer = client.post(reverse("admin:roaming_hold_upload"), {"file": file})
        job = self.run(Job.objects.get(pk=answer.url.split("/")[-3]))

        assert (job.state, job.error) == ("FAILED", "the file lacks the columns record_id, version")

    def test_are_closed_to_others(self, client, held, files):
        client.force_login(User.objects.create(username="looker", is_staff=True))
        job = jobs.enqueue(
            correction_job.KIND, run_key="k", title="t", parameters={"is_trial": True}
        )
        for url in (
            reverse("admin:roaming_hold_download"),
            reverse("admin:roaming_hold_upload"),
            reverse("admin:roaming_hold_apply", args=[job.pk]),
        ):
            assert client.get(url).status_code == 403
            assert client.post(url, {"reason": "because I"}).status_code == 403
