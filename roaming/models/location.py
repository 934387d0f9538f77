"""Locations and their EVSEs as their operators publish them: static data, and where each stands.

``document`` is what the owner sent, with every field we do not know, in the words of
``document_format``; only adapters read it. Columns are what we ask questions of.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from partners.models.environment import environment_field
from roaming.rules.rating.stored import ExactDecoder, ExactEncoder


def document_field() -> models.JSONField:
    return models.JSONField(encoder=ExactEncoder, decoder=ExactDecoder, default=dict)


class Location(models.Model):
    """A site of a CSO. Never deleted: what vanished is removed, since records refer to it."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    cso = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = environment_field()
    location_id = models.CharField(max_length=100)
    name = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country_code = models.CharField(max_length=2, blank=True)
    latitude = models.DecimalField(max_digits=10, decimal_places=7, null=True)
    longitude = models.DecimalField(max_digits=10, decimal_places=7, null=True)
    time_zone = models.CharField(max_length=60, blank=True)
    operator_name = models.CharField(max_length=200, blank=True)
    is_published = models.BooleanField(default=True, help_text="false: told to nobody at large")
    document = document_field()
    document_format = models.CharField(max_length=20, blank=True, help_text="empty: native")
    updated_at = models.DateTimeField(help_text="as its owner says")
    received_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("cso"), Upper("location_id"), name="location_id_is_unique_per_cso"
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="location_is_on_earth",
            ),
        ]
        indexes = [
            models.Index(fields=["cso", "id"], name="location_of_cso"),
            models.Index(fields=["updated_at"], name="location_by_update"),
            models.Index(Upper("location_id"), name="location_by_its_id"),
        ]

    def __str__(self) -> str:
        return self.location_id


class LocationEvse(models.Model):
    """One EVSE at a location: what it is, and how it stood at ``status_at``."""

    class Status(models.TextChoices):
        AVAILABLE = "AVAILABLE", "Available"
        BLOCKED = "BLOCKED", "Blocked by something"
        CHARGING = "CHARGING", "In use"
        INOPERATIVE = "INOPERATIVE", "Not in operation"
        OUT_OF_ORDER = "OUT_OF_ORDER", "Out of order"
        PLANNED = "PLANNED", "Planned"
        REMOVED = "REMOVED", "Removed"
        RESERVED = "RESERVED", "Reserved"
        UNKNOWN = "UNKNOWN", "Not known"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="evses")
    cso = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    evse_uid = models.CharField(max_length=100, help_text="technical, never used again")
    evse_id = models.CharField(max_length=60, blank=True, help_text="normal form")
    status = models.CharField(max_length=12, choices=Status)
    status_at = models.DateTimeField(null=True)
    status_until_at = models.DateTimeField(null=True, help_text="then it is not known")
    capabilities = ArrayField(models.CharField(max_length=60), default=list)
    connector_types = ArrayField(models.CharField(max_length=40), default=list)
    current_type = models.CharField(max_length=2, blank=True, help_text="AC or DC")
    max_power_kw = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    tariff_ids = ArrayField(models.CharField(max_length=100), default=list)
    document = document_field()
    updated_at = models.DateTimeField(help_text="as its owner says")
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = "EVSE at a location"
        verbose_name_plural = "EVSEs at locations"
        constraints = [
            models.UniqueConstraint(
                F("location"), Upper("evse_uid"), name="evse_uid_is_unique_per_location"
            )
        ]
        indexes = [
            models.Index(fields=["evse_id"], condition=~Q(evse_id=""), name="location_evse_by_id"),
            models.Index(F("cso"), Upper("evse_uid"), name="location_evse_by_uid"),
        ]

    def __str__(self) -> str:
        return self.evse_id or self.evse_uid


class TariffAudience(models.Model):
    """For whom a tariff is published. A tariff without a row here is for everyone agreed."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    tariff = models.ForeignKey("roaming.Tariff", on_delete=models.PROTECT, related_name="audience")
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tariff", "buyer"], name="tariff_names_a_buyer_once")
        ]

    def __str__(self) -> str:
        return f"{self.tariff_id} for {self.buyer_id}"
