"""What a partner is charged for paying late."""

from django.db import models
from django.db.models import Q

from billing.models.ledger import Transfer
from billing.models.settlement import Position
from clearinghouse.uuid7 import new_uuid7


class DunningCharge(models.Model):
    """Interest or the lump sum for a debt that is late (Directive 2011/7/EU). Append-only.

    Posted by a person: Dr 1300 or 1200 of the partner / Cr 4190. ``amount_minor`` > 0, in the
    currency of the settlement; interest reaches to ``until_date`` inclusive.
    """

    class Kind(models.TextChoices):
        INTEREST = "INTEREST", "Interest for late payment"
        LUMP_SUM = "LUMP_SUM", "Lump sum for the costs of collecting"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=8, choices=Kind)
    amount_minor = models.BigIntegerField()
    until_date = models.DateField()
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    charged_by = models.CharField(max_length=150)
    charged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["position"],
                condition=Q(kind="LUMP_SUM"),
                name="lump_sum_is_charged_once",
            ),
            models.UniqueConstraint(
                fields=["position", "until_date"],
                condition=Q(kind="INTEREST"),
                name="interest_of_a_day_is_charged_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(reason=""),
                name="dunning_charge_is_positive_and_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount_minor} minor units"
