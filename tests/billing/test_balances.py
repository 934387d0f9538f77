"""Balance confirmations: what the sealed books say, asked in a language, answered once."""

import hashlib
import io
import json
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from pypdf import PdfReader

from billing.models import BalanceConfirmation, Document, DocumentMail, Transfer
from billing.queries_books import NotCompleteYet
from billing.services import balances, sealing, statements
from billing.services.balances import Answer, AnswerRefused
from partners.models import AuditEvent, PartnerFacts, User
from tests.billing.portal_world import person_of
from tests.billing.rendering import render_missing
from tests.billing.test_books import a_settled_world
from tests.makers import NOON, StaffMaker, fjell, later, laterne, nordlicht, partner_of, voltaire
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db

API = "/api/v1/balance-confirmations/"
JANUARY = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(JANUARY, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def quick_secrets(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def asked() -> dict[str, BalanceConfirmation]:
    """Nordlicht gets 9.00 and Voltaire pays 10.00; the house's 1.00 asks nobody."""
    a_settled_world()
    sealing.seal(now=NOON)
    rows = balances.ask_all(as_of=NOON, environment="LIVE", now=JANUARY)
    return {row.partner.name: row for row in rows}


def text(response) -> str:
    return response.content.decode()


class TestAsking:
    def test_says_what_the_ledger_says(self, asked):
        found = {name: row.balance_minor for name, row in asked.items()}
        summed: dict[str, int] = {"Nordlicht": 0, "Voltaire": 0}
        for transfer in Transfer.objects.select_related(
            "debit_account__partner", "credit_account__partner"
        ):
            for account, sign in ((transfer.debit_account, -1), (transfer.credit_account, 1)):
                if account.partner.name in summed and account.code in ("1300", "1390", "2390"):
                    summed[account.partner.name] += sign * transfer.amount_minor

        assert found == summed == {"Nordlicht": 900, "Voltaire": -1000}
        for row in asked.values():
            content = row.document.content
            assert content["balance_minor"] == row.balance_minor
            assert sum(line["balance_minor"] for line in content["lines"]) == row.balance_minor

    def test_is_numbered_without_gaps_and_asked_once(self, asked):
        again = balances.ask_all(as_of=NOON, environment="LIVE", now=JANUARY)
        sealing.seal(now=later(hours=1))
        next_one = balances.ask_all(as_of=later(hours=1), environment="LIVE", now=JANUARY)

        assert again == []
        numbers = [row.document.number for row in [*asked.values(), *next_one]]
        assert sorted(numbers) == [f"BC-2027-00000{n}" for n in range(1, 5)]

    def test_waits_for_the_seal(self):
        a_settled_world()
        sealing.seal(now=NOON)

        with pytest.raises(NotCompleteYet):
            balances.ask_all(as_of=later(seconds=1), environment="LIVE", now=JANUARY)
        assert not Document.objects.filter(kind="BALANCE").exists()

    def test_queues_a_letter_where_an_address_is_known(self):
        a_settled_world()
        sealing.seal(now=NOON)
        facts = PartnerFacts.objects.filter(partner=partner_of(nordlicht()))
        facts.update(finance_email="books@nordlicht.example", language="de")

        [own] = [
            row
            for row in balances.ask_all(as_of=NOON, environment="LIVE", now=JANUARY)
            if row.partner.name == "Nordlicht"
        ]

        letter = DocumentMail.objects.get()
        assert (letter.recipient, letter.language) == ("books@nordlicht.example", "de")
        DocumentMail.objects.update(state="SENT", next_attempt_at=None)
        assert balances.remind(own, now=JANUARY) == 1
        letter.refresh_from_db()
        assert letter.state == "QUEUED"


class TestPdf:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", ["Balance confirmation", "In our books you receive", "+9.00"]),
            ("de", ["Saldenbestätigung", "erhalten Sie", "+9,00"]),
            ("fr", ["Confirmation de solde", "vous recevez", "+9,00"]),
        ],
    )
    def test_speaks_the_partners_language(self, language, words):
        a_settled_world()
        sealing.seal(now=NOON)
        PartnerFacts.objects.filter(partner=partner_of(nordlicht())).update(language=language)
        rows = balances.ask_all(as_of=NOON, environment="LIVE", now=JANUARY)
        [document] = [row.document for row in rows if row.partner.name == "Nordlicht"]

        file = statements.render_document(document, now=JANUARY)

        pdf = PdfReader(io.BytesIO(bytes(file.content)))
        told = " ".join(page.extract_text() for page in pdf.pages)
        assert len(pdf.pages) == 1
        assert all(word in told for word in [*words, "BC-2027-00000", "1300"]), told
        again = statements._render(document)
        assert hashlib.sha256(again).hexdigest() == file.sha256

    def test_is_rendered_with_what_is_missing(self, asked):
        assert render_missing(now=JANUARY) >= 2
        assert all(row.document.files.exists() for row in asked.values())


class TestAnswers:
    def test_agrees(self, asked):
        row = balances.answer(asked["Voltaire"].pk, Answer(agrees=True), by="finance", now=JANUARY)

        assert (row.state, row.answered_by, row.own_balance_minor) == (
            "CONFIRMED", "finance", None,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            (Answer(agrees=False), "BALANCE_WITHOUT_REASON"),
            (Answer(agrees=False, own_balance_minor=1), "BALANCE_WITHOUT_REASON"),
            (Answer(agrees=False, own_balance_minor=1, text="  "), "BALANCE_WITHOUT_REASON"),
            (Answer(agrees=True, own_balance_minor=1), "BALANCE_BOTH_WAYS"),
            (Answer(agrees=False, own_balance_minor=-1000, text="t"), "BALANCE_IS_THE_SAME"),
            (Answer(agrees=True, text="x" * 2001), "BALANCE_TEXT_TOO_LONG"),
        ],
    )
    def test_says_what_is_wrong(self, asked, said, code):
        with pytest.raises(AnswerRefused) as refused:
            balances.answer(asked["Voltaire"].pk, said, by="finance", now=JANUARY)

        assert refused.value.code == code

    @pytest.mark.violates("balance_is_answered_once")
    def test_stands(self, asked):
        pk = asked["Voltaire"].pk
        balances.answer(pk, Answer(agrees=True), by="finance", now=JANUARY)

        with pytest.raises(AnswerRefused, match="answered before"):
            balances.answer(pk, Answer(agrees=True), by="finance", now=JANUARY)
        with pytest.raises(IntegrityError, match="stands"), transaction.atomic():
            BalanceConfirmation.objects.filter(pk=pk).update(answer="something else")


class TestApi:
    def answer(self, system, row, **body):
        return system.post(f"{API}{row.pk}/answer/", json.dumps(body).encode())

    def test_reads_and_answers_its_own(self, asked):
        system, own = PartnerSystem(voltaire()), asked["Voltaire"]
        render_missing(now=JANUARY)

        [row] = system.get(API).json()["results"]
        told = self.answer(system, own, agrees=False, own_balance_minor=-900, text="1.00 is paid")
        twice = self.answer(system, own, agrees=True)
        pdf = system.get(row["pdf"])

        assert (row["balance_minor"], row["state"], row["currency"]) == (-1000, "ASKED", "EUR")
        assert told.status_code == 200
        assert told.json() | {"state": "DIFFERS", "own_balance_minor": -900} == told.json()
        assert told.json()["answered_by"] == "client backend"
        assert (twice.status_code, twice.json()["code"]) == (409, "BALANCE_ANSWERED")
        assert pdf.content.startswith(b"%PDF")
        assert system.get(API, state="ASKED").json()["results"] == []
        assert system.get(f"{API}{own.pk}/").json()["text"] == "1.00 is paid"
        assert system.get(API, state="X").json()["code"] == "PARAMETERS_INVALID"

    def test_says_what_is_wrong(self, asked):
        system, own = PartnerSystem(voltaire()), asked["Voltaire"]

        assert self.answer(system, own, agrees=False).status_code == 422
        assert self.answer(system, own, agrees="perhaps").status_code == 400
        assert system.get(f"{API}{own.pk}/pdf").json()["code"] == "PDF_NOT_RENDERED"

    @pytest.mark.parametrize("party", [laterne, fjell, nordlicht])
    def test_a_stranger_sees_nothing(self, asked, party):
        own = asked["Voltaire"]
        system = PartnerSystem(party())

        assert own.document.number not in text(system.get(API))
        assert system.get(f"{API}{own.pk}/").status_code == 404
        assert system.get(f"{API}{own.pk}/pdf").status_code == 404
        assert self.answer(system, own, agrees=True).status_code == 404
        own.refresh_from_db()
        assert own.state == "ASKED"

    def test_a_reader_answers_nothing(self, asked):
        system = PartnerSystem(voltaire(), scopes=["settlement:read"])

        assert self.answer(system, asked["Voltaire"], agrees=True).status_code == 403


class TestPortal:
    def test_answers_in_my_books(self, client, asked):
        own = asked["Voltaire"]
        render_missing(now=JANUARY)
        client.force_login(person_of(partner_of(voltaire())))
        url = reverse("portal:balance", args=[own.pk])
        listed = text(client.get(reverse("portal:books")))
        wrong = client.post(url, {"agrees": "no", "amount": "-9.0001"})
        done = client.post(
            url, {"agrees": "no", "amount": "-9.00", "text": "1.00 is paid"}, follow=True
        )

        assert url in listed
        assert own.document.number in listed
        assert wrong.status_code == 422
        assert "no such small amounts" in text(wrong)
        assert "You hold" in text(done)
        own.refresh_from_db()
        assert (own.state, own.own_balance_minor) == ("DIFFERS", -900)
        assert client.get(reverse("portal:balance-pdf", args=[own.pk])).status_code == 200
        assert AuditEvent.objects.filter(action="balance_confirmation.downloaded").exists()

    def test_a_stranger_sees_nothing(self, client, asked):
        client.force_login(person_of(partner_of(laterne())))
        row = asked["Voltaire"]

        assert row.document.number not in text(client.get(reverse("portal:books")))
        for name in ("balance", "balance-pdf"):
            assert client.get(reverse(f"portal:{name}", args=[row.pk])).status_code == 404


class TestStaff:
    def url(self, name: str, *args) -> str:
        return reverse(f"admin:billing_balanceconfirmation_{name}", args=args)

    def test_asks_all_and_reads_the_answers(self, client):
        a_settled_world()
        sealing.seal(now=NOON)
        sealing.seal(now=JANUARY)
        client.force_login(StaffMaker())
        form = {"as_of": "2027-01-01T00:00", "environment": "LIVE"}

        shown = client.get(self.url("ask"))
        done = client.post(self.url("ask"), form, follow=True)
        again = client.post(self.url("ask"), form)

        assert 'value="2027-01-01T00:00"' in text(shown)
        assert "2 confirmations are issued" in text(done)
        assert "Nobody was asked" in text(again)
        row = BalanceConfirmation.objects.get(partner__name="Voltaire")
        assert "Silence is no consent" in text(client.get(self.url("change", row.pk)))
        reminded = client.post(self.url("remind", row.pk), follow=True)
        assert "No address is on file" in text(reminded)
        balances.answer(
            row.pk, Answer(agrees=False, own_balance_minor=-900, text="1.00 is paid"),
            by="finance", now=JANUARY,
        )  # fmt: skip
        told = text(client.get(self.url("change", row.pk)))
        assert "1.00 is paid" in told
        assert "1.00 EUR" in told
        assert AuditEvent.objects.filter(action="balance_confirmation.asked").count() == 2

    def test_others_may_not(self, client, asked):
        row = asked["Voltaire"]
        client.force_login(User.objects.create(username="clerk", is_staff=True))

        for url in (self.url("ask"), self.url("remind", row.pk), self.url("change", row.pk)):
            assert client.get(url).status_code == 403
