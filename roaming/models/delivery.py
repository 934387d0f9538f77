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
        PROVISIONAL = "PROVISIONAL", "Provisional statement"
        INVOICE = "INVOICE", "Invoice or credit note"
        SDR_STATE = "SDR_STATE", "A record changed its state"
        DISPUTE = "DISPUTE", "A dispute moved"
        MATCH = "MATCH", "Both sides were compared"
        HEALED = "HEALED", "Held records were released by new master data"
        REMINDER = "REMINDER", "Something is due"
        MANIFEST = "MANIFEST", "Daily manifest"
        ALERT = "ALERT", "Something of yours wants a look"
        TARIFF = "TARIFF", "A tariff changes, or a change was answered"
        OBJECTION = "OBJECTION", "An objection to a statement was answered"
        AGREEMENT = "AGREEMENT", "An agreement was offered, or an offer was answered"
        REMOTE = "REMOTE", "What became of a remote request"
        TEST = "TEST", "Test message that you asked for"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    receiver = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=11, choices=Kind)
    subject_id = models.UUIDField(help_text="e.g. of the SDR")
    subject_version = models.PositiveIntegerField(
        default=0, db_default=0, help_text="e.g. of the state"
    )
    sequence = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True, help_text="given up; staff may send it again")
    last_error = models.CharField(max_length=300, blank=True, default="", db_default="")
    remote_url = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="where the receiver says it keeps it",
    )

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["receiver", "sequence"], name="delivery_sequence_is_unique_per_receiver"
            ),
            models.UniqueConstraint(
                fields=["receiver", "subject_id", "kind", "subject_version"],
                name="delivery_is_owed_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["receiver", "id"],
                condition=Q(sequence__isnull=True),
                name="delivery_unpublished",
            ),
            models.Index(
                fields=["receiver", "sequence"],
                condition=Q(confirmed_at__isnull=True, dead_at__isnull=True),
                name="delivery_unconfirmed",
            ),
            models.Index(
                fields=["receiver", "sequence"],
                condition=Q(confirmed_at__isnull=True, attempts__gt=0),
                name="delivery_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} no. {self.sequence}"


class DeliveryCounter(models.Model):
    """The last ``sequence`` given to a party; locked while numbers are given.

    ``replays`` is how many messages the party had sent again since ``replays_from_at``.
    """

    receiver = models.OneToOneField(
        Party, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    last_sequence = models.PositiveBigIntegerField(default=0)
    confirmed_sequence = models.PositiveBigIntegerField(default=0, help_text="by pull")
    replays_from_at = models.DateTimeField(null=True)
    replays = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_sequence__lte=models.F("last_sequence")),
                name="only_what_was_numbered_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(replays=0) | Q(replays_from_at__isnull=False),
                name="replays_are_counted_from_an_instant",
            ),
        ]

    def __str__(self) -> str:
        return str(self.last_sequence)


class WebhookSubscription(models.Model):
    """Where a party's messages are sent; without one it pulls them.

    For a while after a rotation messages are signed with the secret before it too.
    """

    party = models.OneToOneField(
        Party, on_delete=models.PROTECT, primary_key=True, related_name="webhook"
    )
    url = models.URLField(max_length=500)
    encrypted_secret = models.BinaryField()
    encrypted_former_secret = models.BinaryField(null=True)
    former_until_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True)
    muted_kinds = models.JSONField(default=list, blank=True, help_text="messages not wanted")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    muted_kinds__contained_by=[
                        "MATCH",
                        "HEALED",
                        "REMINDER",
                        "MANIFEST",
                        "ALERT",
                        "AGREEMENT",
                    ]
                ),
                name="webhook_gets_what_limits_run_from",
            ),
            models.CheckConstraint(
                condition=Q(encrypted_former_secret__isnull=True, former_until_at__isnull=True)
                | Q(encrypted_former_secret__isnull=False, former_until_at__isnull=False),
                name="former_webhook_secret_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook of {self.party}"


class ReceiverOutage(models.Model):
    """The party's webhook could not be reached in [starts_at, ends_at): its clocks stood still."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    receiver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["receiver"],
                condition=Q(ends_at__isnull=True),
                name="receiver_has_one_open_outage",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=models.F("starts_at")),
                name="receiver_outage_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"outage from {self.starts_at:%Y-%m-%d %H:%M}Z"
