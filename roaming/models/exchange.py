"""Calls between us and partners' systems as they went, and what is still to be pushed."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import RoamingEndpoint
from partners.models.environment import environment_field


class ObjectPush(models.Model):
    """The newest state of one object that one endpoint is to get; older ones are skipped.

    Due while ``generation`` is above ``sent_generation``. Records go by Delivery instead: of
    those each one counts.
    """

    class Kind(models.TextChoices):
        LOCATION = "LOCATION", "Location"
        EVSE = "EVSE", "EVSE of a location"
        TARIFF = "TARIFF", "Tariff"
        CREDENTIAL = "CREDENTIAL", "Credential"
        SESSION = "SESSION", "Service session"
        PRESENCE = "PRESENCE", "Whether a party can be reached"
        IDENTITY = "IDENTITY", "Our own registration"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    endpoint = models.ForeignKey(
        RoamingEndpoint, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    subject_id = models.UUIDField()
    generation = models.PositiveBigIntegerField(default=1)
    sent_generation = models.PositiveBigIntegerField(default=0)
    wanted_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="empty: at once")
    leased_until_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True, help_text="until it changes again")
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "object pushes"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "kind", "subject_id"], name="object_is_pushed_once_per_endpoint"
            ),
            models.CheckConstraint(
                condition=Q(sent_generation__lte=F("generation")),
                name="only_what_was_wanted_is_sent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "wanted_at"],
                condition=Q(sent_generation__lt=F("generation"), given_up_at__isnull=True),
                name="object_push_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class Exchange(models.Model):
    """One call, out or in, with secrets and drivers masked. Deleted after thirty days."""

    class Direction(models.TextChoices):
        OUT = "OUT", "We called"
        IN = "IN", "We were called"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    endpoint = models.ForeignKey(
        RoamingEndpoint,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    environment = environment_field()
    direction = models.CharField(max_length=3, choices=Direction)
    module = models.CharField(max_length=60, blank=True)
    verb = models.CharField(max_length=7)
    url = models.CharField(max_length=500)
    http_status = models.PositiveSmallIntegerField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True, help_text="the protocol's own")
    is_success = models.BooleanField()
    attempt = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    request_id = models.CharField(max_length=64, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    subject_kind = models.CharField(max_length=12, blank=True, help_text="what may be sent again")
    subject_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["endpoint", "id"], name="exchange_of_endpoint"),
            models.Index(
                fields=["correlation_id"],
                condition=~Q(correlation_id=""),
                name="exchange_by_correlation",
            ),
            models.Index(fields=["asked_at"], name="exchange_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.module} {self.http_status or self.error}"
