"""What is true of a partner for VAT, dated; each decision and document freezes what it used."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.exclusions import one_at_a_time
from partners.models.partner import Partner


class TaxRegistration(models.Model):
    """A VAT number of a partner in a country, and the check that proved it.

    A checksum is no proof: only ``check_number`` and ``checked_on`` (VIES' consultation number or
    a national register's) let an invoice be issued without tax. Art. 214, 138(1)(b) Dir. 2006/112.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tax_registrations")
    country_code = models.CharField(max_length=2)
    vat_number = models.CharField(max_length=20)
    check_number = models.CharField(
        max_length=60, blank=True, help_text="of the register's answer; empty: not checked yet"
    )
    checked_on = models.DateField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time(
                name="tax_registrations_do_not_overlap_per_country",
                uuids=("partner_id",),
                texts=("country_code",),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="tax_registration_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(check_number="", checked_on__isnull=True)
                | ~Q(check_number="") & Q(checked_on__isnull=False),
                name="registration_check_has_number_and_date",
            ),
            models.CheckConstraint(
                condition=Q(country_code__regex="^[A-Z]{2}$"),
                name="tax_registration_country_is_iso_3166",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_code} {self.vat_number}"


class TaxStatus(models.Model):
    """A status of a partner in a country (empty: everywhere) with the proof that shows it.

    TAXABLE_DEALER (Art. 38), RESELLER for domestic reverse charge (Art. 199a(1)(e)),
    ESTABLISHED beyond the country of its address, EXEMPT as a small supplier.
    """

    class Kind(models.TextChoices):
        TAXABLE_DEALER = "TAXABLE_DEALER", "Taxable dealer in electricity"
        RESELLER = "RESELLER", "Reseller, for the domestic reverse charge"
        ESTABLISHED = "ESTABLISHED", "Fixed establishment"
        EXEMPT = "EXEMPT", "Exempt supplier"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tax_statuses")
    kind = models.CharField(max_length=14, choices=Kind)
    country_code = models.CharField(max_length=2, blank=True)
    proof = models.CharField(max_length=200, help_text="form, number and date of the paper")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "tax statuses"
        constraints = [
            one_at_a_time(
                name="tax_statuses_do_not_overlap",
                uuids=("partner_id",),
                texts=("kind", "country_code"),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="tax_status_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=~Q(proof=""), name="tax_status_has_a_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.country_code}".strip()
