"""What a closed window comes to: one position per partner and one for the clearing house."""

from django.db import models
from django.db.models import F, Q

from billing.models.clearing import ClearingWindow
from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner
from partners.models.environment import environment_field


class Settlement(models.Model):
    """The netting of one window in one currency; Σ of its positions is zero."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    window = models.OneToOneField(
        ClearingWindow, on_delete=models.PROTECT, related_name="settlement"
    )
    environment = environment_field()
    currency = models.CharField(max_length=3)
    positions_sha256 = models.CharField(max_length=64)
    settled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(positions_sha256__regex="^[0-9a-f]{64}$"),
                name="settlement_carries_the_hash_of_its_positions",
            )
        ]

    def __str__(self) -> str:
        return f"settlement of {self.window}"


class Position(models.Model):
    """What a partner gets (+) or pays (−) after netting, in minor units. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="positions")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="positions")
    receivable_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "partner"], name="position_is_one_per_partner"
            ),
            models.CheckConstraint(
                condition=Q(net_minor=F("receivable_minor") - F("payable_minor") - F("fees_minor")),
                name="position_net_is_receivable_minus_payable_minus_fees",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.net_minor} minor units"
