"""Reference rates of the European Central Bank, as published."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7


class FxRate(models.Model):
    """Units of ``currency`` per euro on a day. Append-only: what was published stays.

    Not tradable: an agreement or contract must name it (finance.md 2.5).
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    rate_date = models.DateField()
    currency = models.CharField(max_length=3)
    per_euro = models.DecimalField(max_digits=18, decimal_places=6)
    imported_at = models.DateTimeField()
    file_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = "ECB reference rate"
        constraints = [
            models.UniqueConstraint(
                fields=["rate_date", "currency"], name="ecb_publishes_one_rate_a_day"
            ),
            models.CheckConstraint(condition=Q(per_euro__gt=0), name="fx_rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.rate_date} {self.currency} {self.per_euro}"
