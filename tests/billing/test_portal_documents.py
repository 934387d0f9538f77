"""All documents of a partner on one page, and a period of them as a zip that is never stored."""

import csv
import hashlib
import io
import os
import re
import tracemalloc
import zipfile

import pytest
import time_machine
from django.urls import reverse

from billing.models import BalanceConfirmation
from billing.services.document_zip import stream_zip
from partners.models import AuditEvent
from tests.billing.part_four_rows import document, invoice, make
from tests.billing.portal_world import DECEMBER, PDF, person_of, settled_month, store_pdf
from tests.makers import later

pytestmark = pytest.mark.django_db

PAGE, ZIP = reverse("portal:documents"), reverse("portal:documents-zip")
# SET ROLE and RESET ROLE, and what the role of who asks allows.
OF_EVERY_PAGE = 4


@pytest.fixture(autouse=True)
def _a_day_in_december():
    with time_machine.travel(DECEMBER, tick=False):
        yield


@pytest.fixture
def world():
    return settled_month()


@pytest.fixture
def seller(client, world):
    client.force_login(person_of(world.nordlicht))
    return client


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def numbers(client, **query: str) -> list[str]:
    return [one.number for one, _ in client.get(PAGE, query).context["lines"]]


def unzipped(client, **query: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(client.get(ZIP, query).getvalue()))


class TestThePage:
    def test_shows_every_kind_with_what_it_is_about_and_its_files(self, seller, world):
        issued = invoice(seller=world.nordlicht, buyer=world.voltaire)
        asked = make(BalanceConfirmation, partner=world.nordlicht)
        for one in (issued.document, asked.document):
            store_pdf(one)

        response = seller.get(PAGE)

        page = response.content.decode()
        assert {one.kind for one, _ in response.context["lines"]} == {
            "STATEMENT",
            "INVOICE",
            "BALANCE",
        }
        assert "November 2026" in page
        assert "+8.93" in page
        assert "Voltaire" in page
        for address in (
            reverse("portal:statement-pdf", args=[world.statement.pk]),
            reverse("portal:statement-annex", args=[world.statement.pk, "csv"]),
            reverse("portal:invoice-file", args=[issued.document_id, "pdf"]),
            reverse("portal:balance-pdf", args=[asked.pk]),
        ):
            assert address in page
            assert seller.get(address).status_code == 200

    def test_shows_what_was_bought_to_the_buyer_and_to_no_one_else(self, client, world):
        number = invoice(seller=world.nordlicht, buyer=world.voltaire).document.number

        for partner, shown in ((world.voltaire, True), (world.laterne, False)):
            client.force_login(person_of(partner))
            assert (number in words(client.get(PAGE))) is shown

    def test_is_filtered_by_kind_and_days(self, seller, world):
        own = world.statement.number
        other = make(BalanceConfirmation, partner=world.nordlicht).document
        day = f"{world.statement.issued_at:%Y-%m-%d}"

        assert numbers(seller, kind="statements") == [own]
        assert numbers(seller, kind="balances") == [other.number]
        assert own in numbers(seller, issued_from=day, issued_to=day)
        assert own not in numbers(seller, issued_from="2027-06-01")
        assert "No document fits" in words(seller.get(PAGE, {"kind": "letters"}))

    def test_says_what_is_wrong_with_a_filter(self, seller):
        for page in (PAGE, ZIP):
            assert "Issued from: Enter a valid date." in words(
                seller.get(page, {"issued_from": "yesterday"})
            )

    def test_turns_pages(self, seller, world, monkeypatch):
        for days in range(4):
            make(BalanceConfirmation, partner=world.nordlicht, as_of=later(days=days))
        monkeypatch.setattr("billing.views.documents.PAGE", 3)

        first = seller.get(PAGE)
        second = seller.get(f"{PAGE}?{first.context['older']}")

        shown = [one.number for page in (first, second) for one, _ in page.context["lines"]]
        assert len(shown) == len(set(shown)) == 5
        assert second.context["older"] == ""

    def test_costs_few_queries_and_counts_nothing(
        self, seller, world, django_assert_max_num_queries
    ):
        invoice(seller=world.nordlicht)
        make(BalanceConfirmation, partner=world.nordlicht)

        with django_assert_max_num_queries(10 + OF_EVERY_PAGE) as captured:
            seller.get(PAGE)

        assert not any("count(" in query["sql"].lower() for query in captured)


class TestTheZip:
    def test_holds_the_stored_files_the_records_and_a_table_of_all(self, seller, world):
        found = unzipped(seller, kind="statements")

        folder = f"{world.statement.issued_at:%Y-%m}/{world.statement.number}"
        assert sorted(found.namelist()) == sorted(
            [f"{folder}.pdf", f"{folder}-sdrs.csv", "documents.csv", "SHA256SUMS"]
        )
        assert found.read(f"{folder}.pdf") == PDF
        assert b"NLX-00001" in found.read(f"{folder}-sdrs.csv")
        sums = dict(
            reversed(line.split("  ")) for line in found.read("SHA256SUMS").decode().splitlines()
        )
        for name, digest in sums.items():
            assert hashlib.sha256(found.read(name)).hexdigest() == digest
        table = csv.DictReader(io.StringIO(found.read("documents.csv").decode()), delimiter=";")
        assert {row["file"]: row["sha256"] for row in table} == sums

    def test_is_noted_before_it_leaves(self, seller):
        seller.get(ZIP, {"kind": "statements"}).getvalue()

        event = AuditEvent.objects.get(action="document-list.downloaded")
        assert event.after == {"kind": "statements", "documents": 1}
        assert event.on_behalf_of == "Nordlicht"

    def test_of_a_stranger_is_empty(self, client, world):
        client.force_login(person_of(world.laterne))

        assert sorted(unzipped(client).namelist()) == ["SHA256SUMS", "documents.csv"]

    def test_tells_which_document_has_no_file_yet(self, seller, world):
        number = make(BalanceConfirmation, partner=world.nordlicht).document.number

        table = unzipped(seller, kind="balances").read("documents.csv").decode()

        assert f"{number};BALANCE" in table
        assert "its file is being made" in table

    def test_is_sent_with_flat_memory(self, world):
        """Twenty files of a megabyte that cannot be packed: never more than a few at once."""
        documents = [document() for _ in range(20)]
        for one in documents:
            store_pdf(one, os.urandom(2**20))

        tracemalloc.start()
        try:
            sent = sum(len(piece) for piece in stream_zip([one.pk for one in documents]))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert sent > 20 * 2**20
        assert peak < 8 * 2**20
