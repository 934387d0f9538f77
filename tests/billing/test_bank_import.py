"""A bank's file is taken in once, whatever repeats it, and what is refused is kept."""

import io
import json
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from billing.messages.bank_file import NotImportable
from billing.models import BankEntry, BankException, BankFile, BankMatch, StatementGap, Transfer
from billing.services.bank import gaps
from billing.services.bank.importing import Received, import_file
from billing.services.bank.matching import match_all
from partners.models import AuditEvent
from tests.billing.camt_files import Batch, Payment, Statement, camt053, camt054
from tests.billing.test_camt import READ, REFUSED, SAMPLES, needs_samples
from tests.billing.test_clearing_beside_closing import InThread

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 2, 20, 7, 0, tzinfo=UTC)
PAID = Payment(minor=7520, reference="BK-1", remittance="thanks", debtor=("C", "NL1"))
BATCH = Batch(payments=(Payment(minor=300), Payment(minor=200)), reference="BK-2")


def taken(content: bytes, *, now: datetime = NOW):
    received = Received(content=content, name="a.xml", environment="LIVE", by="olga")
    return import_file(received, now=now)


def known() -> list[tuple[str, int]]:
    rows = BankEntry.objects.order_by("entry_key")
    return [
        (row.entry_key, row.amount_minor if row.is_credit else -row.amount_minor) for row in rows
    ]


def test_which_environment_a_file_is_of_has_to_be_said(admin_client):
    """Taken for one of TEST, a real statement matches nothing, and nobody sees why."""
    page = reverse("admin:billing_bankstatement_import")
    content = camt053(Statement(number=1, opening=0, entries=(PAID,)))

    def posted(**fields: str):
        file = SimpleUploadedFile("a.xml", content)
        return admin_client.post(page, {"file": file} | fields, follow=True)

    assert "This field is required." in posted().content.decode()
    assert not BankFile.objects.exists()
    said = [str(message) for message in posted(environment="LIVE").context["messages"]]
    assert said == [
        "1 payments are new, 0 were known; 0 matched, 1 wait for a person under Exceptions."
    ]
    listed = admin_client.get(reverse("admin:billing_bankexception_changelist"))
    assert "LIVE" in listed.content.decode()


class TestOnce:
    def test_each_payment_is_a_row(self):
        done = taken(camt053(Statement(number=1, opening=0, entries=(PAID, BATCH))))

        assert known() == [("BK-1/0", 7520), ("BK-2/0", 300), ("BK-2/1", 200)]
        assert (done.added, done.duplicates) == (3, 0)

    def test_the_same_file_changes_nothing(self):
        content = camt053(Statement(number=1, opening=0, entries=(PAID, BATCH)))
        taken(content)

        again = taken(content)

        assert (again.added, again.duplicates) == (0, 3)
        assert BankFile.objects.count() == 1
        assert len(known()) == 3

    def test_the_notification_and_the_statement_are_one_money(self):
        statement = Statement(number=1, opening=0, entries=(PAID, BATCH))
        taken(camt054(statement))

        again = taken(camt053(statement))

        assert (again.added, again.duplicates) == (0, 3)
        assert len(known()) == 3

    def test_another_file_over_the_same_days_adds_only_what_is_new(self):
        taken(camt053(Statement(number=1, opening=0, entries=(PAID,))))

        more = taken(camt053(Statement(number=1, opening=0, entries=(PAID, BATCH), name="S2")))

        assert (more.added, more.duplicates) == (2, 1)

    def test_equal_payments_without_a_reference_stay_two(self):
        twice = (Payment(minor=7520), Payment(minor=7520))
        content = camt053(Statement(number=1, opening=0, entries=twice))

        assert taken(content).added == 2
        assert taken(camt054(Statement(number=1, opening=0, entries=twice))).duplicates == 2

    def test_a_reference_that_the_bank_uses_again_loses_no_money(self):
        taken(camt053(Statement(number=1, opening=0, entries=(PAID,))))
        other = Payment(minor=9900, reference="BK-1")
        content = camt053(Statement(number=2, opening=7520, entries=(other,)))

        assert taken(content).added == 1
        assert sorted(minor for _, minor in known()) == [7520, 9900]
        later = camt053(Statement(number=2, opening=7520, entries=(other,), name="again"))
        assert taken(later).duplicates == 1

    def test_the_parts_of_a_batch_replace_its_sum_until_it_is_used(self):
        sum_only = Batch(payments=BATCH.payments, reference="BK-2", minor=500)
        whole = camt053(Statement(number=1, opening=0, entries=(sum_only,)))
        text = whole.decode().replace("3.00</Amt><CdtDbt", "2.99</Amt><CdtDbt")
        taken(text.encode())
        assert known() == [("BK-2/whole", 500)]

        taken(camt054(Statement(number=1, opening=0, entries=(BATCH,))))
        taken(whole)

        rows = {row.entry_key: row.state for row in BankEntry.objects.all()}
        assert rows == {"BK-2/whole": "SET_ASIDE", "BK-2/0": "NEW", "BK-2/1": "NEW"}

    def test_announced_and_empty_entries_are_no_rows(self):
        zero = Payment(minor=0, reference="BK-0")
        announced = Payment(minor=100, status="PDNG", reference="BK-9")
        taken(camt053(Statement(number=1, opening=0, entries=(zero, announced))))

        assert known() == []

    def test_trial_and_live_are_apart(self):
        content = camt053(Statement(number=1, opening=0, entries=(PAID,)))
        taken(content)
        received = Received(content=content, name="a.xml", environment="TEST", by="olga")

        assert import_file(received, now=NOW).added == 1


class TestRefused:
    def test_is_kept_with_its_reason(self):
        broken = camt053(Statement(number=1, opening=0, entries=(PAID,), closing=1))

        for _ in range(2):
            with pytest.raises(NotImportable):
                taken(broken)

        file = BankFile.objects.get()
        assert bytes(file.content) == broken
        assert file.refusal["code"] == "BALANCE_DOES_NOT_ADD_UP"
        assert not BankEntry.objects.exists()

    def test_a_statement_that_does_not_follow_the_one_before(self):
        taken(camt053(Statement(number=1, opening=0, entries=(PAID,))))

        with pytest.raises(NotImportable, match="BALANCE_DOES_NOT_FOLLOW"):
            taken(camt053(Statement(number=2, opening=7521)))

        assert taken(camt053(Statement(number=2, opening=7520))).statements


class TestMissingStatements:
    def take_numbers(self, *numbers: int):
        for number in numbers:
            taken(camt053(Statement(number=number, opening=0, name=f"S{number}")))

    def missing(self) -> list[int]:
        rows = StatementGap.objects.filter(ended_at__isnull=True).order_by("number")
        return [int(row.number) for row in rows]

    @pytest.mark.parametrize(
        ("numbers", "missing"),
        [
            ((7,), []),
            ((7, 8, 9), []),
            ((7, 9), [8]),
            ((7, 10), [8, 9]),
            ((7, 10, 9), [8]),
            ((7, 10, 9, 8, 11), []),
            ((9, 7, 8, 10), []),
            ((250, 1, 2), []),
            ((250, 1, 3), [2]),
            ((7, 70_000), [69_999]),
        ],
    )
    def test_are_told_until_they_come(self, numbers, missing):
        self.take_numbers(*numbers)

        assert self.missing() == missing

    def test_stop_the_matching_of_their_account(self):
        self.take_numbers(7)
        taken(camt053(Statement(number=9, opening=0, entries=(PAID,))))

        stopped = match_all("LIVE", by="olga", now=NOW)

        assert (stopped.exceptions, len(stopped.stopped)) == (0, 1)
        assert BankEntry.objects.get().state == "NEW"
        self.take_numbers(8)
        assert match_all("LIVE", by="olga", now=NOW).exceptions == 1

    def test_or_until_a_person_says_why(self):
        self.take_numbers(7, 9)
        gap = StatementGap.objects.get()

        gaps.explain(gap.pk, reason="the bank skipped it, by letter", by="olga", now=NOW)

        assert self.missing() == []
        assert AuditEvent.objects.get(action="statement_gap.explained").actor == "olga"
        with pytest.raises(gaps.NotMissing, match="by letter"):
            gaps.explain(gap.pk, reason="once more", by="olga", now=NOW)

    def test_of_another_account_does_not_matter(self):
        self.take_numbers(7, 9)
        other = Statement(number=3, opening=0, entries=(PAID,), iban="NL91ABNA0417164300")
        taken(camt053(other))

        assert match_all("LIVE", by="olga", now=NOW).exceptions == 1


def test_an_account_that_is_not_ours_waits_and_posts_nothing():
    taken(camt053(Statement(number=1, opening=0, entries=(PAID,))))

    first = match_all("LIVE", by="olga", now=NOW)
    again = match_all("LIVE", by="olga", now=NOW)

    assert (first.exceptions, again.exceptions) == (1, 0)
    assert BankException.objects.get().code == "ACCOUNT_UNKNOWN"
    assert not BankMatch.objects.exists()
    assert not Transfer.objects.exists()


def run(path, *arguments: str) -> tuple[int, dict]:
    out = io.StringIO()
    try:
        call_command("import_bank_statement", str(path), "--json", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


class TestCommand:
    def test_tells_what_it_took_in(self, tmp_path):
        path = tmp_path / "bank.xml"
        path.write_bytes(camt053(Statement(number=1, opening=100, entries=(PAID, BATCH))))

        first, again = run(path), run(path)

        assert first == (
            0,
            {
                "file": "bank.xml",
                "statements": [
                    {
                        "iban": "DE89370400440532013000",
                        "currency": "EUR",
                        "opening_minor": 100,
                        "closing_minor": 8120,
                        "entries": 2,
                        "credit_minor": 8020,
                        "debit_minor": 0,
                    }
                ],
                "matched": 0,
                "exceptions": 3,
                "duplicates": 0,
            },
        )
        assert again[1] == first[1] | {"exceptions": 0, "duplicates": 3}

    def test_refuses_with_a_code(self, tmp_path):
        path = tmp_path / "bank.xml"
        path.write_bytes(b"<html/>")

        returned, told = run(path)

        assert (returned, told["error"]["code"]) == (2, "NOT_A_BANK_STATEMENT")
        assert run(tmp_path / "absent.xml")[1]["error"]["code"] == "FILE_NOT_READABLE"

    def test_tells_people_too(self, tmp_path, capsys):
        path = tmp_path / "bank.xml"
        path.write_bytes(camt053(Statement(number=1, opening=0, entries=(PAID,))))

        call_command("import_bank_statement", str(path))

        assert "75.20 EUR in, 0.00 EUR out" in capsys.readouterr().out

    @needs_samples
    @pytest.mark.parametrize("name", READ)
    def test_imports_the_samples_of_banks_twice(self, name):
        first, again = run(SAMPLES / name), run(SAMPLES / name)

        assert [
            (
                one["currency"],
                one["opening_minor"],
                one["closing_minor"],
                one["entries"],
                one["credit_minor"],
                one["debit_minor"],
            )
            for one in first[1]["statements"]
        ] == READ[name]
        rows = BankEntry.objects.count()
        assert (first[0], first[1]["exceptions"], first[1]["duplicates"]) == (0, rows, 0)
        assert again[1] == first[1] | {"exceptions": 0, "duplicates": rows}
        moved = sum(one["credit_minor"] + one["debit_minor"] for one in first[1]["statements"])
        assert sum(abs(minor) for _, minor in known()) == moved

    @needs_samples
    @pytest.mark.parametrize("name", REFUSED)
    def test_refuses_the_broken_samples(self, name):
        returned, told = run(SAMPLES / name)

        assert (returned, told["error"]["code"]) == (2, REFUSED[name])
        assert BankFile.objects.get().refusal["code"] == REFUSED[name]


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_take_each_payment_once():
    content = camt053(Statement(number=1, opening=0, entries=(PAID, BATCH)))

    def work():
        return taken(content).added, match_all("LIVE", by="olga", now=NOW).exceptions

    both = [InThread(work) for _ in range(2)]

    done = [one.result() for one in both]
    assert sorted(added for added, _ in done) == [0, 3]
    assert sum(exceptions for _, exceptions in done) == 3
    assert len(known()) == 3
