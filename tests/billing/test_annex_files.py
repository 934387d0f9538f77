"""The annex as CSV, XLSX and Parquet says the same; who may not see the statement sees none."""

import csv
import hashlib
import io
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest
import time_machine
from django.urls import reverse

from billing.models import Document
from billing.services import annex_files
from billing.services.annex_files import MEDIA_TYPES, make_annex
from billing.services.statements import (
    AnnexDiffers,
    StoredContentChanged,
    issue_statements,
)
from partners.models import AuditEvent
from tests import makers
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.billing.portal_world import DECEMBER, person_of, settled_month
from tests.makers import AgreementMaker, nordlicht, numbered_record, partner_of, take
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db

ITEMS = [
    {"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.45", "amount": "8.28"},
    {"kind": "PARKING", "amount": "0.74"},
]
HOSTILE = '=HYPERLINK("http://evil.example";"x")'


def statement_over(*records: dict) -> Document:
    agreement = AgreementMaker(
        rule_overrides={"V005": {"severity": "WARN", "reason": "old numbering"}}
    )
    take(*records)
    documents = issue_statements(closed_window(agreement.group), now=CLOSED_AT)
    return next(one for one in documents if one.partner == partner_of(nordlicht()))


def csv_rows(document: Document) -> list[dict[str, str]]:
    with make_annex(document, "csv") as file:
        return list(csv.DictReader(io.StringIO(file.read().decode()), delimiter=";"))


def xlsx_rows(document: Document) -> list[dict[str, object]]:
    with make_annex(document, "xlsx") as file:
        book = openpyxl.load_workbook(file)
        rows = [row for sheet in book for row in list(sheet.values)[1:]]
        [first] = book.active.iter_rows(max_row=1, values_only=True)
        head = [str(name).removesuffix(" (UTC)") for name in first]
    return [dict(zip(head, row, strict=True)) for row in rows]


def parquet_rows(document: Document) -> list[dict[str, object]]:
    with make_annex(document, "parquet") as file:
        return pq.read_table(io.BytesIO(file.read())).to_pylist()


def spelled(value: object) -> str:
    """A cell of any format in the spelling of the CSV, numbers without trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat(timespec="seconds")
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)).normalize():f}"
    return str(value)


def as_number(text: str) -> str:
    try:
        return f"{Decimal(text).normalize():f}"
    except ArithmeticError:
        return text


class TestFormats:
    @pytest.mark.parametrize("rows_per_sheet", [2, 1_000_000])
    def test_say_the_same_in_the_same_order(self, monkeypatch, rows_per_sheet):
        monkeypatch.setattr(annex_files, "ROWS_PER_SHEET", rows_per_sheet)
        monkeypatch.setattr(annex_files, "_ROWS_PER_GROUP", 2)
        document = statement_over(
            *(numbered_record(n, items=ITEMS) for n in range(1, 5)),
            numbered_record(5, sdr_id=HOSTILE),
        )

        plain = csv_rows(document)

        assert len(plain) == 5
        texts = [{name: as_number(text) for name, text in row.items()} for row in plain]
        for rows in (xlsx_rows(document), parquet_rows(document)):
            assert [list(row) for row in rows] == [list(row) for row in plain]
            assert [
                {name: as_number(spelled(cell)) for name, cell in row.items()} for row in rows
            ] == texts

    def test_keep_numbers_as_numbers(self):
        document = statement_over(numbered_record(1, items=ITEMS))

        [sheet], [table] = xlsx_rows(document), parquet_rows(document)

        assert (sheet["claim_amount"], sheet["energy_kwh"]) == (9.02, 18.4)
        assert sheet["started_at"] == datetime(2026, 11, 14, 10, 0)  # noqa: DTZ001
        assert table["claim_amount"] == Decimal("9.02")
        assert table["started_at"] == datetime(2026, 11, 14, 10, 0, tzinfo=UTC)
        assert table["is_late"] is False

    def test_start_no_formula(self):
        document = statement_over(numbered_record(1, sdr_id=HOSTILE, evse_id=HOSTILE))

        with make_annex(document, "xlsx") as file:
            sheet = openpyxl.load_workbook(file).active

        assert sheet["A2"].data_type == "s"
        assert sheet["A2"].value == "'" + HOSTILE
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]

    def test_name_no_driver(self):
        document = statement_over(numbered_record(1, contract_id="DE-8AA-CA2B3C4D5-L"))

        for rows in (csv_rows(document), xlsx_rows(document), parquet_rows(document)):
            assert "CA2B3C4D5" not in str(rows)

    def test_csv_has_the_hash_that_the_statement_states(self):
        document = statement_over(numbered_record(1))

        with make_annex(document, "csv") as file:
            digest = hashlib.sha256(file.read()).hexdigest()

        assert digest == document.content["annex"]["sha256"]

    def test_without_any_record_have_a_head(self, monkeypatch):
        document = statement_over(numbered_record(1))
        content = annex_files.from_json(document.content)
        plain, target = io.BytesIO(b"a;b\n"), io.BytesIO()
        monkeypatch.setitem(annex_files.COLUMNS, 3, ["started_at", "ended_at"])

        annex_files._write_xlsx(annex_files._rows(plain), target, content)

        assert list(openpyxl.load_workbook(target).active.values) == [
            ("started_at (UTC)", "ended_at (UTC)")
        ]

    def test_are_refused_where_the_evidence_differs(self):
        document = statement_over(numbered_record(1))
        document.content["annex"]["rows"] = 2
        with pytest.raises(StoredContentChanged):
            make_annex(document, "csv")

        document.content_sha256 = annex_files.content_sha256(document.content)
        with pytest.raises(AnnexDiffers, match="1 records now and 2 are stated"):
            make_annex(document, "parquet")


@pytest.fixture
def december(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(DECEMBER, tick=False):
        yield


@pytest.mark.parametrize("kind", MEDIA_TYPES)
class TestDownloads:
    def test_by_api_are_noted(self, december, kind):
        world = settled_month()
        system = PartnerSystem(makers.nordlicht())

        answer = system.get(f"/api/v1/statements/{world.statement.id}/annex.{kind}")

        assert answer["Content-Type"] == MEDIA_TYPES[kind]
        assert answer["Cache-Control"] == "private, no-store"
        assert f'filename="{world.statement.number}-sdrs.{kind}"' in answer["Content-Disposition"]
        assert len(b"".join(answer.streaming_content)) > 100
        event = AuditEvent.objects.get(action="annex.downloaded")
        assert (event.on_behalf_of, event.object_id) == ("Nordlicht", world.statement.number)
        assert event.after == {"format": kind}

    def test_by_portal_are_noted(self, december, client, kind):
        world = settled_month()
        client.force_login(person_of(world.nordlicht))
        address = reverse("portal:statement-annex", args=[world.statement.id, kind])

        answer = client.get(address)

        assert answer.status_code == 200
        assert len(b"".join(answer.streaming_content)) > 100
        assert address in client.get(reverse("portal:statements")).content.decode()
        assert AuditEvent.objects.filter(action="annex.downloaded").count() == 1

    def test_of_a_stranger_are_not_there(self, december, client, kind):
        world = settled_month()
        stranger = PartnerSystem(makers.laterne())
        client.force_login(person_of(world.laterne))

        for answer in (
            stranger.get(f"/api/v1/statements/{world.statement.id}/annex.{kind}"),
            client.get(reverse("portal:statement-annex", args=[world.statement.id, kind])),
        ):
            assert answer.status_code == 404
        admin = reverse("admin:billing_document_annex", args=[world.statement.id, kind])
        assert client.get(admin).status_code in {302, 403, 404}
        assert not AuditEvent.objects.filter(action="annex.downloaded").exists()

    def test_by_staff_are_noted(self, december, admin_client, kind):
        world = settled_month()
        page = reverse("admin:billing_document_change", args=[world.statement.id])
        address = reverse("admin:billing_document_annex", args=[world.statement.id, kind])

        answer = admin_client.get(address)

        assert answer.status_code == 200
        assert answer["Content-Type"] == MEDIA_TYPES[kind]
        told = admin_client.get(page).content.decode()
        assert address in told
        # What it comes to, and the way down to the rows behind it.
        assert (
            reverse("admin:billing_settlement_change", args=[world.statement.settlement_id]) in told
        )
        assert "How it comes about" in told
        assert AuditEvent.objects.filter(action="annex.downloaded").count() == 1


def test_of_no_known_format_is_not_there(december, client):
    world = settled_month()
    client.force_login(person_of(world.nordlicht))

    assert client.get(f"/portal/statements/{world.statement.id}/annex.exe").status_code == 404
    answer = PartnerSystem(makers.nordlicht()).get(
        f"/api/v1/statements/{world.statement.id}/annex.exe"
    )
    assert answer.status_code == 404
