"""What came in too much and stays with the house until it pays a debt or goes back."""

from django.db import models
from django.db.models import Q

from billing.models.dunning_charge import DunningCharge
from billing.models.ledger import Transfer
from billing.models.settlement import Position
from clearinghouse.uuid7 import new_uuid7


class Allocation(models.Model):
    """What 2890 held for a partner pays a debt or a charge: Dr 2890 / Cr 1300 or 1200. Append-only.

    ``amount_minor`` > 0, in the currency of the position's settlement.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="allocations")
    charge = models.OneToOneField(
        DunningCharge,
        on_delete=models.PROTECT,
        null=True,
        help_text="paid by it, whole; else what is due of the position is",
    )
    amount_minor = models.BigIntegerField()
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    allocated_by = models.CharField(max_length=150)
    allocated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="allocation_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of 2890 for {self.position_id}"
