"""Staff pages of invoices: what they tell, what a person may do, and who sees none of it."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from billing.models import Invoice, InvoicingTerms, IssuingBlock
from billing.services.closing import close_window
from billing.services.invoice_files import render_files
from partners.models import AuditEvent, PartnerFacts
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_invoicing import a_world
from tests.billing.test_settling import sell
from tests.makers import PartnerUserMaker, StaffMaker

pytestmark = pytest.mark.django_db


@pytest.fixture
def oracle():
    oracle = a_world()
    # C has no address yet: its invoice waits
    PartnerFacts.objects.filter(partner=oracle.partners["C"]).update(country_code="")
    sell(oracle, "A", "B", cents=2000, number=1)
    sell(oracle, "A", "C", cents=1000, number=2)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    return oracle


def page(client, row, name: str = "change", *arguments) -> str:
    url = reverse(f"admin:billing_{row._meta.model_name}_{name}", args=[row.pk, *arguments])
    return client.get(url).content.decode()


class TestInvoice:
    def test_tells_its_figures_files_and_records(self, client, oracle):
        invoice = Invoice.objects.get()
        render_files(invoice.document, now=BUSINESS_DAY_6)
        client.force_login(StaffMaker())

        text = page(client, invoice)

        for told in ("AX-INV-2027-000001", "20.00 EUR", "Download the PDF", "1.3.16"):
            assert told in text, told
        record = invoice.records.get().sdr_id
        url = reverse("admin:billing_clearedsdr_change", args=[record])
        assert f'href="{url}">{record}</a>' in text

    def test_files_are_downloaded_as_stored(self, client, oracle):
        pdf, _ubl = render_files(Invoice.objects.get().document, now=BUSINESS_DAY_6)
        client.force_login(StaffMaker())

        answer = client.get(reverse("admin:billing_documentfile_download", args=[pdf.pk]))

        assert answer.content == bytes(pdf.content)
        assert AuditEvent.objects.filter(action="document.downloaded").count() == 1


class TestIssuingBlock:
    def test_says_what_to_do_and_offers_the_xml(self, client, oracle):
        block = IssuingBlock.objects.get()
        client.force_login(StaffMaker())

        assert "The buyer has a country" in page(client, block)
        url = reverse("admin:billing_issuingblock_xml", args=[block.pk, "cii"])
        answer = client.get(url)
        assert answer["Content-Type"] == "application/xml"
        assert b"CrossIndustryInvoice" in answer.content

    def test_is_issued_when_its_reason_is_gone(self, client, oracle):
        block = IssuingBlock.objects.get()
        client.force_login(StaffMaker())
        url = reverse("admin:billing_issuingblock_issue", args=[block.pk])

        refused = client.post(url, {"reason": "the address came"}, follow=True)
        assert "The buyer has a country" in refused.content.decode()
        PartnerFacts.objects.filter(partner=oracle.partners["C"]).update(country_code="NL")
        done = client.post(url, {"reason": "the address came"}, follow=True)

        assert "Issued as AX-INV-" in done.content.decode()
        block.refresh_from_db()
        assert block.resolved_by is not None
        assert AuditEvent.objects.filter(action="invoice.issued_after_block").count() == 1

    def test_is_issued_by_nobody_who_may_only_look(self, client, oracle):
        looker = StaffMaker(is_superuser=False)
        looker.user_permissions.add(Permission.objects.get(codename="view_issuingblock"))
        client.force_login(looker)
        block = IssuingBlock.objects.get()

        answer = client.post(
            reverse("admin:billing_issuingblock_issue", args=[block.pk]), {"reason": "I want it"}
        )

        assert answer.status_code == 403
        assert "Issue it now" not in page(client, block)


class TestTerms:
    def test_are_entered_by_staff_and_only_ended_afterwards(self, client, oracle):
        client.force_login(StaffMaker())
        InvoicingTerms.objects.filter(seller=oracle.partners["B"]).update(until_date="2027-03-01")

        answer = client.post(
            reverse("admin:billing_invoicingterms_add"),
            {
                "environment": "LIVE",
                "seller": str(oracle.partners["B"].pk),
                "mode": "A2",
                "agreed_date": "2027-02-20",
                "proof": "self-billing agreement of 2027-02-20",
                "from_date": "2027-03-01",
            },
        )

        assert answer.status_code == 302
        added = InvoicingTerms.objects.get(mode="A2")
        assert "self-billing agreement of 2027-02-20" in page(client, added)
        form = client.get(reverse("admin:billing_invoicingterms_change", args=[added.pk]))
        assert list(form.context["adminform"].form.fields) == ["until_date"]


def test_partners_find_no_staff_page(client, oracle):
    client.force_login(PartnerUserMaker(partner=oracle.partners["A"]))

    for row in (Invoice.objects.get(), IssuingBlock.objects.get(), InvoicingTerms.objects.first()):
        url = reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
        assert client.get(url).status_code in (302, 403)
