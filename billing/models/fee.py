"""The clearing house's fees of a settlement, line by line."""

from django.db import models
from django.db.models import F, Q

from billing.models.settlement import Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import FeeComponent, Partner


class FeeLine(models.Model):
    """One component's fee for one payer and month in a settlement, excl. tax. Append-only.

    What a month costs is a function of all that was counted for it: ``amount_minor`` is what is
    charged after this window less what was charged before. ``steps`` replay the tiers. ``payee``
    null is the clearing house; else the fee is a reduction of the seller's price.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="fee_lines")
    component = models.ForeignKey(FeeComponent, on_delete=models.PROTECT, related_name="lines")
    payer = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    month = models.DateField(null=True, help_text="first day; null: a fee of no month")
    quantity_before = models.DecimalField(max_digits=24, decimal_places=6)
    quantity_after = models.DecimalField(max_digits=24, decimal_places=6)
    exact_after = models.DecimalField(
        max_digits=38, decimal_places=12, help_text="minor units before rounding"
    )
    sdrs_before = models.PositiveIntegerField()
    sdrs_after = models.PositiveIntegerField()
    charged_before_minor = models.BigIntegerField()
    charged_after_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    steps = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "component", "payer", "payee", "month"],
                nulls_distinct=False,
                name="fee_line_is_one_per_component",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor=F("charged_after_minor") - F("charged_before_minor")),
                name="fee_line_is_what_was_charged_after_less_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.amount_minor} minor units"
