"""What the clearing house charges for its service, part by part, dated."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.contract import SettlementGroup
from partners.models.partner import Partner


def _minor(help_text: str) -> models.BigIntegerField:
    return models.BigIntegerField(null=True, blank=True, help_text=help_text)


class FeeComponent(models.Model):
    """One row of the price list of a group, on the days from_date ≤ day < until_date.

    Rows with one ``code`` are prices of one fee, of which the most specific takes a record; those
    with other codes add up. ``rate`` is in minor units (per SDR, per kWh, per month, once) or, of
    BP_OF_AMOUNT, in basis points. A row that was charged is never edited: end it and add the next.
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
        ANY = "ANY", "Both"
        AS_SELLER = "AS_SELLER", "Of records it sells"
        AS_BUYER = "AS_BUYER", "Of records it buys"

    class Payer(models.TextChoices):
        CSO = "CSO", "The seller"
        CSP = "CSP", "The buyer"
        SPLIT = "SPLIT", "The seller its share, the buyer the rest"
        PARTICIPANT = "PARTICIPANT", "The partner (monthly, one-off)"
        LOSER = "LOSER", "Who lost the dispute"

    class Beneficiary(models.TextChoices):
        CLEARING_HOUSE = "CLEARING_HOUSE", "The clearing house (a service)"
        BUYER = "BUYER", "The buyer (a price reduction)"

    class TierMode(models.TextChoices):
        NONE = "NONE", "One rate"
        GRADUATED = "GRADUATED", "Each slice at its own rate"
        VOLUME = "VOLUME", "The whole volume at the reached rate"

    class Rounding(models.TextChoices):
        PER_SDR = "PER_SDR", "Each record is rounded"
        PER_WINDOW = "PER_WINDOW", "The sum is rounded"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    code = models.CharField(max_length=40, help_text="one fee; rows of one code replace each other")
    name = models.CharField(max_length=80, help_text="as it stands on the statement")
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="fees")
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="fee_components"
    )
    counterparty = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    direction = models.CharField(max_length=9, choices=Direction, default=Direction.ANY)
    kind = models.CharField(max_length=12, choices=Kind)
    rate = models.DecimalField(
        max_digits=18, decimal_places=6, default=0, help_text="minor units, or basis points"
    )
    payer = models.CharField(max_length=11, choices=Payer, default=Payer.CSO)
    cso_share = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, help_text="of a split: 0.5 is half"
    )
    beneficiary = models.CharField(
        max_length=14, choices=Beneficiary, default=Beneficiary.CLEARING_HOUSE
    )
    min_minor = _minor("least fee of one record")
    max_minor = _minor("most of one record")
    floor_minor = _minor("least of one payer and month")
    cap_minor = _minor("most of one payer and month")
    tier_mode = models.CharField(max_length=9, choices=TierMode, default=TierMode.NONE)
    tiers = models.JSONField(
        default=list, blank=True, help_text='[{"from_quantity": "0", "rate": "5"}, …], per month'
    )
    rounding = models.CharField(max_length=10, choices=Rounding, default=Rounding.PER_SDR)
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="fee_component_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(rate__gte=0), name="fee_rate_is_not_negative"),
            models.CheckConstraint(
                condition=Q(
                    payer="SPLIT", cso_share__isnull=False, cso_share__gte=0, cso_share__lte=1
                )
                | ~Q(payer="SPLIT") & Q(cso_share__isnull=True),
                name="split_fee_has_a_share",
            ),
            models.CheckConstraint(
                condition=Q(min_minor__isnull=True)
                | Q(max_minor__isnull=True)
                | Q(max_minor__gte=F("min_minor")),
                name="fee_maximum_is_not_below_its_minimum",
            ),
            models.CheckConstraint(
                condition=Q(tier_mode="NONE", tiers=[]) | ~Q(tier_mode="NONE") & ~Q(tiers=[]),
                name="fee_tiers_and_their_mode_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.name
