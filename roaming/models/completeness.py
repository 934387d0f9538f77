"""Is everything there? Gaps, receipts, daily manifests, and what staff should look at."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, Party, User
from partners.models.environment import Environment, environment_field
from roaming.models.batch import IntakeBatch


class SequenceGap(models.Model):
    """Batches [first, last] had not come when the next one did; ``filled_at``: now all have."""

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
            ),
            models.UniqueConstraint(
                fields=["sender", "environment", "first"], name="sequence_gap_is_noticed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


class BatchReceipt(models.Model):
    """What we signed about one batch. ``answer`` is kept of a numbered one, to be given again.

    ``received`` = accepted + held + rejected + repeated; a conflict counts as rejected.
    """

    batch = models.OneToOneField(
        IntakeBatch, on_delete=models.PROTECT, primary_key=True, related_name="receipt"
    )
    body_sha256 = models.CharField(max_length=64, help_text="of the body after decompression")
    received = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    jws = models.TextField(help_text="compact, EdDSA")
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(received=F("accepted") + F("held") + F("rejected") + F("repeated")),
                name="batch_receipt_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"receipt of batch {self.batch_id}"


class Manifest(models.Model):
    """What was sent on one day between two parties in one currency, by ``author``'s count.

    HOUSE: our own, written once when the day is over. PARTNER: what ``sender``, either side, says.
    ``buyer`` is empty for records whose home-CSP was not known. A HOUSE row without a currency
    names what is still unbilled 48 hours after it was granted or had ended.
    """

    class Author(models.TextChoices):
        PARTNER = "PARTNER", "A partner"
        HOUSE = "HOUSE", "The clearing house"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    author = models.CharField(
        max_length=7, choices=Author, default=Author.PARTNER, db_default=Author.PARTNER
    )
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    environment = environment_field()
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    day = models.DateField(help_text="of receipt, UTC")
    currency = models.CharField(max_length=3, blank=True)
    sdrs = models.PositiveIntegerField()
    energy_kwh = models.DecimalField(max_digits=24, decimal_places=6)
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    content_sha256 = models.CharField(max_length=64, blank=True)
    sdr_ids = ArrayField(models.CharField(max_length=100), null=True, help_text="if it sent them")
    unbilled_authorizations = ArrayField(models.CharField(max_length=100), default=list)
    unbilled_sessions = ArrayField(models.CharField(max_length=100), default=list)
    received_at = models.DateTimeField(help_text="or written")

    class Meta:
        indexes = [models.Index(fields=["day", "seller"], name="manifest_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "seller", "buyer", "day", "currency", "received_at"],
                name="manifest_is_received_once",
            ),
            models.UniqueConstraint(
                fields=["seller", "buyer", "day", "currency"],
                condition=Q(author="HOUSE"),
                nulls_distinct=False,
                name="house_manifest_is_written_once",
            ),
            models.CheckConstraint(
                condition=Q(author="HOUSE", sender__isnull=True)
                | Q(author="PARTNER", sender__isnull=False, buyer__isnull=False),
                name="manifest_of_a_partner_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"


class Alert(models.Model):
    """Something staff should look at; one open alert per kind and subject.

    Acknowledged: a person has seen it and said what is done about it; it closes when its cause is
    gone, or when a person closes it.
    """

    class Kind(models.TextChoices):
        SILENCE = "SILENCE", "A CSO fell silent"
        SEQUENCE_GAP = "SEQUENCE_GAP", "A batch is missing"
        REJECT_RATE = "REJECT_RATE", "Many records are rejected"
        MANIFEST = "MANIFEST", "A manifest differs"
        DEAD_LETTER = "DEAD_LETTER", "A message could not be delivered"
        ESCALATION = "ESCALATION", "Many records of a pair are in dispute"
        OUTAGE = "OUTAGE", "A receiver is away too long"
        ONE_SIDED = "ONE_SIDED", "A CSP's sessions have no record"
        CONSERVATION = "CONSERVATION", "What came in is not all there"
        UNBILLED = "UNBILLED", "Sessions are over and have no record"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = models.CharField(
        max_length=4, choices=Environment, default=Environment.LIVE, db_default=Environment.LIVE
    )
    kind = models.CharField(max_length=12, choices=Kind)
    subject = models.CharField(max_length=100)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_reason = models.CharField(max_length=500, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(closed_at__isnull=True),
                name="alert_is_open_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    acknowledged_at__isnull=True,
                    acknowledged_by__isnull=True,
                    acknowledged_reason="",
                )
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False)
                & ~Q(acknowledged_reason=""),
                name="alert_is_acknowledged_by_a_person_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
