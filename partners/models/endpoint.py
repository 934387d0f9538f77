"""The logical nodes through which parties exchange (IEC 63119-1: roaming endpoint)."""

from django.db import models

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

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="endpoints")
    parties = models.ManyToManyField(Party, related_name="endpoints", blank=True)
    environment = environment_field()
    protocol = models.CharField(max_length=20, help_text="e.g. OCPI, OICP, REST")
    protocol_version = models.CharField(max_length=10, blank=True)
    url = models.URLField(blank=True)
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    capabilities = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "environment", "protocol", "protocol_version", "url"],
                name="endpoint_is_listed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.protocol} {self.protocol_version} of {self.owner}"
