"""What partners tell us beforehand: their EVSEs, meters, credentials and authorizations.

Registries are minimal and dated. A rule that needs a fact from here is NOT_APPLICABLE where the
agreement keeps no such registry.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from partners.models.exclusions import one_at_a_time


def _party(**options) -> models.ForeignKey:
    return models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", **options)


def _ends_after_start(name: str) -> models.CheckConstraint:
    condition = Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at"))
    return models.CheckConstraint(condition=condition, name=name)


class Evse(models.Model):
    """An EVSE of a CSO in [starts_at, ends_at): who bills for it and what it can do."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    cso = _party()
    evse_id = models.CharField(max_length=60, help_text="normal form, e.g. DE*NLX*E1001*1")
    location_id = models.CharField(max_length=100, blank=True)
    country_code = models.CharField(max_length=2, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    current_type = models.CharField(max_length=10, blank=True, help_text="AC or DC")
    connector_types = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    max_power_kw = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    starts_at = models.DateTimeField(help_text="commissioned")
    ends_at = models.DateTimeField(null=True, blank=True)
    is_from_location = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="read off the CSO's locations; the CSO's own entry takes its place",
    )

    class Meta:
        verbose_name = "EVSE"
        verbose_name_plural = "EVSEs"
        indexes = [models.Index(fields=["evse_id", "starts_at"], name="evse_by_id_and_start")]
        constraints = [
            one_at_a_time(
                name="evse_has_one_entry_of_a_cso_at_a_time", uuids=("cso_id",), texts=("evse_id",)
            ),
            _ends_after_start("evse_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return self.evse_id


class EvseOutage(models.Model):
    """The CSO reported the EVSE out of order in [starts_at, ends_at)."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    cso = _party()
    evse_id = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "EVSE outage"
        constraints = [
            one_at_a_time(
                name="evse_outages_do_not_overlap", uuids=("cso_id",), texts=("evse_id",)
            ),
            _ends_after_start("evse_outage_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.evse_id} out of order from {self.starts_at:%Y-%m-%d %H:%M}Z"


class MeterKey(models.Model):
    """The public key of a meter at an EVSE in [starts_at, ends_at). A new row is an exchange."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    cso = _party()
    evse_id = models.CharField(max_length=60)
    meter_id = models.CharField(max_length=100)
    public_key = models.TextField(help_text="hex or base64: DER, or the raw point")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time(
                name="evse_has_one_meter_key_at_a_time", uuids=("cso_id",), texts=("evse_id",)
            ),
            _ends_after_start("meter_key_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} at {self.evse_id}"


class Credential(models.Model):
    """A contract that a CSP vouches for in [starts_at, ends_at), known by its keyed hash only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    csp = _party()
    contract_hash = models.CharField(max_length=64)
    pseudonym = models.CharField(max_length=16)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    blocked_at = models.DateTimeField(null=True, blank=True)
    is_listed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="we read it off the whitelist"
    )

    class Meta:
        indexes = [models.Index(fields=["pseudonym"], name="credential_by_pseudonym")]
        constraints = [
            one_at_a_time(
                name="credential_has_one_entry_at_a_time",
                uuids=("csp_id",),
                texts=("contract_hash",),
            ),
            _ends_after_start("credential_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class Authorization(models.Model):
    """The CSP's answer to one request to charge: granted or refused."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    csp = _party()
    cso = _party()
    reference = models.CharField(max_length=100)
    is_granted = models.BooleanField()
    contract_hash = models.CharField(max_length=64, blank=True)
    pseudonym = models.CharField(max_length=16, blank=True)
    evse_id = models.CharField(max_length=60, blank=True)
    service_session_id = models.CharField(max_length=100, blank=True)
    authorized_at = models.DateTimeField()
    valid_until_at = models.DateTimeField(null=True, blank=True)
    is_relayed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="we asked for it ourselves"
    )

    class Meta:
        indexes = [
            models.Index(fields=["cso", "service_session_id"], name="authorization_of_session"),
            models.Index(fields=["pseudonym", "authorized_at"], name="authorization_of_contract"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cso", "csp", "reference"],
                name="authorization_reference_is_unique_between_two_parties",
            )
        ]

    def __str__(self) -> str:
        return self.reference
