"""What was due in one currency and is settled in another, at the rates of one day."""

from django.db import models
from django.db.models import F, Q

from billing.models.settlement import Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, SettlementGroup


class CurrencyExchange(models.Model):
    """What was due to (+) or by (−) a partner in a settlement, as an amount of another currency.

    Append-only but for ``taken_in``: the settlement of ``to_group`` that holds it. Of a settlement
    Σ ``from_minor`` = 0 and Σ ``to_minor`` + Σ ``residue_minor`` = 0; the residue of the roundings
    is the house's. Rates are those of the ECB of ``rate_date``, units per euro.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="exchanges")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    from_currency = models.CharField(max_length=3)
    from_minor = models.BigIntegerField()
    from_per_euro = models.DecimalField(max_digits=18, decimal_places=6)
    to_group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="+")
    to_currency = models.CharField(max_length=3)
    to_per_euro = models.DecimalField(max_digits=18, decimal_places=6)
    to_minor = models.BigIntegerField()
    residue_minor = models.BigIntegerField(default=0, help_text="in the currency it goes to")
    rate_date = models.DateField()
    taken_in = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, null=True, related_name="exchanges_taken"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "partner"], name="position_is_exchanged_once"
            ),
            models.CheckConstraint(
                condition=~Q(from_currency=F("to_currency")), name="exchange_has_two_currencies"
            ),
            models.CheckConstraint(
                condition=Q(from_per_euro__gt=0, to_per_euro__gt=0),
                name="exchange_rates_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(from_minor__gte=0, to_minor__gte=0)
                | Q(from_minor__lte=0, to_minor__lte=0),
                name="exchange_keeps_the_direction",
            ),
        ]
        indexes = [
            models.Index(
                fields=["to_group"], condition=Q(taken_in__isnull=True), name="exchange_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_minor} {self.from_currency} as {self.to_minor} {self.to_currency}"

    @property
    def moved_minor(self) -> int:
        """What it adds to the position in the other currency."""
        return self.to_minor + self.residue_minor
