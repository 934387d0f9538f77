"""The logical nodes through which parties exchange (IEC 63119-1: roaming endpoint)."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.environment import environment_field
from partners.models.partner import Partner
from partners.models.party import Party


class RoamingEndpoint(models.Model):
    """A node that serves one or more parties of one environment over one protocol."""

    class State(models.TextChoices):
        PLANNED = "PLANNED"
        CONNECTED = "CONNECTED"
        OFFLINE = "OFFLINE"
        SUSPENDED = "SUSPENDED"

    class Capability(models.TextChoices):
        # What both sides agreed on beyond the protocol.
        CLEARING = "CLEARING", "Verbs on records, counter-records and disputes"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="endpoints")
    parties = models.ManyToManyField(Party, related_name="endpoints", blank=True)
    environment = environment_field()
    protocol = models.CharField(max_length=20, help_text="e.g. OCPI, OICP, REST")
    protocol_version = models.CharField(max_length=10, blank=True)
    url = models.URLField(blank=True)
    versions_url = models.CharField(
        max_length=255, blank=True, help_text="where the partner tells which versions it speaks"
    )
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    capabilities = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    state_changed_at = models.DateTimeField(null=True, editable=False)
    registered_at = models.DateTimeField(
        null=True, editable=False, help_text="both sides hold a token; empty: not connected"
    )
    last_heard_at = models.DateTimeField(null=True, editable=False)
    quirks = models.JSONField(
        default=dict, blank=True, help_text='what its system needs, e.g. {"auth": "RAW"}'
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "environment", "protocol", "protocol_version", "url"],
                name="endpoint_is_listed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.protocol} {self.protocol_version} of {self.owner}"


class EndpointToken(models.Model):
    """What a partner's system shows us, in [created_at, ends_at). Only its SHA-256 is known.

    A REGISTRATION token opens the handshake and nothing else; it ends when the handshake is done.
    """

    class Purpose(models.TextChoices):
        REGISTRATION = "REGISTRATION", "For the handshake only"
        ACTIVE = "ACTIVE", "For all calls"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    endpoint = models.ForeignKey(RoamingEndpoint, on_delete=models.PROTECT, related_name="tokens")
    purpose = models.CharField(max_length=12, choices=Purpose)
    token_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True, help_text="empty: until a newer one is used")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token_sha256"], name="endpoint_token_belongs_to_one_endpoint"
            ),
            models.CheckConstraint(
                condition=Q(token_sha256__regex="^[0-9a-f]{64}$"),  # noqa: S106 a pattern
                name="endpoint_token_is_stored_as_checksum",
            ),
            models.CheckConstraint(
                condition=~Q(purpose="REGISTRATION") | Q(ends_at__isnull=False),
                name="registration_token_ends",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("created_at")),
                name="endpoint_token_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose.lower()} token of {self.endpoint_id}"


class EndpointSecret(models.Model):
    """What we show a partner's system, encrypted. The former one is kept for a way back."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    endpoint = models.ForeignKey(RoamingEndpoint, on_delete=models.PROTECT, related_name="secrets")
    encrypted_token = models.BinaryField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(ends_at__isnull=True),
                name="endpoint_has_one_secret_in_use",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="endpoint_secret_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"


class EndpointInterface(models.Model):
    """Where a partner's system offers one module, and from which side."""

    class Side(models.TextChoices):
        SENDER = "SENDER", "It owns the data: we pull"
        RECEIVER = "RECEIVER", "It takes the data: we push"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    endpoint = models.ForeignKey(
        RoamingEndpoint, on_delete=models.CASCADE, related_name="interfaces"
    )
    module = models.CharField(max_length=60)
    side = models.CharField(max_length=8, choices=Side)
    url = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "module", "side"], name="endpoint_offers_a_module_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.module} {self.side}"


class PartyPresence(models.Model):
    """Whether a party can be reached, as the others are told, and since when."""

    party = models.OneToOneField(
        Party, on_delete=models.PROTECT, primary_key=True, related_name="presence"
    )
    state = models.CharField(max_length=9, choices=RoamingEndpoint.State)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "party presences"
        indexes = [models.Index(fields=["changed_at"], name="presence_by_change")]

    def __str__(self) -> str:
        return f"{self.party_id} {self.state}"


class CertificationRun(models.Model):
    """What the conformance cases found at a partner's system, signed. Append-only; TEST only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    endpoint = models.ForeignKey(
        RoamingEndpoint, on_delete=models.PROTECT, null=True, related_name="+"
    )
    environment = environment_field()
    ran_at = models.DateTimeField()
    passed = models.PositiveSmallIntegerField()
    failed = models.PositiveSmallIntegerField()
    not_applicable = models.PositiveSmallIntegerField(default=0)
    report = models.JSONField(help_text="case, what was asked, expected and seen")
    signature = models.TextField(help_text="over the report, by the key of our receipts")

    class Meta:
        permissions = [("run_certification", "Can certify a test system")]
        constraints = [
            models.CheckConstraint(
                condition=Q(environment="TEST"), name="certification_is_of_the_test_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"
