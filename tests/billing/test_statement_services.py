"""Issuing, keeping and handing out statements."""

import hashlib
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction

from billing.documents.content import content_sha256, from_json, to_json
from billing.models import Document, DocumentFile, NumberSeries, Position
from billing.services import statements
from billing.services.numbers import take_numbers
from billing.services.statement_contents import StatementDiffers
from partners.models import Partner
from roaming.models import Delivery
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.billing.rendering import render_missing
from tests.makers import (
    AgreementMaker,
    nordlicht,
    numbered_record,
    take,
    voltaire,
)

RENDERED_AT = CLOSED_AT + timedelta(minutes=5)


def issued() -> list[Document]:
    """The statements of Nordlicht and Voltaire over two records, and one that was rejected."""
    agreement = AgreementMaker()
    take(numbered_record(1), numbered_record(2), numbered_record(3, energy_kwh="-1"))
    return statements.issue_statements(closed_window(agreement.group), now=CLOSED_AT)


@pytest.mark.django_db
class TestIssueStatements:
    def test_gives_one_to_each_partner_and_none_to_the_house(self):
        documents = issued()

        assert [(d.number, d.partner.name) for d in documents] == [
            ("ST-2026-000001", "Nordlicht"),
            ("ST-2026-000002", "Voltaire"),
        ]
        assert not DocumentFile.objects.exists()

    def test_freezes_content_that_reads_back_as_it_was(self):
        document = Document.objects.get(pk=issued()[0].pk)

        assert to_json(from_json(document.content)) == document.content
        assert content_sha256(document.content) == document.content_sha256

    def test_counts_where_the_records_of_the_sender_stand(self):
        sender, buyer = issued()

        assert sender.content["conservation"] == {
            "received": 3,
            "rejected": 1,
            "held": 0,
            "open": 0,
            "disputed": 0,
            "withdrawn": 0,
            "cleared": 2,
            "credited": 0,
        }
        assert buyer.content["conservation"]["received"] == 0

    def test_owes_the_news_to_the_parties_of_the_partner(self):
        documents = issued()

        owed = Delivery.objects.filter(kind="STATEMENT").values_list("receiver", "subject_id")
        assert set(owed) == {
            (nordlicht().id, documents[0].id),
            (voltaire().id, documents[1].id),
        }

    def test_refuses_figures_that_do_not_add_up(self):
        agreement = AgreementMaker()
        take(numbered_record(1))
        settlement = closed_window(agreement.group)
        for name, net_minor in (("Nobody", 5), ("Somebody", -5)):
            Position.objects.create(
                settlement=settlement,
                partner=Partner.objects.create(name=name),
                receivable_minor=net_minor,
                payable_minor=0,
                fees_minor=0,
                net_minor=net_minor,
            )

        with pytest.raises(StatementDiffers, match="Nobody"), transaction.atomic():
            statements.issue_statements(settlement, now=CLOSED_AT)

        assert not Document.objects.exists()
        assert not NumberSeries.objects.exists()

    def test_numbers_in_the_year_of_the_group(self):
        agreement = AgreementMaker()
        take(numbered_record(1))
        # 23:30 in London, already the new year in Brussels
        documents = statements.issue_statements(
            closed_window(agreement.group), now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        )

        assert documents[0].number == "ST-2027-000001"

    @pytest.mark.violates("statement_is_one_per_partner")
    def test_happens_once_for_a_settlement(self):
        settlement = issued()[0].settlement

        with (
            pytest.raises(IntegrityError, match="statement_is_one_per_partner"),
            transaction.atomic(),
        ):
            statements.issue_statements(settlement, now=CLOSED_AT)

        assert Document.objects.count() == 2


@pytest.mark.django_db
class TestRenderDocument:
    def test_serves_the_bytes_that_were_stored_first(self):
        document = issued()[0]

        first = statements.render_document(document, now=RENDERED_AT)
        again = statements.render_document(document, now=RENDERED_AT + timedelta(days=400))

        assert first.pk == again.pk
        assert bytes(again.content) == bytes(first.content)
        assert again.rendered_at == RENDERED_AT
        assert again.sha256 == hashlib.sha256(bytes(again.content)).hexdigest()
        assert again.size_bytes == len(again.content)

    def test_gives_identical_bytes_when_it_renders_anew(self):
        document = issued()[0]

        assert statements._render(document) == statements._render(document)

    def test_keeps_what_another_worker_stored_meanwhile(self, monkeypatch):
        document = issued()[0]
        render = statements._render

        def overtaken(late: Document) -> bytes:
            monkeypatch.setattr(statements, "_render", render)
            statements.render_document(late, now=RENDERED_AT)
            return b"too late"

        monkeypatch.setattr(statements, "_render", overtaken)

        file = statements.render_document(document, now=RENDERED_AT)

        assert bytes(file.content).startswith(b"%PDF-1.7")

    def test_refuses_content_that_does_not_match_its_hash(self):
        document = issued()[0]
        document.content["position"]["net_minor"] += 1

        with pytest.raises(statements.StoredContentChanged, match="ST-2026-000001"):
            statements.render_document(document, now=RENDERED_AT)

    def test_refuses_an_annex_other_than_the_stated_one(self):
        document = issued()[0]
        document.content["annex"]["sha256"] = "00" * 32
        document.content_sha256 = content_sha256(document.content)

        with pytest.raises(statements.AnnexDiffers, match="ST-2026-000001"):
            statements.render_document(document, now=RENDERED_AT)


@pytest.mark.django_db
class TestRenderMissing:
    def test_renders_each_once_and_goes_on_after_a_broken_one(self, caplog):
        documents = issued()
        broken = Document.objects.create(
            number="ST-2026-000000",
            kind="STATEMENT",
            environment="LIVE",
            partner=documents[0].partner,
            content={"version": 99},
            content_sha256=content_sha256({"version": 99}),
            issued_at=CLOSED_AT,
        )

        rendered = render_missing(now=RENDERED_AT)

        assert rendered == 2
        assert not broken.files.exists()
        assert "not_rendered" in caplog.text
        assert render_missing(now=RENDERED_AT) == 0


@pytest.mark.django_db
class TestRenderAndExport:
    def test_writes_the_stored_bytes_and_leaves_nothing_else(self, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        document = issued()[0]

        path = statements.render_and_export(document, now=RENDERED_AT)
        statements.render_and_export(document, now=RENDERED_AT)

        assert path == tmp_path / "statements" / "ST-2026-000001.pdf"
        assert path.read_bytes() == bytes(document.files.get().content)
        assert list(path.parent.iterdir()) == [path]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def attempt(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
class TestStoredDocuments:
    @pytest.mark.violates("document_is_append_only")
    @pytest.mark.violates("document_file_is_append_only")
    @pytest.mark.parametrize("table", ["billing_document", "billing_documentfile"])
    @pytest.mark.parametrize(
        "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
    )
    def test_are_not_changed_by_the_application(self, table, statement):
        statements.render_document(issued()[0], now=RENDERED_AT)

        with pytest.raises(Exception, match=r"append-only|permission denied"):
            attempt(statement.format(table))

        assert Document.objects.count() == 2
        assert DocumentFile.objects.count() == 1

    @pytest.mark.violates("document_has_one_file_per_media_type")
    def test_have_one_file_of_a_kind(self):
        file = statements.render_document(issued()[0], now=RENDERED_AT)
        file.pk = None

        with (
            pytest.raises(IntegrityError, match="document_has_one_file_per_media_type"),
            transaction.atomic(),
        ):
            DocumentFile.objects.create(
                document=file.document,
                media_type=file.media_type,
                content=b"%PDF",
                sha256="ab" * 32,
                size_bytes=4,
                rendered_at=RENDERED_AT,
            )

        assert DocumentFile.objects.count() == 1

    @pytest.mark.violates("document_file_size_is_that_of_its_bytes")
    def test_state_the_size_of_their_bytes(self):
        document = issued()[0]

        with (
            pytest.raises(IntegrityError, match="document_file_size_is_that_of_its_bytes"),
            transaction.atomic(),
        ):
            DocumentFile.objects.create(
                document=document,
                media_type="text/csv",
                content=b"four",
                sha256="ab" * 32,
                size_bytes=5,
                rendered_at=RENDERED_AT,
            )

        assert not document.files.exists()


class TestEvenTheOwner:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("table", "name"),
        [
            pytest.param(
                "billing_document",
                "document_is_append_only",
                marks=pytest.mark.violates("document_is_append_only"),
            ),
            pytest.param(
                "billing_documentfile",
                "document_file_is_append_only",
                marks=pytest.mark.violates("document_file_is_append_only"),
            ),
        ],
    )
    def test_may_not_rewrite_a_document(self, owner_connection, table, name):
        with transaction.atomic():
            document = issued()[0]
        statements.render_document(document, now=RENDERED_AT)

        for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(Exception, match="append-only") as refused:
                owner_connection.execute(statement.format(table))
            assert refused.value.diag.constraint_name == name, statement

    @pytest.mark.django_db(transaction=True)
    def test_numbers_have_no_gap_under_eight_threads(self):
        taken: list[str] = []

        def take_and_sometimes_fail(worker: int) -> None:
            try:
                for turn in range(5):
                    with transaction.atomic():
                        numbers = take_numbers("ST", year=2026, environment="LIVE", count=2)
                        if (worker + turn) % 3 == 0:
                            transaction.set_rollback(True)
                        else:
                            taken.extend(numbers)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=take_and_sometimes_fail, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(taken) == [f"ST-2026-{n:06}" for n in range(1, len(taken) + 1)]
        assert NumberSeries.objects.get().last_number == len(taken)
        assert len(taken) > 40


@pytest.mark.django_db
class TestNumberSeries:
    @pytest.mark.violates("number_series_is_one_per_year")
    def test_has_one_row_per_year_and_environment(self):
        NumberSeries.objects.create(series="ST", year=2026, environment="LIVE")

        with (
            pytest.raises(IntegrityError, match="number_series_is_one_per_year"),
            transaction.atomic(),
        ):
            NumberSeries.objects.create(series="ST", year=2026, environment="LIVE")

        assert NumberSeries.objects.create(series="ST", year=2026, environment="TEST").pk

    def test_of_each_year_starts_with_one(self):
        take_numbers("ST", year=2026, environment="LIVE", count=3)

        assert take_numbers("ST", year=2026, environment="LIVE", count=1) == ["ST-2026-000004"]
        assert take_numbers("ST", year=2027, environment="LIVE", count=1) == ["ST-2027-000001"]
