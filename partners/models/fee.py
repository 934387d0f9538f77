"""What the clearing house charges for its service, part by part, dated."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.contract import SettlementGroup
from partners.models.partner import Partner


class FeeComponent(models.Model):
    """One part of the price list, for all partners or one, one direction, one counterparty.

    The most specific component of a kind counts: counterparty before partner before everybody.
    ``rate`` is money in units of ``currency`` (PER_SDR, PER_KWH, MONTHLY …) or basis points
    (BP_OF_AMOUNT). Once used it is not edited: end it and add the next.
    """

    class Kind(models.TextChoices):
        PER_SDR = "PER_SDR", "Per record"
        BP_OF_AMOUNT = "BP_OF_AMOUNT", "Basis points of the amount excl. tax"
        PER_KWH = "PER_KWH", "Per kWh"
        MONTHLY = "MONTHLY", "Per month"
        ONE_OFF = "ONE_OFF", "Once"
        LATE_SDR = "LATE_SDR", "Per late record"
        DISPUTE_LOST = "DISPUTE_LOST", "Per dispute lost"

    class Direction(models.TextChoices):
        SELLER = "SELLER", "As seller (visited-CSO)"
        BUYER = "BUYER", "As buyer (home-CSP)"
        ANY = "ANY", "Both"

    class Payer(models.TextChoices):
        SELLER = "SELLER"
        BUYER = "BUYER"
        SPLIT = "SPLIT", "Seller pays the share, buyer the rest"

    class Beneficiary(models.TextChoices):
        CLEARING_HOUSE = "CLEARING_HOUSE", "The clearing house (a service)"
        BUYER = "BUYER", "The buyer (a price reduction)"

    class TierMode(models.TextChoices):
        GRADUATED = "GRADUATED", "Each slice at its own rate"
        VOLUME = "VOLUME", "The whole volume at the reached rate"

    class Rounding(models.TextChoices):
        PER_SDR = "PER_SDR", "Each record is rounded"
        PER_WINDOW = "PER_WINDOW", "The sum is rounded"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    name = models.CharField(max_length=80, help_text="as it stands on the statement")
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="fees")
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="fee_components"
    )
    counterparty = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    direction = models.CharField(max_length=6, choices=Direction, default=Direction.ANY)
    kind = models.CharField(max_length=12, choices=Kind)
    rate = models.DecimalField(max_digits=18, decimal_places=6)
    payer = models.CharField(max_length=6, choices=Payer, default=Payer.SELLER)
    seller_share = models.DecimalField(
        max_digits=5, decimal_places=4, default=Decimal(1), help_text="of a SPLIT fee; 0.5 = half"
    )
    beneficiary = models.CharField(
        max_length=14, choices=Beneficiary, default=Beneficiary.CLEARING_HOUSE
    )
    minimum_amount = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="per record"
    )
    maximum_amount = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="per record"
    )
    monthly_floor_amount = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True
    )
    monthly_cap_amount = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    tiers = models.JSONField(
        default=list,
        blank=True,
        help_text='[{"from_quantity": "0", "rate": "0.05"}, …], counted per partner and month',
    )
    tier_mode = models.CharField(max_length=9, choices=TierMode, default=TierMode.GRADUATED)
    rounding = models.CharField(max_length=10, choices=Rounding, default=Rounding.PER_WINDOW)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="fee_component_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(rate__gte=0), name="fee_rate_is_not_negative"),
            models.CheckConstraint(
                condition=Q(seller_share__gte=0, seller_share__lte=1),
                name="fee_share_is_a_fraction",
            ),
            models.CheckConstraint(
                condition=Q(minimum_amount__isnull=True)
                | Q(maximum_amount__isnull=True)
                | Q(maximum_amount__gte=F("minimum_amount")),
                name="fee_maximum_is_not_below_its_minimum",
            ),
            models.CheckConstraint(
                condition=Q(counterparty__isnull=True) | Q(partner__isnull=False),
                name="fee_for_a_counterparty_names_the_partner",
            ),
        ]

    def __str__(self) -> str:
        return self.name
