"""Is everything there? Gaps in what was sent, daily manifests, and what staff should look at."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, Party
from partners.models.environment import environment_field


class SequenceGap(models.Model):
    """Batches [first, last] of a sender were never seen; ``filled_at`` when the last one came."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    environment = environment_field()
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    noticed_at = models.DateTimeField()
    filled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last__gte=F("first")), name="sequence_gap_is_not_empty"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


class Manifest(models.Model):
    """What a partner says it sent on one day to one counterparty, in one currency."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    environment = environment_field()
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(help_text="of receipt, UTC")
    currency = models.CharField(max_length=3)
    sdrs = models.PositiveIntegerField()
    energy_kwh = models.DecimalField(max_digits=24, decimal_places=6)
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    content_sha256 = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "buyer", "day", "currency", "received_at"],
                name="manifest_is_received_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"


class Alert(models.Model):
    """Something staff should look at; one open alert per kind and subject."""

    class Kind(models.TextChoices):
        SILENCE = "SILENCE", "A CSO fell silent"
        SEQUENCE_GAP = "SEQUENCE_GAP", "A batch is missing"
        REJECT_RATE = "REJECT_RATE", "Many records are rejected"
        MANIFEST = "MANIFEST", "A manifest differs"
        DEAD_LETTER = "DEAD_LETTER", "A message could not be delivered"
        ESCALATION = "ESCALATION", "Many records of a pair are in dispute"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    subject = models.CharField(max_length=100)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(closed_at__isnull=True),
                name="alert_is_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
