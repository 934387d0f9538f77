"""What ties a record to the one it answers, and what waits: in the hold queue, or to be tied."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from partners.models import Job, Party, User


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
        permissions = [("approve_hold", "Can agree to the release of a hold")]
        indexes = [models.Index(fields=["expires_at"], name="hold_by_expiry")]

    def __str__(self) -> str:
        return f"hold of {self.record_id}"


class HoldCorrection(models.Model):
    """Staff, or its sender, corrected a held or refused record: ``record_id`` is rejected,
    ``new_record_id`` is its next attempt. ``changes``: {"evse_id": ["DE*X", "DE*ABC*E1"]};
    personal data is only named.
    """

    record_id = models.UUIDField(primary_key=True)
    new_record_id = models.UUIDField()
    changes = models.JSONField()
    reason = models.CharField(max_length=500)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    corrected_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["new_record_id"], name="corrected_record_has_one_origin"
            ),
            models.CheckConstraint(
                condition=~Q(record_id=F("new_record_id")),
                name="hold_correction_makes_a_new_record",
            ),
        ]

    def __str__(self) -> str:
        return f"correction of {self.record_id}"


class Healing(models.Model):
    """One summary for a seller: its held records that new master data let go on, or ended."""

    id = models.UUIDField(primary_key=True, editable=False)
    seller = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    healed_at = models.DateTimeField()
    released_ids = ArrayField(models.UUIDField())
    rejected_ids = ArrayField(models.UUIDField())

    def __str__(self) -> str:
        return f"healing at {self.healed_at:%Y-%m-%d %H:%M}Z"
