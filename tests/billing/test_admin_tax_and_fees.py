"""Rows of VAT, the price list and ECB rates in the admin: ended and followed, never rewritten."""

from datetime import date
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from billing.models import FeeLine, FxRate, SupplyBlock
from billing.services.closing import close_window
from partners.models import AuditEvent, FeeComponent, TaxRate, TaxRegistration
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, a_record, an_oracle
from tests.makers import StaffMaker, take

pytestmark = pytest.mark.django_db
RATES = b"Date,USD,CHF,\n2026-11-27,1.0850,0.9341,\n2026-11-26,1.0801,N/A,\n"


@pytest.fixture(autouse=True)
def staff(client):
    user = StaffMaker()
    client.force_login(user)
    return user


class TestPriceList:
    ADD = reverse("admin:partners_feecomponent_add")

    def form(self, group, **changes):
        return {
            "group": group.pk,
            "code": "record",
            "name": "Per record",
            "kind": "PER_SDR",
            "rate": "2",
            "payer": "CSO",
            "direction": "ANY",
            "beneficiary": "CLEARING_HOUSE",
            "tier_mode": "NONE",
            "tiers": "[]",
            "rounding": "PER_WINDOW",
            "from_date": "2026-01-01",
        } | changes

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"payer": "PARTICIPANT"}, "payer"),
            ({"payer": "SPLIT"}, "cso_share"),
            ({"min_minor": "5", "max_minor": "3"}, "max_minor"),
            ({"floor_minor": "5", "cap_minor": "3"}, "cap_minor"),
            ({"tier_mode": "GRADUATED"}, "tiers"),
            ({"tier_mode": "GRADUATED", "tiers": '[{"rate": "1"}]'}, "tiers"),
            ({"payer": "CSP", "beneficiary": "BUYER"}, "beneficiary"),
        ],
    )
    def test_refuses_terms_that_contradict_each_other_at_the_field(self, client, changes, field):
        oracle = an_oracle(with_fees=False)

        page = client.post(self.ADD, self.form(oracle.group, **changes))

        assert page.status_code == 200
        assert field in page.context["adminform"].form.errors
        assert not FeeComponent.objects.exists()

    def test_takes_a_row_and_keeps_it_once_charged(self, client):
        oracle = an_oracle(with_fees=False)
        client.post(self.ADD, self.form(oracle.group))
        row = FeeComponent.objects.get()
        take(
            a_record(oracle, "A", "C", number=1, cents=500),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )
        url = reverse("admin:partners_feecomponent_change", args=[row.pk])
        client.post(url, self.form(oracle.group, rate="3"))
        row.refresh_from_db()
        assert row.rate == 3  # not charged yet
        close_window(oracle.group, now=BUSINESS_DAY_6)
        assert FeeLine.objects.exists()

        client.post(url, self.form(oracle.group, rate="9", until_date="2027-03-01"))

        row.refresh_from_db()
        assert (row.rate, row.until_date) == (3, date(2027, 3, 1))
        delete = reverse("admin:partners_feecomponent_delete", args=[row.pk])
        assert client.post(delete, {"post": "yes"}).status_code == 403


class TestTaxRows:
    def test_a_rate_is_ended_and_followed_not_rewritten(self, client):
        row = TaxRate.objects.create(
            country_code="DE", rate="0.19", from_date=date(2026, 1, 1), source="UStG § 12"
        )
        url = reverse("admin:partners_taxrate_change", args=[row.pk])

        client.post(url, {"rate": "0.16", "until_date": "2027-01-01"})

        row.refresh_from_db()
        assert (str(row.rate), row.until_date) == ("0.1900", date(2027, 1, 1))

    def test_a_rate_that_was_used_ends_after_its_last_use(self, client):
        oracle = an_oracle(with_fees=False)
        take(
            a_record(oracle, "A", "C", number=240, cents=500),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )
        close_window(oracle.group, now=BUSINESS_DAY_6)
        row = TaxRate.objects.get(country_code="NL", kind="ELECTRICITY")
        url = reverse("admin:partners_taxrate_change", args=[row.pk])

        early = client.post(url, {"until_date": "2027-01-31"})
        assert "used this rate for 2027-01-31" in early.content.decode()
        client.post(url, {"until_date": "2027-02-01"})

        row.refresh_from_db()
        assert row.until_date == date(2027, 2, 1)

    def test_a_country_is_two_letters(self, client):
        form = {"kind": "ELECTRICITY", "rate": "0.19", "from_date": "2026-01-01", "source": "law"}

        wrong = client.post(reverse("admin:partners_taxrate_add"), form | {"country_code": "1x"})
        client.post(reverse("admin:partners_taxrate_add"), form | {"country_code": "de"})

        assert "ISO 3166-1" in wrong.content.decode()
        assert TaxRate.objects.get().country_code == "DE"

    def test_what_is_blocked_is_a_list_of_tasks(self, client):
        oracle = an_oracle(with_fees=False)
        TaxRegistration.objects.filter(partner=oracle.partners["B"]).update(
            check_number="", check_date=None
        )
        take(
            a_record(oracle, "A", "B", number=1, cents=1000),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )
        close_window(oracle.group, now=BUSINESS_DAY_6)
        block = SupplyBlock.objects.get()

        listed = client.get(reverse("admin:billing_supplyblock_changelist")).content.decode()
        page = client.get(reverse("admin:billing_supplyblock_change", args=[block.pk]))

        assert block.reasons[0]["what_to_do"][:30] in listed
        assert "10.00 EUR" in page.content.decode()

    def test_registrations_and_statuses_stand_on_the_partners_page(self, client):
        oracle = an_oracle(with_fees=False)
        url = reverse("admin:partners_partner_change", args=[oracle.partners["A"].pk])

        page = client.get(url).content.decode()

        assert "VAT registrations" in page
        assert "WAPIAAAAX1" in page
        assert "Taxable dealer in electricity" in page


class TestEcbRates:
    URL = reverse("admin:billing_fxrate_import")

    def upload(self, client, content=RATES):
        return client.post(self.URL, {"file": SimpleUploadedFile("eurofxref.csv", content)})

    def test_are_imported_once_by_page_and_command(self, client, tmp_path):
        self.upload(client)
        file = tmp_path / "eurofxref.csv"
        file.write_bytes(RATES)
        out = StringIO()
        call_command("import_ecb_rates", str(file), stdout=out)

        listed = client.get(reverse("admin:billing_fxrate_changelist")).context["cl"].result_list
        assert [f"{row.rate_date:%d} {row.currency}" for row in listed] == [
            "27 USD",
            "27 CHF",
            "26 USD",
        ]
        assert out.getvalue() == "0 rates added, 3 were known.\n"
        assert AuditEvent.objects.get(action="fx.imported").after["added"] == 3

    def test_that_differ_stop_the_import_in_words(self, client, tmp_path):
        self.upload(client)
        other = RATES.replace(b"1.0850", b"1.0999")
        file = tmp_path / "other.csv"
        file.write_bytes(other)

        page = self.upload(client, other).content.decode()

        assert "Nothing was imported" in page
        with pytest.raises(CommandError, match="Nothing was imported"):
            call_command("import_ecb_rates", str(file))
        assert FxRate.objects.count() == 3
