"""Credentials that CSPs published, and every decision whether somebody may charge."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from partners.models.environment import environment_field


class CredentialKind(models.TextChoices):
    """What an EV user shows (IEC 63119-1)."""

    RFID = "RFID", "Card or tag"
    APP = "APP", "App or QR code"
    USER_NAME = "USER_NAME", "User name and password"
    CERTIFICATE = "CERTIFICATE", "Contract certificate (plug and charge)"
    AD_HOC = "AD_HOC", "Without a contract"
    OTHER = "OTHER", "Other"


class WhitelistEntry(models.Model):
    """A credential its CSP published. What is shown is known by its hash alone.

    ``lookup_hash`` is keyed over kind and SHA-256 of what is shown, so that a CSP may publish that
    SHA-256 in place of it. The rest of what the CSP said of a person lies sealed in
    ContractIdentity, found by ``identity_hash``.
    """

    class OfflinePolicy(models.TextChoices):
        ALWAYS = "ALWAYS", "The list decides, nobody is asked"
        ALLOWED = "ALLOWED", "The list may decide"
        ALLOWED_OFFLINE = "ALLOWED_OFFLINE", "The list decides where the CSP cannot be asked"
        NEVER = "NEVER", "The CSP is always asked"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    csp = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = environment_field()
    kind = models.CharField(max_length=11, choices=CredentialKind)
    wire_kind = models.CharField(max_length=40, blank=True, help_text="as it was told")
    lookup_hash = models.CharField(max_length=64)
    contract_hash = models.CharField(max_length=64, blank=True)
    pseudonym = models.CharField(max_length=16, blank=True)
    group_hash = models.CharField(max_length=64, blank=True)
    identity_hash = models.CharField(max_length=64, blank=True, help_text="empty: only hashed")
    is_valid = models.BooleanField()
    offline_policy = models.CharField(max_length=15, choices=OfflinePolicy)
    ends_at = models.DateTimeField(null=True, help_text="then it counts no more")
    updated_at = models.DateTimeField(help_text="as its owner says")
    received_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField(help_text="of its last change, per CSP")

    class Meta:
        verbose_name_plural = "whitelist entries"
        constraints = [
            models.UniqueConstraint(
                fields=["csp", "kind", "lookup_hash"], name="credential_is_listed_once_by_its_csp"
            ),
            models.CheckConstraint(
                condition=Q(lookup_hash__regex="^[0-9a-f]{64}$"),
                name="listed_credential_is_stored_as_hash",
            ),
            models.UniqueConstraint(
                fields=["csp", "sequence"], name="whitelist_changes_of_a_csp_are_numbered_once"
            ),
        ]
        indexes = [
            models.Index(fields=["lookup_hash", "environment"], name="whitelist_by_what_is_shown"),
            models.Index(fields=["csp", "id"], name="whitelist_of_csp"),
            models.Index(
                fields=["contract_hash"],
                condition=~Q(contract_hash=""),
                name="whitelist_by_contract",
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym or str(self.id)


class WhitelistCounter(models.Model):
    """The number of the last change of a CSP's list; its row is locked while the list changes.

    Thus numbers become visible in their order, and who reads on from one misses nothing.
    """

    csp = models.OneToOneField(Party, on_delete=models.PROTECT, primary_key=True, related_name="+")
    last_sequence = models.PositiveBigIntegerField(default=0)
    complete_at = models.DateTimeField(null=True, help_text="when the whole list was last sent")

    def __str__(self) -> str:
        return f"{self.csp_id} at {self.last_sequence}"


class AuthorizationRequest(models.Model):
    """One question whether somebody may charge, and how it was decided. Append-only."""

    class Decision(models.TextChoices):
        ALLOWED = "ALLOWED", "May charge"
        BLOCKED = "BLOCKED", "Blocked by the CSP"
        EXPIRED = "EXPIRED", "Expired"
        NO_CREDIT = "NO_CREDIT", "No credit left"
        NOT_ALLOWED = "NOT_ALLOWED", "Not here"
        UNKNOWN = "UNKNOWN", "Nobody knows the credential"
        NOT_REACHED = "NOT_REACHED", "The CSP could not be asked"

    class DecidedBy(models.TextChoices):
        CSP = "CSP", "The CSP, asked at once"
        WHITELIST = "WHITELIST", "The list"
        POLICY = "POLICY", "The clearing house's rules"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    cso = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    csp = models.ForeignKey(
        Party,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    environment = environment_field()
    kind = models.CharField(max_length=11, choices=CredentialKind)
    pseudonym = models.CharField(max_length=16, blank=True)
    location_id = models.CharField(max_length=100, blank=True)
    evse_id = models.CharField(max_length=60, blank=True)
    is_stop = models.BooleanField(default=False)
    decision = models.CharField(max_length=11, choices=Decision)
    decided_by = models.CharField(max_length=9, choices=DecidedBy)
    reason = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=100, blank=True)
    session_id = models.UUIDField(null=True, help_text="of the service session it opened")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    partner_ms = models.PositiveIntegerField(null=True, help_text="of it, spent at the CSP")
    correlation_id = models.CharField(max_length=64, blank=True)
    question_hash = models.CharField(
        max_length=64, blank=True, db_default="", help_text="the same question has the same one"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__gte=F("asked_at")),
                name="authorization_is_answered_after_it_is_asked",
            ),
            models.CheckConstraint(
                condition=~Q(decision="ALLOWED") | Q(csp__isnull=False),
                name="who_may_charge_has_a_csp",
            ),
        ]
        indexes = [
            models.Index(fields=["cso", "asked_at"], name="authorization_asked_by_cso"),
            models.Index(fields=["csp", "asked_at"], name="authorization_asked_of_csp"),
            models.Index(
                fields=["question_hash"],
                condition=~Q(question_hash=""),
                name="authorization_by_question",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} at {self.asked_at:%Y-%m-%d %H:%M:%S}Z"
