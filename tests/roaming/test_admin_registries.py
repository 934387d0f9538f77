"""Registries by hand: listed without secrets, imported after a trial, ended; strangers refused."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partners.models import AuditEvent, Job, User
from partners.services import jobs
from roaming.models import Authorization, Credential, Evse, MeterKey, SdrState
from roaming.services import registry_job
from tests import makers
from tests.makers import LONG_AGO, NOON, later, take_one

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
EVSE = "DE*NLX*E1001*1"
MODELS = ("evse", "evseoutage", "meterkey", "credential", "authorization")


@pytest.fixture
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def olga(client):
    staff = makers.StaffMaker()
    client.force_login(staff)
    return staff


def evse(**changes):
    own = {"cso": makers.nordlicht(), "evse_id": EVSE, "starts_at": LONG_AGO}
    return Evse.objects.create(**(own | changes))


def upload(client, model: str, party, text: str) -> Job:
    file = SimpleUploadedFile("rows.csv", text.encode())
    url = reverse(f"admin:roaming_{model}_import")
    answer = client.post(url, {"party": str(party.pk), "file": file})
    assert answer.status_code == 302, answer.context["form"].errors
    return run(Job.objects.get(pk=answer.url.split("/")[-3]))


def run(job: Job) -> Job:
    registry_job.run(jobs.claim(job.pk, now=NOON), clock=lambda: NOON)
    job.refresh_from_db()
    return job


class TestLists:
    def test_are_narrowed_by_validity(self, client, olga):
        evse()
        evse(evse_id="DE*NLX*E2", ends_at=later(days=-1))
        evse(evse_id="DE*NLX*E3", starts_at=later(days=1))
        url = reverse("admin:roaming_evse_changelist")

        shown = {
            word: [
                row.evse_id for row in client.get(f"{url}?valid={word}").context["cl"].result_list
            ]
            for word in ("now", "later", "ended")
        }

        assert shown == {"now": [EVSE], "later": ["DE*NLX*E3"], "ended": ["DE*NLX*E2"]}

    def test_show_no_pseudonym_hash_or_whole_key(self, client, olga):
        person = {"contract_hash": "ab" * 32, "pseudonym": "0123456789abcdef"}
        credential = Credential.objects.create(csp=makers.voltaire(), starts_at=LONG_AGO, **person)
        authorization = Authorization.objects.create(
            csp=makers.voltaire(),
            cso=makers.nordlicht(),
            reference="R1",
            is_granted=True,
            authorized_at=NOON,
            **person,
        )
        key = MeterKey.objects.create(
            cso=makers.nordlicht(),
            evse_id=EVSE,
            meter_id="M1",
            public_key="04" * 64,
            starts_at=LONG_AGO,
        )

        pages = [
            client.get(reverse(f"admin:roaming_{row._meta.model_name}_{page}", args=args))
            for row in (credential, authorization, key)
            for page, args in (("changelist", []), ("change", [row.pk]))
        ]

        text = "".join(page.content.decode() for page in pages)
        assert "0123…" in text
        assert "0123456789abcdef" not in text
        assert "ab" * 32 not in text
        assert "04" * 64 not in pages[4].content.decode()


class TestImport:
    TEXT = f"evse_id;starts_at;max_power_kw\n{EVSE};2020-01-01T00:00:00Z;22\nnonsense;x;22\n"

    def test_is_tried_first_and_applied_with_a_reason(self, client, olga, files):
        trial = upload(client, "evse", makers.nordlicht(), self.TEXT)
        assert (trial.state, trial.result["created"], trial.result["refused"]) == ("DONE", 1, 1)
        assert not Evse.objects.exists()

        page = reverse("admin:roaming_evse_apply", args=[trial.pk])
        shown = client.get(page).content.decode()
        assert "Apply 1 row?" in shown
        assert "nonsense" in shown
        answer = client.post(page, {"reason": "from the CSO's mail"})
        applied = run(Job.objects.get(pk=answer.url.split("/")[-3]))

        assert applied.state == "DONE"
        assert Evse.objects.get().evse_id == EVSE
        assert AuditEvent.objects.get(action="registry.applied").reason == "from the CSO's mail"

    def test_cures_what_waited_for_it(self, client, olga, files):
        makers.AgreementMaker(evse_registry="REQUIRED")
        record = take_one()
        assert (record.state, record.codes) == ("HELD", ["V005"])
        trial = upload(client, "evse", makers.nordlicht(), self.TEXT)
        page = reverse("admin:roaming_evse_apply", args=[trial.pk])
        answer = client.post(page, {"reason": "from the CSO's mail"})
        run(Job.objects.get(pk=answer.url.split("/")[-3]))

        assert SdrState.objects.get(id=record.record_id).state == "ACCEPTED"

    def test_forgets_contract_ids(self, client, olga, files):
        text = "contract_id,starts_at\nDE-8AA-CA2B3C4D5-L,2020-01-01T00:00:00Z\n"
        trial = upload(client, "credential", makers.voltaire(), text)

        assert trial.result["created"] == 1
        assert "CA2B3C4D5" not in (files / trial.result_name).read_text()

    def test_is_not_for_those_who_may_only_look(self, client, files):
        client.force_login(User.objects.create(username="looker", is_staff=True))

        for model in MODELS:
            assert client.get(reverse(f"admin:roaming_{model}_changelist")).status_code == 403
            assert client.get(reverse(f"admin:roaming_{model}_import")).status_code == 403


class TestEnding:
    def end(self, client, entry, day: str):
        url = reverse("admin:roaming_evse_end", args=[entry.pk])
        asked = {"ends_at_0": day, "ends_at_1": "00:00:00", "reason": "taken down"}
        return client.post(url, asked, follow=True)

    def test_keeps_the_entry_and_is_noted(self, client, olga):
        entry = evse()

        self.end(client, entry, "2026-12-01")

        entry.refresh_from_db()
        assert entry.ends_at.isoformat() == "2026-11-30T23:00:00+00:00"  # midnight of the house
        assert AuditEvent.objects.get(action="registry.ended").actor == "olga"

    def test_before_the_start_is_refused_in_words(self, client, olga):
        entry = evse()

        page = self.end(client, entry, "2019-12-01").content.decode()

        assert "end before it starts" in page
        entry.refresh_from_db()
        assert entry.ends_at is None
