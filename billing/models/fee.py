"""The clearing house's fees of a settlement, line by line."""

from django.db import models
from django.db.models import Q

from billing.models.settlement import Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import FeeComponent, Partner


class FeeLine(models.Model):
    """One component's fee for one partner in a settlement, excl. tax. Append-only.

    ``quantity`` × the component's rate or tiers gives ``amount_minor``; ``steps`` replays it. A
    line without a component is the commission of the agreements.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="fee_lines")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    component = models.ForeignKey(
        FeeComponent, on_delete=models.PROTECT, null=True, related_name="lines"
    )
    counterparty = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=80)
    month = models.DateField(null=True, help_text="of a monthly fee and of tier counters")
    sdrs = models.PositiveIntegerField(default=0)
    quantity = models.DecimalField(max_digits=24, decimal_places=6)
    unit = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField()
    steps = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "partner", "component", "counterparty", "month"],
                nulls_distinct=False,
                name="fee_line_is_one_per_component",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="fee_line_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.amount_minor} minor units"
