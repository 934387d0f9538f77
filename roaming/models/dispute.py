"""Disputes: a question about one record, its stages, words and evidence."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party, User
from partners.models.environment import environment_field


class Dispute(models.Model):
    """One record in dispute. ``stage`` moves by verbs only; each step is a ``DisputeEvent``.

    An open dispute keeps its record out of every position. ``record_id`` is empty only for D14: a
    counter-record without an SDR.
    """

    class Stage(models.TextChoices):
        OPEN = "OPEN"
        RESPONDED_ACCEPT = "RESPONDED_ACCEPT"
        RESPONDED_REJECT = "RESPONDED_REJECT"
        RESPONDED_PARTIAL = "RESPONDED_PARTIAL"
        AGREED = "AGREED"
        CONTESTED = "CONTESTED"
        MEDIATION = "MEDIATION"
        DECIDED = "DECIDED"
        CLOSED = "CLOSED"
        WITHDRAWN = "WITHDRAWN"
        EXPIRED_CSO = "EXPIRED_CSO"
        EXPIRED_CSP = "EXPIRED_CSP"

    class Outcome(models.TextChoices):
        NONE = "", "Not yet"
        RELEASE = "RELEASE", "The record stands"
        WITHDRAW = "WITHDRAW", "The record falls"
        CREDIT = "CREDIT", "The record is credited"
        REPLACEMENT = "REPLACEMENT", "Another amount replaces it"
        DROPPED = "DROPPED", "Never confirmed, or withdrawn"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    number = models.CharField(max_length=20, unique=True)
    case_id = models.UUIDField(null=True, blank=True, help_text="common to a bulk of disputes")
    environment = environment_field()
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    record_id = models.UUIDField(null=True)
    counter_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=3, help_text="D01 to D15")
    text = models.CharField(max_length=2000, blank=True)
    stage = models.CharField(max_length=17, choices=Stage, default=Stage.OPEN)
    version = models.PositiveSmallIntegerField(default=1)
    is_automatic = models.BooleanField(default=False)
    is_confirmed = models.BooleanField(default=True)
    is_after_acceptance = models.BooleanField(default=False)
    currency = models.CharField(max_length=3, blank=True)
    claim_amount = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    disputed_amount = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    offered_amount = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, help_text="what the record would be worth"
    )
    outcome = models.CharField(max_length=11, choices=Outcome, blank=True, default="")
    decided_amount = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    grounds = models.CharField(max_length=2000, blank=True)
    replacement_id = models.UUIDField(null=True, help_text="the record that replaced it")
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True, help_text="of the present stage")
    expires_at = models.DateTimeField(help_text="the absolute end")
    clock_stopped_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["seller", "-id"], name="dispute_by_seller"),
            models.Index(fields=["buyer", "-id"], name="dispute_by_buyer"),
            models.Index(
                fields=["deadline_at"], condition=Q(closed_at__isnull=True), name="dispute_due"
            ),
            models.Index(fields=["record_id"], name="dispute_of_record"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record_id"],
                condition=Q(closed_at__isnull=True, record_id__isnull=False),
                name="record_has_one_open_dispute",
            ),
            models.CheckConstraint(
                condition=Q(record_id__isnull=False) | Q(counter_id__isnull=False),
                name="dispute_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="")
                | Q(closed_at__isnull=False) & ~Q(outcome=""),
                name="dispute_is_closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class DisputeEvent(models.Model):
    """One step or message of a dispute: who, when, what; append-only."""

    class Side(models.TextChoices):
        CSP = "CSP"
        CSO = "CSO"
        HOUSE = "HOUSE", "Clearing house"
        CLOCK = "CLOCK", "Clock"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=20)
    side = models.CharField(max_length=5, choices=Side)
    actor = models.CharField(max_length=150)
    from_stage = models.CharField(max_length=17, blank=True)
    to_stage = models.CharField(max_length=17)
    amount = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    text = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.verb} by {self.side}"


class DisputeAttachment(models.Model):
    """A file of evidence; its bytes lie outside the web root under ``stored_name``."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="attachments")
    side = models.CharField(max_length=5, choices=DisputeEvent.Side)
    actor = models.CharField(max_length=150)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=60)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_name = models.CharField(max_length=255)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "sha256"], name="dispute_keeps_a_file_once"),
            models.CheckConstraint(
                condition=Q(size_bytes__gt=0), name="evidence_file_is_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
