"""Figures that pages show at once: prepared from the records, never the truth itself."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner
from partners.models.environment import environment_field


class DayFigure(models.Model):
    """What the records that one sender sent on one day came to, as they stand now.

    A cache: a clock's task counts a day anew when something happened to a record of it, and nothing
    is decided by it. ``day`` is the day of receipt, UTC; of MISSING that on which the sessions were
    over, and ``sender`` is who owned the CSO then.
    """

    class Kind(models.TextChoices):
        STATE = "STATE", "Records by state and currency"
        REFUSED = "REFUSED", "Records refused, by code"
        HELD = "HELD", "Records held, by code"
        DELAY = "DELAY", "Records by the time from their end to their receipt"
        MISSING = "MISSING", "Sessions without a record, by the day on which they were over"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField()
    kind = models.CharField(max_length=7, choices=Kind)
    key = models.CharField(max_length=12, help_text="state, rule code, or bucket")
    currency = models.CharField(max_length=3, blank=True, help_text="of STATE alone")
    records = models.PositiveIntegerField()
    energy_kwh = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    claim_amount = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    prepared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "day", "sender", "kind", "key", "currency"],
                name="day_figure_is_told_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["STATE", "REFUSED", "HELD", "DELAY", "MISSING"]),
                name="day_figure_kind_is_known",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="day_figure_by_day")]

    def __str__(self) -> str:
        return f"{self.key}: {self.records} on {self.day}"
