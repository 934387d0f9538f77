"""Service sessions while they run, and what was asked of a CSO from afar."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from partners.models.environment import environment_field
from roaming.models.location import document_field
from roaming.models.whitelist import CredentialKind


def _party(**options) -> models.ForeignKey:
    return models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_index=False, **options
    )


class ServiceSession(models.Model):
    """One user's services at one site, as the CSO tells of them while they run.

    ``id`` is the leading id; what each side calls it is a SessionAlias. ``document`` is what the
    CSO sent without the driver, who lies sealed in ContractIdentity, found by ``identity_hash``.
    """

    class State(models.TextChoices):
        AUTHORIZED = "AUTHORIZED", "Authorized, nothing told yet"
        PENDING = "PENDING", "Has not started yet"
        RESERVED = "RESERVED", "Reserved"
        ACTIVE = "ACTIVE", "Runs"
        COMPLETED = "COMPLETED", "Over"
        INVALID = "INVALID", "Invalid, never billed"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    cso = _party()
    csp = _party(null=True)
    environment = environment_field()
    state = models.CharField(max_length=10, choices=State)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=11, choices=CredentialKind, blank=True)
    pseudonym = models.CharField(max_length=16, blank=True)
    contract_hash = models.CharField(max_length=64, blank=True)
    identity_hash = models.CharField(max_length=64, blank=True)
    authorization_method = models.CharField(
        max_length=30, blank=True, db_default="", default="", help_text="as the CSO says"
    )
    authorization_reference = models.CharField(max_length=100, blank=True)
    location_id = models.CharField(max_length=100, blank=True)
    evse_uid = models.CharField(max_length=100, blank=True)
    evse_id = models.CharField(max_length=60, blank=True)
    connector_id = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    energy_kwh = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    total_excl_tax = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    total_incl_tax = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    document = document_field()
    document_format = models.CharField(max_length=20, blank=True, help_text="empty: native")
    updated_at = models.DateTimeField(help_text="as the CSO says")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(started_at__isnull=True)
                | Q(ended_at__gte=F("started_at")),
                name="service_session_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["csp", "id"], name="service_session_of_csp"),
            models.Index(fields=["cso", "id"], name="service_session_of_cso"),
            models.Index(fields=["updated_at"], name="service_session_by_update"),
            # What its CSP allowed and its CSO has not told of yet.
            models.Index(
                fields=["cso", "contract_hash"],
                condition=Q(state="AUTHORIZED"),
                name="service_session_awaited",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class SessionAlias(models.Model):
    """What one side calls a service session; upper and lower case are the same."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    session = models.ForeignKey(ServiceSession, on_delete=models.PROTECT, related_name="aliases")
    party = _party()
    alias = models.CharField(max_length=250)

    class Meta:
        verbose_name_plural = "session aliases"
        constraints = [
            models.UniqueConstraint(
                F("party"), Upper("alias"), name="session_alias_means_one_session_of_a_party"
            )
        ]
        indexes = [models.Index(Upper("alias"), name="session_alias_by_name")]

    def __str__(self) -> str:
        return self.alias


class SessionMove(models.Model):
    """What changed a service session, step by step. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    session = models.ForeignKey(
        ServiceSession, on_delete=models.PROTECT, related_name="moves", db_index=False
    )
    version = models.PositiveIntegerField()
    state_before = models.CharField(max_length=10, choices=ServiceSession.State, blank=True)
    state = models.CharField(max_length=10, choices=ServiceSession.State)
    energy_kwh = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    actor = models.CharField(max_length=150)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "version"], name="session_moves_by_one_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} ({self.version})"


class Reservation(models.Model):
    """A place kept for a user of a CSP until ``expires_at``."""

    class State(models.TextChoices):
        ASKED = "ASKED", "Asked for"
        RESERVED = "RESERVED", "Kept"
        REFUSED = "REFUSED", "Refused"
        CANCELED = "CANCELED", "Given up or taken away"
        EXPIRED = "EXPIRED", "Never used"
        USED = "USED", "Charged in it"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    csp = _party()
    cso = _party()
    environment = environment_field()
    reservation_id = models.CharField(max_length=100, help_text="as the CSP calls it")
    number = models.PositiveIntegerField(null=True, help_text="as a CSO that knows numbers does")
    location_id = models.CharField(max_length=100)
    evse_uid = models.CharField(max_length=100, blank=True)
    pseudonym = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=8, choices=State)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["csp", "reservation_id"], name="reservation_id_is_unique_per_csp"
            ),
            models.UniqueConstraint(
                fields=["cso", "number"], name="reservation_number_is_unique_per_cso"
            ),
        ]
        indexes = [models.Index(fields=["cso", "expires_at"], name="reservation_of_cso")]

    def __str__(self) -> str:
        return self.reservation_id


class RemoteRequest(models.Model):
    """What a CSP asked of a CSO from afar: an answer at once, the outcome later.

    The outcome comes to an address of ours that only ``callback_sha256`` knows; where the asker
    wants to be told is encrypted.
    """

    class Kind(models.TextChoices):
        START = "START", "Start a session"
        STOP = "STOP", "Stop a session"
        RESERVE = "RESERVE", "Keep a place"
        CANCEL_RESERVATION = "CANCEL_RESERVATION", "Give a place up"
        UNLOCK = "UNLOCK", "Unlock a connector"
        SET_PROFILE = "SET_PROFILE", "Set a charging profile"
        GET_PROFILE = "GET_PROFILE", "Read the charging profile"
        CLEAR_PROFILE = "CLEAR_PROFILE", "Clear the charging profile"

    class Answer(models.TextChoices):
        ACCEPTED = "ACCEPTED", "Passed on to the station"
        REJECTED = "REJECTED", "Rejected"
        NOT_SUPPORTED = "NOT_SUPPORTED", "Not supported"
        UNKNOWN_SESSION = "UNKNOWN_SESSION", "No such session"
        TOO_OFTEN = "TOO_OFTEN", "Asked too often"
        NOT_REACHED = "NOT_REACHED", "The CSO could not be asked"

    class Outcome(models.TextChoices):
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"
        REJECTED = "REJECTED", "Rejected by the station"
        NOT_SUPPORTED = "NOT_SUPPORTED", "Not supported by the station"
        OCCUPIED = "OCCUPIED", "The EVSE is occupied"
        INOPERATIVE = "INOPERATIVE", "The EVSE is out of operation"
        UNKNOWN_RESERVATION = "UNKNOWN_RESERVATION", "No such reservation"
        CANCELED = "CANCELED", "The reservation was taken away"
        TIMED_OUT = "TIMED_OUT", "Nothing came in time"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    csp = _party()
    cso = _party()
    environment = environment_field()
    kind = models.CharField(max_length=18, choices=Kind)
    session = models.ForeignKey(
        ServiceSession, on_delete=models.PROTECT, null=True, related_name="remote_requests"
    )
    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, null=True, related_name="remote_requests"
    )
    location_id = models.CharField(max_length=100, blank=True)
    evse_uid = models.CharField(max_length=100, blank=True)
    connector_id = models.CharField(max_length=60, blank=True)
    pseudonym = models.CharField(max_length=16, blank=True)
    authorization_reference = models.CharField(max_length=100, blank=True)
    callback_sha256 = models.CharField(max_length=64)
    encrypted_response_url = models.BinaryField(null=True)
    asked_at = models.DateTimeField()
    deadline_at = models.DateTimeField(help_text="nothing by then: timed out")
    answer = models.CharField(max_length=15, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=19, choices=Outcome, blank=True)
    outcome_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="the asker was told the outcome")
    messages = models.JSONField(default=list)
    profile = document_field()
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["callback_sha256"], name="remote_request_has_a_callback_of_its_own"
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(answer="ACCEPTED"),
                name="only_what_was_accepted_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_at__isnull=True)
                | (~Q(outcome="") & Q(outcome_at__isnull=False)),
                name="outcome_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["csp", "id"], name="remote_request_of_csp"),
            models.Index(fields=["cso", "id"], name="remote_request_of_cso"),
            models.Index(
                fields=["deadline_at"],
                condition=Q(answer="ACCEPTED", outcome=""),
                name="remote_request_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome or self.answer or 'asked'}"
