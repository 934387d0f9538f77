"""What is true of partners and countries for VAT, dated; decisions freeze what they used."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.exclusions import one_at_a_time
from partners.models.partner import Partner


class TaxRegistration(models.Model):
    """A VAT number of a partner in a country, and the check that proved it.

    A checksum is no proof: only ``check_number`` and ``check_date`` (VIES' consultation number or
    a national register's) let a supply be shifted to the customer. Valid on the days
    ``from_date`` ≤ day < ``until_date``.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tax_registrations")
    country_code = models.CharField(max_length=2, help_text="ISO 3166-1: GR for Greece")
    vat_number = models.CharField(max_length=20)
    check_number = models.CharField(
        max_length=60, blank=True, help_text="of the register's answer; empty: not checked yet"
    )
    check_date = models.DateField(null=True, blank=True)
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time(
                name="tax_registrations_do_not_overlap_per_country",
                uuids=("partner_id",),
                texts=("country_code",),
                by_day=True,
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="tax_registration_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(check_number="", check_date__isnull=True)
                | ~Q(check_number="") & Q(check_date__isnull=False),
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
    """A status of a partner with the paper that proves it; from_date ≤ day < until_date.

    SEAT and ESTABLISHED are in a country; DEALER (Art. 38 (2), in Germany form USt 1 TH) holds
    everywhere; EXEMPT is the supplier's in a country, with the ground as printed.
    """

    class Kind(models.TextChoices):
        SEAT = "SEAT", "Seat of the company"
        ESTABLISHED = "ESTABLISHED", "Fixed establishment that takes part"
        DEALER = "DEALER", "Taxable dealer in electricity"
        EXEMPT = "EXEMPT", "Exempt supplier"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tax_statuses")
    kind = models.CharField(max_length=11, choices=Kind)
    country_code = models.CharField(max_length=2, blank=True, help_text="empty for a dealer")
    proof = models.CharField(max_length=200, help_text="form, number and date; or the ground")
    exemption_code = models.CharField(max_length=20, blank=True, help_text="VATEX code")
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "tax statuses"
        constraints = [
            one_at_a_time(
                name="tax_statuses_do_not_overlap",
                uuids=("partner_id",),
                texts=("kind", "country_code"),
                by_day=True,
            ),
            one_at_a_time(
                name="partner_has_one_seat_at_a_time",
                uuids=("partner_id",),
                condition=Q(kind="SEAT"),
                by_day=True,
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="tax_status_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=~Q(proof=""), name="tax_status_has_a_proof"),
            models.CheckConstraint(
                condition=Q(kind="DEALER", country_code="")
                | ~Q(kind="DEALER") & Q(country_code__regex="^[A-Z]{2}$"),
                name="tax_status_but_of_a_dealer_names_a_country",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.country_code}".strip()


class SupplyKind(models.TextChoices):
    ELECTRICITY = "ELECTRICITY", "Electricity with what belongs to it"
    PARKING = "PARKING", "Parking or blocking"
    RESERVATION = "RESERVATION"
    SERVICE = "SERVICE", "Service of the clearing house"


class TaxRate(models.Model):
    """The rate of a kind of supply in a country, as a fraction: 0.19 is 19 %.

    Valid on the days ``from_date`` ≤ day < ``until_date``. Billing decides by it and roaming checks
    tariffs by it, so it stands below both; its table was made by billing. One that a settlement
    used is kept by a trigger (``tax_rate_that_was_used_is_kept``).
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    country_code = models.CharField(max_length=2)
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200, help_text="law, notice or table it comes from")
    kind = models.CharField(max_length=11, choices=SupplyKind, default=SupplyKind.ELECTRICITY)
    rate = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        db_table = "billing_taxrate"
        constraints = [
            one_at_a_time(
                name="tax_rates_do_not_overlap", texts=("country_code", "kind"), by_day=True
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="tax_rate_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0, rate__lt=1), name="tax_rate_is_a_fraction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_code} {self.kind} {self.rate}"
