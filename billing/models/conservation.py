"""Proof that nothing was lost: what came in equals what is somewhere now."""

from django.db import models

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner
from partners.models.environment import environment_field


class ConservationProof(models.Model):
    """One sender, day of receipt and currency: received = Σ of where the records are.

    ``counts`` and ``amounts`` are keyed by bucket (rejected, held, open, disputed, withdrawn,
    cleared, credited). Append-only; the newest proof of a line counts.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    proved_at = models.DateTimeField()
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    environment = environment_field()
    day = models.DateField()
    currency = models.CharField(max_length=3, blank=True)
    received = models.PositiveIntegerField()
    received_amount = models.DecimalField(max_digits=24, decimal_places=6)
    counts = models.JSONField()
    amounts = models.JSONField()
    holds = models.BooleanField(help_text="does the equation hold?")

    class Meta:
        indexes = [
            models.Index(fields=["sender", "day", "currency", "-proved_at"], name="proof_newest")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}: {'holds' if self.holds else 'DIFFERS'}"
