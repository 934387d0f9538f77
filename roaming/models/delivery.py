"""The duty to hand a message to a party, in an order the receiver can check for gaps."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party


class Delivery(models.Model):
    """One message for one party. ``sequence`` is given after commit, gapless per receiver."""

    class Kind(models.TextChoices):
        SDR = "SDR", "Service detail record"
        STATEMENT = "STATEMENT", "Settlement statement"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    receiver = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=9, choices=Kind)
    subject_id = models.UUIDField(help_text="e.g. of the SDR")
    sequence = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["receiver", "sequence"], name="delivery_sequence_is_unique_per_receiver"
            ),
            models.UniqueConstraint(
                fields=["receiver", "subject_id", "kind"], name="delivery_is_owed_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["receiver", "id"],
                condition=Q(sequence__isnull=True),
                name="delivery_unpublished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} no. {self.sequence}"


class DeliveryCounter(models.Model):
    """The last ``sequence`` given to a party; locked while numbers are given."""

    receiver = models.OneToOneField(
        Party, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    last_sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_sequence)
