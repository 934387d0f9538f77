"""Evidence over the API with real OAuth2 clients: kept as it came, never run, no stranger's."""

import gzip
import hashlib
import json
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings

from partners.models import AuditEvent
from roaming.models import Delivery, DisputeAttachment
from roaming.services import dispute_evidence
from tests import makers
from tests.makers import numbered_record, record
from tests.roaming.evidence_files import CSV, HOSTILE, TRUE, pdf
from tests.roaming.partner_systems import EVERY_SCOPE, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
SCOPES = (*EVERY_SCOPE, "dispute:read", "dispute:write")
BYTES = "application/octet-stream"


@pytest.fixture
def nordlicht(noon, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    makers.AgreementMaker(acceptance="DEEMED", acceptance_days=30)
    return PartnerSystem(makers.nordlicht(), scopes=SCOPES)


@pytest.fixture
def voltaire(nordlicht):
    return PartnerSystem(makers.voltaire(), scopes=SCOPES)


@pytest.fixture
def files(nordlicht, voltaire) -> str:
    """The address of the evidence of an open dispute."""
    record_id = nordlicht.send(record()).json()["record_id"]
    body = json.dumps({"record_id": record_id, "reason": "D01"}).encode()
    dispute = voltaire.post("/api/v1/disputes/", body).json()
    return f"/api/v1/disputes/{dispute['dispute_id']}/attachments/"


def put(system, files, name, content, content_type=BYTES, **headers):
    return system.post(
        f"{files}?file_name={quote(name)}", content, content_type=content_type, **headers
    )


def stored() -> list[Path]:
    return [one for one in Path(django_settings.MEDIA_ROOT).rglob("*") if one.is_file()]


class TestAFile:
    @pytest.mark.parametrize(("name", "content", "media_type"), TRUE)
    def test_comes_back_as_it_came_to_both_sides(
        self, nordlicht, voltaire, files, name, content, media_type
    ):
        sent = put(nordlicht, files, name, content)

        assert sent.status_code == 201, sent.content
        told = sent.json()
        assert (told["side"], told["media_type"], told["size_bytes"]) == (
            "CSO",
            media_type,
            len(content),
        )
        assert told["sha256"] == hashlib.sha256(content).hexdigest()
        for system in (nordlicht, voltaire):
            assert [one["file_name"] for one in system.get(files).json()["results"]] == [name]
            got = system.get(f"{files}{told['attachment_id']}/")
            assert got.content == content
            assert got["Content-Disposition"] == f'attachment; filename="{name}"'
            assert got["X-Content-Type-Options"] == "nosniff"
            assert got["Content-Security-Policy"].startswith("sandbox")
        assert AuditEvent.objects.filter(action="dispute.file_downloaded").count() == 2

    def test_lies_outside_the_web_root_for_its_owner_alone(self, voltaire, files):
        put(voltaire, files, "../../../evil.pdf", pdf())

        [path] = stored()
        attachment = DisputeAttachment.objects.get()
        assert (attachment.file_name, path.suffix) == ("evil.pdf", "")
        assert path.parent == Path(django_settings.MEDIA_ROOT) / "evidence"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_is_a_step_that_both_sides_hear_of(self, voltaire, files):
        put(voltaire, files, "a.pdf", pdf())

        owed = Delivery.objects.filter(kind="DISPUTE", subject_version=2)
        assert owed.count() == 2
        seen = voltaire.get(files.removesuffix("attachments/")).json()
        assert [(e["verb"], e["text"]) for e in seen["events"]][-1] == ("attach", "a.pdf")

    def test_sent_again_is_the_one_that_is_there(self, nordlicht, voltaire, files):
        first = put(voltaire, files, "a.pdf", pdf()).json()
        again = put(nordlicht, files, "b.pdf", pdf())

        assert again.json() == first
        assert len(stored()) == 1

    def test_whose_stored_bytes_changed_is_not_handed_out(self, voltaire, files):
        put(voltaire, files, "a.pdf", pdf())
        stored()[0].write_bytes(b"%PDF-forged")

        with pytest.raises(ValueError, match="have changed"):
            dispute_evidence.read(DisputeAttachment.objects.get(), actor="x", now=makers.NOON)


class TestAHostileFile:
    # An empty body is refused before it is a file.
    @pytest.mark.parametrize(("name", "content", "code"), [one for one in HOSTILE if one[1]])
    def test_gets_a_code_and_is_not_kept(self, voltaire, files, name, content, code):
        answer = put(voltaire, files, name, content)

        assert answer["Content-Type"] == "application/problem+json"
        expected = (400, "BODY_EMPTY") if code == "FILE_EMPTY" else (422, code)
        assert (answer.status_code, answer.json()["code"]) == expected
        assert not DisputeAttachment.objects.exists()
        assert stored() == []

    def test_too_large_is_refused_packed_or_not(self, voltaire, files, settings):
        settings.DISPUTE_FILE_MAX_BYTES = 1_000
        large = b"a;b\n" + b"1;2\n" * 300

        for body, headers in ((large, {}), (gzip.compress(large), {"Content_Encoding": "gzip"})):
            answer = put(voltaire, files, "a.csv", body, **headers)
            assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
        assert stored() == []

    def test_said_to_be_a_page_is_not_read(self, voltaire, files):
        answer = put(voltaire, files, "a.pdf", pdf(), content_type="text/html")

        assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")

    def test_is_one_too_many(self, voltaire, files, settings):
        settings.DISPUTE_FILES_MAX = 1
        put(voltaire, files, "a.pdf", pdf())

        answer = put(voltaire, files, "b.csv", CSV)

        assert (answer.status_code, answer.json()["code"]) == (409, "TOO_MANY_FILES")
        assert len(stored()) == 1

    def test_comes_after_the_end(self, voltaire, files):
        ended = voltaire.post(files.replace("attachments", "withdraw"), b"{}")
        assert ended.status_code == 200

        answer = put(voltaire, files, "a.pdf", pdf())

        assert (answer.status_code, answer.json()["code"]) == (409, "VERB_NOT_NOW")
        assert stored() == []


class TestLaterne:
    def test_neither_adds_nor_sees_nor_takes(self, voltaire, files):
        kept = put(voltaire, files, "a.pdf", pdf()).json()["attachment_id"]
        laterne = PartnerSystem(makers.laterne("CSP"), scopes=SCOPES)

        assert put(laterne, files, "a.csv", CSV).status_code == 404
        assert laterne.get(files).status_code == 404
        assert laterne.get(f"{files}{kept}/").status_code == 404
        assert len(stored()) == 1

    def test_cannot_take_it_by_way_of_a_dispute_of_its_own(self, nordlicht, voltaire, files):
        kept = put(voltaire, files, "a.pdf", pdf()).json()["attachment_id"]
        makers.AgreementMaker(buyer=makers.laterne("CSP"), acceptance="EXPLICIT")
        laterne = PartnerSystem(makers.laterne("CSP"), scopes=SCOPES)
        sent = nordlicht.send(numbered_record(2, csp_id="AT*LAT", contract_id=None)).json()
        body = json.dumps({"record_id": sent["record_id"], "reason": "D01"}).encode()
        own = laterne.post("/api/v1/disputes/", body).json()

        answer = laterne.get(f"/api/v1/disputes/{own['dispute_id']}/attachments/{kept}/")

        assert answer.status_code == 404

    def test_needs_the_scope(self, voltaire, files):
        reader = PartnerSystem(makers.voltaire(), scopes=("dispute:read",))

        assert put(reader, files, "a.pdf", pdf()).status_code == 403
        assert reader.get(files).status_code == 200
