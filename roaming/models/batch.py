"""What came in together, and the independent count that conservation is proved against."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import ApiClient, Job, Partner, User
from partners.models.environment import environment_field


class IntakeBatch(models.Model):
    """One request or file: a single record is a batch of one."""

    class Door(models.TextChoices):
        API = "API"
        COMMAND = "COMMAND", "Command line"
        ADMIN = "ADMIN", "Upload in the admin"
        PORTAL = "PORTAL", "Corrections in the portal"
        DEMO = "DEMO", "Demo world"
        DISPUTE = "DISPUTE", "Outcome of a dispute"
        OCPI = "OCPI", "OCPI connection"
        SANDBOX = "SANDBOX", "Sample in the sandbox"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="batches")
    environment = environment_field()
    door = models.CharField(max_length=7, choices=Door)
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, null=True, blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True)
    profile = models.CharField(max_length=100, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    sequence = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="the sender's own number of its batches"
    )
    received_at = models.DateTimeField()
    working_until_at = models.DateTimeField(
        null=True, blank=True, help_text="of a numbered batch: then another request may take over"
    )

    class Meta:
        verbose_name = "import"
        indexes = [models.Index(fields=["sender", "-received_at"], name="batch_newest_of_sender")]
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "environment", "sequence"],
                name="batch_sequence_is_used_once_per_sender",
            ),
            models.CheckConstraint(
                condition=Q(sequence__isnull=True) | Q(sequence__gte=1),
                name="batch_sequence_counts_from_one",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or f"batch {self.id}"


class IntakeTally(models.Model):
    """What one committed chunk of a batch contained, counted at the door, not from the tables.

    ``received`` = ``new`` + ``repeated``; only ``new`` records were stored. Conservation compares
    the tallies with what the tables hold.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    batch = models.ForeignKey(IntakeBatch, on_delete=models.PROTECT, related_name="tallies")
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    environment = environment_field()
    day = models.DateField(help_text="day of receipt, UTC")
    currency = models.CharField(max_length=3, blank=True, help_text="empty: not readable")
    received = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()
    new = models.PositiveIntegerField()
    new_rejected = models.PositiveIntegerField(default=0)
    new_claim_amount = models.DecimalField(max_digits=24, decimal_places=6)

    class Meta:
        verbose_name_plural = "intake tallies"
        indexes = [
            models.Index(fields=["sender", "day", "currency"], name="tally_of_sender_and_day")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(received=F("repeated") + F("new")),
                name="tally_received_is_repeated_plus_new",
            )
        ]

    def __str__(self) -> str:
        return f"{self.received} records of {self.day} in {self.currency or 'no currency'}"
