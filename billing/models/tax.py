"""VAT as dated rows (treatments, domestic reverse charge) and what was decided; rates: partners."""

from django.db import models
from django.db.models import F, Q

from billing.models.clearing import ClearingWindow
from billing.models.settlement import Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, RoamingAgreement, SupplyKind, TaxRate
from partners.models.exclusions import one_at_a_time


class TaxCategory(models.TextChoices):
    """EN 16931 categories; BLOCK is no category: nothing is issued until facts decide."""

    STANDARD = "S", "Standard rate"
    REVERSE_CHARGE = "AE", "Reverse charge"
    OUTSIDE = "O", "Outside the scope"
    EXEMPT = "E", "Exempt"
    NOT_APPLIED = "NA", "Not decided in this group"
    BLOCKED = "BLOCK", "Cannot be decided"


class _Dated(models.Model):
    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    country_code = models.CharField(max_length=2)
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200, help_text="law, notice or table it comes from")

    class Meta:
        abstract = True


class TaxTreatment(_Dated):
    """How a country treats parking or reservation beside charging. No row: BLOCK."""

    class Treatment(models.TextChoices):
        AS_ELECTRICITY = "AS_ELECTRICITY", "Part of the supply of electricity (Art. 38, 39)"
        AS_SERVICE = "AS_SERVICE", "A service, taxed at the customer (Art. 44)"
        AT_THE_SITE = "AT_THE_SITE", "At the site, the supplier pays (Art. 47)"
        AT_THE_SITE_REVERSED = "AT_THE_SITE_REVERSED", "At the site, shifted (Art. 47, 194)"

    kind = models.CharField(max_length=11, choices=SupplyKind)
    treatment = models.CharField(max_length=20, choices=Treatment)

    class Meta:
        constraints = [
            one_at_a_time(
                name="tax_treatments_do_not_overlap", texts=("country_code", "kind"), by_day=True
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="tax_treatment_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_code} {self.kind} {self.treatment}"


class DomesticReverseCharge(_Dated):
    """Does a country shift the tax between resellers at home (Art. 199a(1)(e))?

    A country that does not is a row too; no row means that nobody has looked. The law found ends
    on 2026-12-31: a later row is entered when it is extended.
    """

    applies = models.BooleanField()
    ground = models.CharField(max_length=120, blank=True, help_text="as printed: § 13b UStG")

    class Meta:
        constraints = [
            one_at_a_time(
                name="domestic_reverse_charges_do_not_overlap", texts=("country_code",), by_day=True
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="domestic_reverse_charge_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_code} {self.ground}"


class TaxedSupply(models.Model):
    """What one partner supplied to another in a settlement, taxed once on the sum. Append-only.

    One row per supplier, customer, place, category, rates and price basis: a future VAT breakdown.
    ``self_assessed_rate`` is a fraction above 0 where the customer is the house and the tax is
    shifted to it (AE): it owes ``net_minor`` × that rate, half-up, and deducts it. EXCL_TAX:
    ``vat_minor`` is half-up of ``net_minor`` × ``rate``. INCL_TAX: the gross is given, net is
    half-up of gross / (1 + rate). ``lines`` split it by supply month, kind and country of
    charging; ``evidence`` lists what decided, with the ``tax_dates`` for which it did.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="supplies")
    window = models.ForeignKey(
        ClearingWindow, on_delete=models.PROTECT, related_name="+", help_text="of the records"
    )
    supplier = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    place_country_code = models.CharField(max_length=2, blank=True)
    category = models.CharField(max_length=5, choices=TaxCategory)
    rate = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    self_assessed_rate = models.DecimalField(
        max_digits=5, decimal_places=4, default=0, help_text="at which the house owes what is AE"
    )
    price_basis = models.CharField(
        max_length=8,
        choices=RoamingAgreement.PriceBasis,
        default=RoamingAgreement.PriceBasis.EXCL_TAX,
    )
    is_service = models.BooleanField(
        default=False, help_text="a fee of the clearing house, not a charging service"
    )
    is_credit = models.BooleanField(
        default=False, help_text="of credit records: a credit note, taxed on its own"
    )
    sdrs = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField()
    ground = models.CharField(max_length=200, blank=True, help_text="as printed")
    exemption_code = models.CharField(max_length=20, blank=True, help_text="VATEX code")
    lines = models.JSONField(help_text="by supply month, kind and country of charging")
    evidence = models.JSONField()

    class Meta:
        verbose_name_plural = "taxed supplies"
        constraints = [
            models.CheckConstraint(
                condition=Q(category="S", rate__gt=0)
                | Q(category__in=["AE", "O", "E", "NA"], rate=0, vat_minor=0),
                name="only_the_standard_rate_bears_tax",
            ),
            models.CheckConstraint(
                condition=Q(self_assessed_rate=0) | Q(category="AE", self_assessed_rate__gt=0),
                name="only_what_is_shifted_is_self_assessed",
            ),
            models.UniqueConstraint(
                fields=[
                    "settlement",
                    "window",
                    "supplier",
                    "customer",
                    "place_country_code",
                    "category",
                    "rate",
                    "self_assessed_rate",
                    "price_basis",
                    "ground",
                    "is_service",
                    "is_credit",
                ],
                name="supply_is_taxed_once_per_settlement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.net_minor} + {self.vat_minor}"


class TaxRateUse(models.Model):
    """A settlement was taxed by a row of rates, last for ``last_tax_date``. Append-only.

    From then on the row is kept: only its end may be set, after every date it was used for. A use
    by a settlement that was cancelled binds nobody.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="+")
    tax_rate = models.ForeignKey(TaxRate, on_delete=models.PROTECT, related_name="uses")
    rate = models.DecimalField(max_digits=5, decimal_places=4, help_text="as it was used")
    last_tax_date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "tax_rate"], name="tax_rate_use_is_told_once_per_settlement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tax_rate} in {self.settlement}"


class SupplyBlock(models.Model):
    """What one partner supplied another in a window stays out of settlement: VAT is undecided.

    ``reasons`` says what to do, per day, kind and country. The next settlement of the group asks
    again; ``settled_in`` is the one in which it could be decided. A fee of the house is supplied
    by the house.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="blocks")
    window = models.ForeignKey(
        ClearingWindow, on_delete=models.PROTECT, related_name="+", help_text="of the records"
    )
    supplier = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    is_service = models.BooleanField(default=False)
    amount_minor = models.BigIntegerField(help_text="as claimed, without or with tax")
    sdrs = models.PositiveIntegerField()
    reasons = models.JSONField()
    settled_in = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, null=True, related_name="resolved_blocks"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "window", "supplier", "customer", "is_service"],
                name="pair_is_blocked_once_per_settlement",
            ),
            models.CheckConstraint(condition=~Q(reasons=[]), name="block_says_what_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} to {self.customer}: blocked"
