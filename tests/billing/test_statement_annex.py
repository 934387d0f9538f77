"""The single records that go with a statement."""

import csv
import gzip
import hashlib
import io

import pypdf
import pytest

from billing.services import annex as annexes
from billing.services import statements
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.makers import AgreementMaker, nordlicht, numbered_record, partner_of, take, voltaire

pytestmark = pytest.mark.django_db


def embedded_annex(party, settlement, *, name: str = "ST-2026-000001-sdrs.csv") -> bytes:
    documents = statements.issue_statements(settlement, now=CLOSED_AT)
    document = next(d for d in documents if d.partner == partner_of(party))
    file = statements.render_document(document, now=CLOSED_AT)
    reader = pypdf.PdfReader(io.BytesIO(file.content))
    assert list(reader.attachments) == [name]
    stream = reader.trailer["/Root"]["/AF"][0]["/EF"]["/F"]
    assert stream["/Subtype"] == ("/application/gzip" if name.endswith(".gz") else "/text/csv")
    assert reader.trailer["/Root"]["/AF"][0]["/AFRelationship"] == "/Supplement"
    assert len(reader.trailer["/Root"]["/AF"]) == 1
    return reader.attachments[name][0]


def rows_of(annex: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(annex.decode("utf-8")), delimiter=";"))


class TestStatementAnnex:
    def test_names_every_record_with_its_amounts(self):
        agreement = AgreementMaker()
        items = [
            {"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.45", "amount": "8.28"},
            {"kind": "PARKING", "amount": "0.50"},
            {"kind": "PARKING", "amount": "0.24"},
        ]
        take(numbered_record(1, items=items))

        annex = embedded_annex(nordlicht(), closed_window(agreement.group))

        # 1 % of 9.02 is 0.09 after rounding the payout half-up: 9.02 × 0.99 = 8.9298
        row = rows_of(annex)[0]
        pseudonym = row.pop("pseudonym")
        assert len(pseudonym) == 16
        assert row == {
            "sdr_id": "NLX-00001",
            "service_session_id": "S-00001",
            "cso": "DE*NLX",
            "csp": "FR*VOL",
            "direction": "SOLD",
            "evse_id": "DE*NLX*E00001*1",
            "started_at": "2026-11-14T10:00:00+00:00",
            "ended_at": "2026-11-14T11:00:00+00:00",
            "energy_kwh": "18.4",
            "energy_amount": "8.28",
            "time_amount": "",
            "parking_amount": "0.74",
            "reservation_amount": "",
            "fee_amount": "",
            "claim_amount": "9.02",
            "commission_amount": "0.09",
            "payout_amount": "8.93",
            "currency": "EUR",
            "price_basis": "EXCL_TAX",
            "acceptance": "ON_VALIDATION",
            "site": "",
            "city": "",
            "country": "DE",
            "supply_month": "2026-11",
            "is_late": "false",
            "authorization_method": "",
            "tariff_id": "",
            "charging_minutes": "",
            "credits_sdr_id": "",
            "is_correction": "false",
            "vat_category": "",
            "vat_rate": "",
            "tariff_version": "",
            "parking_minutes": "",
            "invoice_number": "",
            "invoice_note": "NOT_TAXED_HERE",
        }

    def test_tells_the_buyer_that_it_bought(self):
        agreement = AgreementMaker()
        take(numbered_record(1), numbered_record(2))
        settlement = closed_window(agreement.group)

        annex = embedded_annex(voltaire(), settlement, name="ST-2026-000002-sdrs.csv")

        assert [row["direction"] for row in rows_of(annex)] == ["BOUGHT", "BOUGHT"]

    def test_never_names_the_driver(self):
        agreement = AgreementMaker()
        take(numbered_record(1, contract_id="DE-8AA-CA2B3C4D5-L", credential_id="04A1B2C3D4"))
        settlement = closed_window(agreement.group)

        annex = embedded_annex(nordlicht(), settlement)

        text = annex.decode()
        document = partner_of(nordlicht()).documents.get()
        pages = pypdf.PdfReader(io.BytesIO(document.files.get().content)).pages
        for personal in ("CA2B3C4D5", "8AA", "04A1B2C3D4"):
            assert personal not in text, personal
            assert personal not in str(document.content), personal
            assert all(personal not in page.extract_text() for page in pages), personal

    @pytest.mark.parametrize("start", ["=", "+", "-", "@"])
    def test_starts_no_formula_in_a_spreadsheet(self, start):
        agreement = AgreementMaker(
            rule_overrides={"V005": {"severity": "WARN", "reason": "old numbering"}}
        )
        hostile = f'{start}HYPERLINK("http://evil.example";"x")'
        take(numbered_record(1, sdr_id=hostile, service_session_id=hostile, evse_id=hostile))

        annex = embedded_annex(nordlicht(), closed_window(agreement.group))

        row = rows_of(annex)[0]
        assert row["sdr_id"] == "'" + hostile
        assert row["service_session_id"] == "'" + hostile
        assert row["evse_id"] == "'" + hostile

    def test_states_the_hash_of_its_own_bytes(self):
        agreement = AgreementMaker()
        take(*(numbered_record(n) for n in range(5)))

        annex = embedded_annex(nordlicht(), closed_window(agreement.group))

        facts = partner_of(nordlicht()).documents.get().content["annex"]
        assert facts == {
            "rows": 5,
            "size_bytes": len(annex),
            "sha256": hashlib.sha256(annex).hexdigest(),
            "form": 3,
        }

    @pytest.mark.parametrize("spool_bytes", [1000, 1_000_000])
    def test_is_the_same_from_memory_and_from_disk(self, monkeypatch, spool_bytes):
        monkeypatch.setattr(annexes, "_SPOOL_BYTES", spool_bytes)
        agreement = AgreementMaker()
        take(*(numbered_record(n) for n in range(50)))

        annex = embedded_annex(nordlicht(), closed_window(agreement.group))

        facts = partner_of(nordlicht()).documents.get().content["annex"]
        assert hashlib.sha256(annex).hexdigest() == facts["sha256"]

    def test_is_compressed_when_it_is_large(self, monkeypatch):
        monkeypatch.setattr(annexes, "LARGEST_PLAIN_BYTES", 1000)
        monkeypatch.setattr(annexes, "_SPOOL_BYTES", 1000)
        agreement = AgreementMaker()
        take(*(numbered_record(n) for n in range(50)))
        settlement = closed_window(agreement.group)

        packed = embedded_annex(nordlicht(), settlement, name="ST-2026-000001-sdrs.csv.gz")

        plain = gzip.decompress(packed)
        facts = partner_of(nordlicht()).documents.get().content["annex"]
        assert hashlib.sha256(plain).hexdigest() == facts["sha256"]
        assert len(rows_of(plain)) == 50

    def test_has_a_head_and_no_record_for_a_partner_without_any(self):
        empty = annexes.empty_annex()

        assert empty.rows == 0
        assert empty.sha256 == hashlib.sha256(annexes.HEADERS[annexes.FORM]).hexdigest()
