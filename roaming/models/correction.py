"""What ties a credit or a replacement to its original, and what waits to be tied."""

from django.db import models
from django.db.models import F, Q

from partners.models import Party, User


class SdrLink(models.Model):
    """``record_id`` credits or replaces ``original_id``; a chain is a walk over these rows."""

    class Kind(models.TextChoices):
        CREDIT = "CREDIT"
        REPLACEMENT = "REPLACEMENT"
        SPLIT = "SPLIT"

    record_id = models.UUIDField(primary_key=True)
    original_id = models.UUIDField()
    cso = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=11, choices=Kind)
    linked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["original_id"], name="link_of_original")]
        constraints = [
            models.UniqueConstraint(
                fields=["original_id"],
                condition=Q(kind="CREDIT"),
                name="record_is_credited_once",
            ),
            models.UniqueConstraint(
                fields=["original_id"],
                condition=Q(kind="REPLACEMENT"),
                name="record_is_replaced_once",
            ),
            models.CheckConstraint(
                condition=~Q(record_id=F("original_id")), name="record_does_not_correct_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.original_id}"


class Hold(models.Model):
    """A record in the hold queue; the row goes when the hold is over, the event stays."""

    record_id = models.UUIDField(primary_key=True)
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="hold_by_expiry")]

    def __str__(self) -> str:
        return f"hold of {self.record_id}"
