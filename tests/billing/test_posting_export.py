"""Postings for an accountant: mapped, re-added, kept as handed out; as CSV and for DATEV."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from billing import tasks
from billing.documents import datev
from billing.documents.datev import Batch, Voucher
from billing.models import AccountMapping, FiscalPeriod, PostingExport, Transfer
from billing.rules.books import BookAccount
from billing.rules.posting_map import External, MappingKey, mapped, unmapped
from billing.services import posting_export, posting_job, sealing
from billing.services.posting_export import NotExportable, Order
from clearinghouse.uuid7 import new_uuid7
from partners.models import Job, Partner, User
from tests.billing.test_books import a_settled_world
from tests.makers import NOON, PartnerUserMaker, StaffMaker, nordlicht, partner_of, voltaire

JANUARY = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NOVEMBER_ENDS_AT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
ONE, OTHER = new_uuid7(), new_uuid7()


class TestMapping:
    ROWS = {
        MappingKey("1300", None, ""): External("10000"),
        MappingKey("1300", ONE, ""): External("10001"),
        MappingKey("2776", None, ""): External("1776"),
        MappingKey("2776", None, "DE"): External("1771", "3"),
        MappingKey("2776", ONE, "DE"): External("1772"),
    }

    @pytest.mark.parametrize(
        ("account", "external"),
        [
            (BookAccount("EUR", "1300", ONE, ""), "10001"),
            (BookAccount("EUR", "1300", OTHER, ""), "10000"),
            (BookAccount("EUR", "2776", OTHER, "DE"), "1771"),
            (BookAccount("EUR", "2776", ONE, "DE"), "1772"),
            (BookAccount("EUR", "2776", OTHER, "NL"), "1776"),
        ],
    )
    def test_the_narrowest_row_wins(self, account, external):
        assert mapped(account, self.ROWS).account == external

    def test_says_what_is_missing(self):
        missing = BookAccount("EUR", "4100", None, "")

        assert unmapped([missing, BookAccount("EUR", "1300", ONE, "")], self.ROWS) == [missing]


class TestDatev:
    BATCH = Batch(
        consultant=29098,
        client=55003,
        year_starts=date(2026, 1, 1),
        account_digits=4,
        first=date(2026, 11, 1),
        last=date(2026, 11, 30),
        made_at=datetime(2027, 1, 5, 10, 0, 1, tzinfo=UTC),
        name='Clearing "November"',
        is_fixed=True,
    )

    def voucher(self, **changes) -> Voucher:
        usual = {
            "debit": External("10001"),
            "credit": External("8400"),
            "amount_minor": 123456,
            "day": date(2026, 11, 5),
            "number": "a-1 b;c",
            "second": "2026-11",
            "text": "ENERGY Nordlicht",
        }
        return Voucher(**(usual | changes))

    def fields(self, content: bytes) -> list[str]:
        [row] = csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";")
        return row

    def test_has_the_header_of_version_700(self):
        first, second, rest = datev.head(self.BATCH).split(b"\r\n")

        assert first.decode("cp1252") == (
            '"EXTF";700;21;"Buchungsstapel";13;20270105100001000;;"RE";"";"";29098;55003;20260101;4;'
            '20261101;20261130;"Clearing ""November""";"";1;0;1;"EUR";;"";;;"";;;"";""'
        )
        assert len(self.fields(first)) == 31
        assert len(datev.COLUMNS) == len(set(datev.COLUMNS)) == 125
        assert second.decode("cp1252").split(";")[13] == "Buchungstext"
        assert datev.COLUMNS[113] == "Festschreibung"
        assert rest == b""

    def test_a_posting_stands_by_position(self):
        line = datev.line(self.voucher(), is_fixed=True)
        row = self.fields(line)

        assert line.startswith(b'1234,56;"S";"EUR";;;"";10001;8400;"";0511;"a-1bc";"2026-11";;')
        assert len(row) == 125
        assert (row[13], row[113]) == ("ENERGY Nordlicht", "1")
        assert line.endswith(b"\r\n")

    def test_the_tax_key_acts_on_the_contra_account(self):
        keyed = {"credit": External("8400", "3")}, {"debit": External("10001", "9")}
        of_credit, of_debit = (
            self.fields(datev.line(self.voucher(**key), is_fixed=False)) for key in keyed
        )

        assert of_credit[1:2] + of_credit[6:9] == ["S", "10001", "8400", "0003"]
        assert of_debit[1:2] + of_debit[6:9] == ["H", "8400", "10001", "0009"]
        both = self.voucher(debit=External("1", "9"), credit=External("2", "3"))
        with pytest.raises(ValueError, match="one a posting"):
            datev.line(both, is_fixed=False)

    def test_letters_that_cp1252_lacks_lose_their_accents(self):
        line = datev.line(self.voucher(text="Łódź \u2013 Žižkov\r\n漢"), is_fixed=False)

        assert '"Lódz \u2013 Žižkov  ?"'.encode("cp1252") in line

    @pytest.mark.parametrize("amount", [0, -1, 10**12])
    def test_refuses_what_does_not_fit(self, amount):
        with pytest.raises(ValueError, match="ten digits"):
            datev.line(self.voucher(amount_minor=amount), is_fixed=False)

    @pytest.mark.parametrize(
        ("account", "key", "told"),
        [("10001", "", ""), ("0815", "", "no zero"), ("A1", "", "digits only"),
         ("100001", "", "more digits"), ("8400", "40x", "BU-Schlüssel")],
    )  # fmt: skip
    def test_says_which_accounts_it_would_refuse(self, account, key, told):
        found = datev.why_not(External(account, key), account_digits=4)

        assert told in found
        assert bool(found) == bool(told)


def map_all() -> None:
    for code, account in (("1300", "10000"), ("4100", "8400")):
        AccountMapping.objects.create(code=code, external_account=account)
    AccountMapping.objects.create(
        code="1300", partner=partner_of(voltaire()), external_account="10001"
    )


def order(format: str = "CSV", **changes) -> Order:
    usual = {
        "environment": "LIVE",
        "currency": "EUR",
        "starts_at": NOVEMBER,
        "ends_at": NOVEMBER_ENDS_AT,
        "made_by": "mia",
    }
    return Order(format=format, **(usual | changes))


@pytest.fixture
def settled(db):
    """Energy of 10.00 and a commission of 1.00, posted and sealed."""
    world = a_settled_world()
    sealing.seal(now=NOON)
    sealing.seal(now=JANUARY)
    return world


class TestExport:
    def test_as_csv_re_adds_to_the_ledger(self, settled):
        map_all()

        [made] = posting_export.export(order(), now=JANUARY)

        text = bytes(made.content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        sums: Counter[str] = Counter()
        for row in rows:
            minor = int(Decimal(row["amount"]) * 100)
            sums[row["debit_external"]] += minor
            sums[row["credit_external"]] -= minor
        assert {row["kind"]: row["amount"] for row in rows} == {
            "ENERGY": "10.00",
            "COMMISSION": "1.00",
        }
        assert sums == {"10001": 1000, "10000": -900, "8400": -100}
        assert (made.rows, made.total_minor) == (2, 1100)
        assert {row["transfer_id"] for row in rows} == {
            str(pk) for pk in Transfer.objects.values_list("pk", flat=True)
        }
        assert {row["supply_month"] for row in rows} == {"2026-11"}

    def test_for_datev_in_files_of_at_most_so_many(self, settled):
        map_all()

        made = posting_export.export(order("DATEV", consultant=29098), now=JANUARY, largest=1)

        assert [one.rows for one in made] == [1, 1]
        assert sum(one.total_minor for one in made) == 1100
        for one in made:
            head, _, line, rest = bytes(one.content).split(b"\r\n")
            assert b";29098;1;20260101;4;20261101;20261130;" in head
            assert rest == b""
            assert line.split(b";")[9] == b"1411"

    def test_says_by_itself_that_a_locked_period_is_fixed(self, settled):
        map_all()
        [made] = posting_export.export(order("DATEV"), now=JANUARY)

        assert b'";"";1;0;0;"EUR"' in bytes(made.content)

    def test_is_kept_as_it_was_made(self, settled):
        map_all()
        [made] = posting_export.export(order(), now=JANUARY)

        AccountMapping.objects.update(external_account="99999")

        assert b"10001" in bytes(PostingExport.objects.get(pk=made.pk).content)

    def test_is_refused_with_what_is_not_mapped(self, settled):
        AccountMapping.objects.create(code="4100", external_account="8400")

        with pytest.raises(NotExportable) as refused:
            posting_export.export(order(), now=JANUARY)

        assert {account.code for account in refused.value.missing} == {"1300"}
        assert len(posting_export.not_mapped("LIVE")) == 2
        assert not PostingExport.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"ends_at": JANUARY + timedelta(days=1)}, "not over"),
            ({"starts_at": NOVEMBER - timedelta(days=60), "ends_at": NOVEMBER}, "Nothing was"),
            ({"currency": "SEK", "format": "DATEV"}, "other currencies as CSV"),
            ({"format": "DATEV", "ends_at": datetime(2027, 1, 2, tzinfo=UTC)}, "one fiscal year"),
            ({"format": "DATEV", "year_starts": date(2026, 12, 1)}, "one fiscal year"),
        ],
    )
    def test_is_refused_with_a_reason(self, settled, changes, told):
        map_all()

        with pytest.raises(NotExportable, match=told):
            posting_export.export(order(**({"format": "CSV"} | changes)), now=JANUARY)

    def test_names_a_mapping_that_datev_does_not_take(self, settled):
        map_all()
        AccountMapping.objects.filter(code="4100").update(external_account="A-8400")

        with pytest.raises(NotExportable, match="4100: A-8400 is no account number"):
            posting_export.export(order("DATEV"), now=JANUARY)
        posting_export.export(order(), now=JANUARY)

    def test_reads_page_by_page(self, settled, monkeypatch):
        map_all()
        monkeypatch.setattr(posting_export, "_AT_ONCE", 1)
        heard = []

        [made] = posting_export.export(
            order(), now=JANUARY, told=lambda done, total: heard.append((done, total))
        )

        assert made.rows == 2
        assert heard[:2] == [(1, 2), (2, 2)]

    def test_a_name_becomes_no_formula(self, settled):
        map_all()
        Partner.objects.filter(pk=partner_of(nordlicht()).pk).update(name="=HYPERLINK(1)")

        [made] = posting_export.export(order(), now=JANUARY)

        assert b";'=HYPERLINK(1)" in bytes(made.content)
        assert b";=HYPERLINK(1)" not in bytes(made.content)


class TestPages:
    def url(self, name: str, *args) -> str:
        return reverse(f"admin:billing_postingexport_{name}", args=args)

    @pytest.fixture
    def period(self, settled):
        return FiscalPeriod.objects.create(
            name="2026-11", starts_at=NOVEMBER, ends_at=NOVEMBER_ENDS_AT
        )

    def form(self, period, **changes) -> dict[str, str]:
        usual = {
            "period": str(period.pk), "format": "DATEV", "currency": "eur",
            "consultant": "29098", "client": "55003", "account_digits": "4",
        }  # fmt: skip
        return usual | changes

    def test_show_what_is_not_mapped_first(self, client, settled):
        client.force_login(StaffMaker())

        shown = client.get(reverse("admin:billing_accountmapping_changelist")).content.decode()

        assert "Not mapped yet: 3" in shown
        assert "?code=4100&amp;partner=" in shown

    def test_make_one_by_a_job_and_download_it(self, client, period):
        with time_machine.travel(JANUARY, tick=False):
            client.force_login(StaffMaker(username="mia"))
            refused = client.post(self.url("make"), self.form(period))
            map_all()
            client.post(self.url("make"), self.form(period))
            job = Job.objects.get(kind=posting_job.KIND)
            tasks.export_postings(job_id=str(job.pk))
            tasks.export_postings(job_id=str(job.pk))
            made = PostingExport.objects.get()
            page = client.get(self.url("change", made.pk)).content.decode()
            file = client.get(self.url("file", made.pk))

        job.refresh_from_db()
        assert "Accounts are not mapped yet. 1300 clearing of a partner" in refused.content.decode()
        assert (job.state, job.result["postings"], job.done, job.total) == ("DONE", 2, 2, 2)
        assert "11.00 EUR" in page
        assert file.content == bytes(made.content)
        assert 'filename="EXTF_Buchungsstapel_20261101-20261130-' in file["Content-Disposition"]
        assert Job.objects.get().title == "Postings 2026-11-01 to 2026-11-30, DATEV"

    def test_a_job_that_died_after_it_had_kept_the_file_makes_no_second(self, client, period):
        map_all()
        with time_machine.travel(JANUARY) as clock:
            client.force_login(StaffMaker(username="mia"))
            client.post(self.url("make"), self.form(period))
            job = Job.objects.get(kind=posting_job.KIND)
            tasks.export_postings(job_id=str(job.pk))
            Job.objects.filter(pk=job.pk).update(state="RUNNING", finished_at=None, result=None)
            clock.shift(timedelta(minutes=5))
            tasks.export_postings(job_id=str(job.pk))

        job.refresh_from_db()
        assert (job.state, PostingExport.objects.count()) == ("DONE", 1)

    def test_partners_and_other_staff_may_not(self, client, period):
        map_all()
        [made] = posting_export.export(order(), now=JANUARY)
        addresses = [self.url("make"), self.url("file", made.pk), self.url("change", made.pk)]
        client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
        assert {client.get(one).status_code for one in addresses} == {302}
        client.force_login(User.objects.create(username="clerk", is_staff=True))
        assert {client.get(one).status_code for one in addresses} == {403}
