"""My payments in the portal: own instructions, positions and account changes, nobody else's."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from billing.models import Document, DocumentFile, Instruction, PaymentFile
from billing.services.bank import dunning
from billing.services.payments import approving, exporting
from billing.services.payments.proposing import Wanted, propose
from billing.services.statements import render_document
from clearinghouse.uuid7 import new_uuid7
from partners.models import BankDetailChange
from tests.billing.payment_world import FINAL, IBANS, pay_in, position_of, settled, staff
from tests.makers import PartnerMaker, PartnerUserMaker

pytestmark = pytest.mark.django_db

# A day after what the settlement comes to was due.
LATE = datetime(2027, 2, 19, 9, 0, tzinfo=UTC)
PAGE, ACCOUNT = reverse("portal:payments"), reverse("portal:account")
NEW = {"currency": "EUR", "holder": "A B.V.", "iban": "NL20INGB0001234567", "reason": "new bank"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(FINAL, tick=False):
        yield


@pytest.fixture
def world():
    partners, settlement = settled()
    Instruction.objects.create(
        id=new_uuid7(),
        settlement=settlement,
        place=1,
        payer=partners["B"],
        payee=partners["A"],
        currency="EUR",
        amount_minor=60_080,
    )
    return partners, settlement


def log_in(client, partner, name="finance"):
    user = PartnerUserMaker(partner=partner, username=name, email=f"{name}@a.example")
    client.force_login(user)
    return user


def text(client, url=PAGE) -> str:
    return client.get(url).content.decode()


def test_both_sides_read_amount_reference_and_due_date(client, world):
    partners, _ = world
    log_in(client, partners["B"])
    paying = text(client)
    log_in(client, partners["A"], "other")
    paid = text(client)

    for page in (paying, paid):
        assert "600.80" in page
        assert "ST-2027-000002" in page  # of the payer, whoever reads it
        assert "18 February 2027" in page
    assert "You pay" in paying
    assert "You are paid" in paid


def test_a_stranger_reads_nothing(client, world):
    log_in(client, PartnerMaker(name="Stranger"))

    page = text(client)

    assert "600.80" not in page
    assert "Nothing to pay or to be paid" in page


def test_where_the_house_pays_positions_and_payments_are_told(client, world, settings):
    partners, settlement = world
    settings.MONEY_FLOW = "PI_PARTNER"
    pay_in(position_of(settlement, partners["B"]), 64_213)
    pay_in(position_of(settlement, partners["C"]), 7520)
    mia, kai = staff("mia"), staff("kai")
    wanted = Wanted(settlement=settlement, kind=PaymentFile.Kind.CREDIT_TRANSFER)
    file = propose(wanted, reason="January", maker=mia, now=FINAL)
    log_in(client, partners["A"])
    assert "ST-2027-000001-1" not in text(client)  # proposed is not yet told

    approving.approve(file.pk, reason="seen", checker=kai, now=FINAL)
    exporting.export(file.pk, by=mia, now=FINAL)

    page = text(client)
    assert "ST-2027-000001-1" in page
    assert "+600.80" in page
    assert "January 2027" in page
    assert IBANS["A"] not in page
    statement = Document.objects.get(number="ST-2027-000001")
    link = reverse("portal:statement-pdf", args=[statement.pk])
    assert link not in page  # not rendered yet
    DocumentFile.objects.create(
        document=statement,
        media_type="application/pdf",
        content=b"%PDF",
        sha256=sha256(b"%PDF").hexdigest(),
        size_bytes=4,
        rendered_at=FINAL,
    )
    assert link in text(client)
    log_in(client, partners["C"], "other")
    assert "600.80" not in text(client)


def test_a_new_account_is_asked_for_and_withdrawn(
    client, world, django_capture_on_commit_callbacks
):
    partners, _ = world
    user = log_in(client, partners["A"])
    user.date_joined = FINAL.replace(year=2026)
    user.save()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(ACCOUNT, NEW)

    change = BankDetailChange.objects.get()
    assert (change.partner, change.state, change.requested_by) == (
        partners["A"],
        "REQUESTED",
        "finance",
    )
    assert user.email in {to for letter in mail.outbox for to in letter.to}
    page = text(client)
    assert "NL … 4567" in page
    assert NEW["iban"] not in page
    withdraw = reverse("portal:account-withdraw", args=[change.pk])

    log_in(client, partners["B"], "other")
    assert client.post(withdraw).status_code == 404
    client.force_login(user)
    client.post(withdraw)
    change.refresh_from_db()
    assert change.state == "WITHDRAWN"


def test_a_wrong_iban_is_told(client, world):
    log_in(client, world[0]["A"])

    answer = client.post(ACCOUNT, NEW | {"iban": "NL21INGB0001234567"})

    assert answer.status_code == 422
    assert "IBAN or BIC is wrong" in answer.content.decode()
    assert not BankDetailChange.objects.exists()


def test_letters_about_late_payment_are_listed_for_the_debtor_alone(client, world, settings):
    partners, settlement = world
    settings.MONEY_FLOW = "PI_PARTNER"
    dunning.dun(settlement, now=LATE)
    letter = Document.objects.get(kind="DUNNING", partner=partners["C"])
    pdf = reverse("portal:statement-pdf", args=[letter.pk])
    log_in(client, partners["C"])
    before = text(client)
    assert client.get(pdf).status_code == 404

    render_document(letter, now=LATE)

    page = text(client)
    assert "being made" in before
    assert pdf not in before
    for told in (pdf, letter.number, "Payment reminder", "19 February 2027", "75.20"):
        assert told in page, told
    assert client.get(pdf).content.startswith(b"%PDF")
    # A is owed money, and the stranger has nothing to do with it.
    for number, other in enumerate((partners["A"], PartnerMaker(name="Stranger"))):
        log_in(client, other, f"other{number}")
        told = text(client)
        assert letter.number not in told
        assert "Letters about late payment" not in told
        assert client.get(pdf).status_code == 404
