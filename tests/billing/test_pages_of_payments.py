"""Payment files and mandates as staff sees them, and who may not."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.models import DebitMandate, Payment, PaymentFile
from billing.services.payments import approving
from partners.models import AuditEvent, User
from partners.services.approvals import NotDecidable
from tests.billing.payment_world import FINAL, IBANS, a_mandate, pay_in, position_of, settled
from tests.billing.test_pain002 import report, why
from tests.makers import LONG_AGO, PartnerUserMaker

pytestmark = pytest.mark.django_db

LIST = reverse("admin:billing_paymentfile_changelist")


BEFORE_THE_ACCOUNT = LONG_AGO - timedelta(days=1)


def proposing_pages(settlement) -> list[str]:
    kinds = [reverse("admin:billing_paymentfile_choose")]
    return kinds + [
        reverse("admin:billing_paymentfile_propose", args=[settlement.pk, kind])
        for kind in PaymentFile.Kind.values
    ]


def person(name: str, *rights: str, **fields: object) -> User:
    user = User.objects.create(username=name, is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture(autouse=True)
def world(settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    settings.SEPA_CREDITOR_ID = "DE98ZZZ09999999999"
    with time_machine.travel(FINAL, tick=False):
        partners, settlement = settled()
        pay_in(position_of(settlement, partners["B"]), 64_213)
        pay_in(position_of(settlement, partners["C"]), 7520)
        yield settlement


@pytest.fixture
def finance() -> User:
    """May propose and export; no approver."""
    return person("mia", "view_paymentfile", "change_paymentfile", "view_payment")


@pytest.fixture
def approver() -> User:
    return person("kai", "view_paymentfile", "approve_paymentfile")


def act(file: PaymentFile, name: str) -> str:
    return reverse(f"admin:billing_paymentfile_{name}", args=[file.pk])


def proposed(client, settlement, finance) -> PaymentFile:
    client.force_login(finance)
    url = reverse("admin:billing_paymentfile_propose", args=[settlement.pk, "CREDIT_TRANSFER"])
    client.post(url, {"reason": "January"})
    return PaymentFile.objects.get()


class TestTheWay:
    def test_from_the_settlement_to_the_bank_and_back(self, client, world, finance, approver):
        client.force_login(finance)
        assert "600.80" in client.get(reverse("admin:billing_paymentfile_choose")).content.decode()
        file = proposed(client, world, finance)
        shown = client.get(reverse("admin:billing_paymentfile_change", args=[file.pk]))
        assert "a second person must approve" in shown.content.decode()
        assert file.content_sha256 in shown.content.decode()
        assert client.get(act(file, "file")).status_code == 404

        client.force_login(approver)
        client.post(act(file, "approve"), {"reason": "compared"})
        client.force_login(finance)
        client.post(act(file, "export"), {"reason": "to the bank"})
        answer = client.get(act(file, "file"))

        assert answer.content == bytes(file.content)
        assert AuditEvent.objects.filter(action="payment_file.downloaded").count() == 1
        content = report(f"<GrpSts>RJCT</GrpSts>{why('AC04')}")
        upload = SimpleUploadedFile(
            "status.xml", content.replace(b">M1<", f">{file.message_id}<".encode())
        )
        client.post(reverse("admin:billing_paymentfile_report"), {"file": upload})
        payment = Payment.objects.get()
        page = client.get(reverse("admin:billing_payment_change", args=[payment.pk]))
        assert "AC04" in page.content.decode()
        assert "Ask the partner for a new one" in page.content.decode()
        assert IBANS["A"] not in page.content.decode()

    def test_says_what_is_done_instead_where_partners_pay_each_other(
        self, client, world, finance, settings
    ):
        settings.MONEY_FLOW = "INSTRUCTION_ONLY"
        client.force_login(finance)
        for url in proposing_pages(world):
            page = client.get(url).content.decode()
            assert "partners pay each other" in page
            assert reverse("admin:billing_instruction_changelist") in page

    def test_says_that_the_house_has_no_account(self, client, world, finance):
        client.force_login(finance)
        assert "has no bank account" not in client.get(proposing_pages(world)[0]).content.decode()
        with time_machine.travel(BEFORE_THE_ACCOUNT):
            client.force_login(finance)
            page = client.get(proposing_pages(world)[0]).content.decode()
        assert "The clearing house has no bank account in EUR" in page
        assert reverse("admin:partners_bankaccount_changelist") in page

    def test_says_what_a_file_without_payments_waits_for(self, client, world, finance):
        client.force_login(finance)
        page = client.get(proposing_pages(world)[2]).content.decode()
        assert "Nothing to propose yet" in page
        assert "Statements of account" in page

    def test_of_the_day_stand_on_the_first_page(self, client, world, finance, approver):
        file = proposed(client, world, finance)
        client.force_login(approver)
        page = client.get(reverse("admin:index")).content.decode()
        assert reverse("admin:billing_paymentfile_change", args=[file.pk]) in page
        assert "mia asked: a second person approves" in page
        approving.approve(file.pk, reason="compared", checker=approver, now=FINAL)
        assert (
            "export it and hand it to the bank"
            in client.get(reverse("admin:index")).content.decode()
        )

    def test_an_answer_that_is_none_is_told_at_the_field(self, client, finance):
        client.force_login(finance)
        upload = SimpleUploadedFile("status.xml", b"no xml")

        page = client.post(reverse("admin:billing_paymentfile_report"), {"file": upload})

        assert "Nothing was imported. It is no XML" in page.content.decode()

    def test_lists_cost_a_bounded_number_of_queries(
        self, client, world, finance, django_assert_max_num_queries
    ):
        proposed(client, world, finance)

        with django_assert_max_num_queries(12):
            client.get(LIST)


class TestWhoMayNot:
    def test_finance_without_the_approvers_right_approves_nothing(self, client, world, finance):
        file = proposed(client, world, finance)
        client.force_login(person("eva", "view_paymentfile", "change_paymentfile"))

        for name in ("approve", "refuse"):
            assert client.post(act(file, name), {"reason": "let me"}).status_code == 403
        file.refresh_from_db()
        assert file.state == "DRAFT"

    def test_an_approver_proposes_and_exports_nothing(self, client, world, finance, approver):
        file = proposed(client, world, finance)
        client.force_login(approver)

        for name in ("export", "cancel", "again"):
            assert client.post(act(file, name), {"reason": "let me"}).status_code == 403
        assert client.get(act(file, "file")).status_code == 403
        assert client.get(reverse("admin:billing_paymentfile_choose")).status_code == 403

    def test_who_proposed_it_cannot_approve_it_with_every_right(self, client, world):
        both = person("max", "approve_paymentfile", is_superuser=True)
        file = proposed(client, world, both)

        page = client.post(act(file, "approve"), {"reason": "mine"})

        file.refresh_from_db()
        assert file.state == "DRAFT"
        assert page.status_code == 200

    def test_a_superuser_who_is_no_approver_approves_nothing(self, client, world, finance):
        file = proposed(client, world, finance)
        root = person("root", is_superuser=True)
        client.force_login(root)

        for name in ("approve", "refuse"):
            assert client.post(act(file, name), {"reason": "I may do all"}).status_code == 403
        with pytest.raises(NotDecidable, match="being a superuser"):
            approving.approve(file.pk, reason="I may do all", checker=root, now=FINAL)
        file.refresh_from_db()
        assert file.state == "DRAFT"

    def test_people_of_partners_see_none_of_it(self, client, world, finance):
        file = proposed(client, world, finance)
        client.force_login(PartnerUserMaker(username="p"))

        urls = [
            LIST,
            act(file, "change"),
            act(file, "file"),
            act(file, "approve"),
            reverse("admin:billing_payment_changelist"),
            reverse("admin:billing_debitmandate_changelist"),
            reverse("admin:billing_paymentfile_report"),
        ]
        assert {client.get(url).status_code for url in urls} == {302}

    def test_a_reader_changes_nothing(self, client, world, finance):
        file = proposed(client, world, finance)
        client.force_login(person("ann", "view_paymentfile"))

        assert client.get(act(file, "change")).status_code == 200
        for name in ("approve", "export", "cancel"):
            assert client.get(act(file, name)).status_code == 403


class TestMandates:
    def test_are_entered_registered_and_told(self, client, world):
        client.force_login(person("max", is_superuser=True))
        partner = world.positions.get(partner__name="B").partner
        form = {
            "partner": partner.pk,
            "environment": "LIVE",
            "reference": "M-B-1",
            "holder": "B GmbH",
            "iban": IBANS["B"],
            "signed_date": "2027-01-10",
            "prenotice_days": "14",
        }

        wrong = client.post(
            reverse("admin:billing_debitmandate_add"), form | {"iban": "DE00120300000000202051"}
        )
        client.post(reverse("admin:billing_debitmandate_add"), form)

        assert "no IBAN" in wrong.content.decode()
        mandate = DebitMandate.objects.get()
        page = client.get(reverse("admin:billing_debitmandate_changelist")).content.decode()
        assert "NOT REGISTERED" in page
        change = reverse("admin:billing_debitmandate_change", args=[mandate.pk])
        client.post(change, {"registered_date": "2027-01-20", "iban": IBANS["C"]})
        mandate.refresh_from_db()
        assert (str(mandate.registered_date), mandate.iban) == ("2027-01-20", IBANS["B"])
        assert AuditEvent.objects.filter(action="debitmandate.changed").exists()

    def test_that_expired_say_so(self, client, world):
        client.force_login(person("max", is_superuser=True))
        partner = world.positions.get(partner__name="B").partner
        a_mandate(partner, signed_date="2023-01-01", registered_date="2023-02-01")

        page = client.get(reverse("admin:billing_debitmandate_changelist")).content.decode()

        assert "EXPIRED" in page
