"""Roles on the wire, who owned them when, and who may act for them."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.environment import environment_field
from partners.models.exclusions import one_at_a_time
from partners.models.partner import Partner


class Party(models.Model):
    """One role of a partner on the wire: country code, party id, and what it does."""

    class Role(models.TextChoices):
        CSO = "CSO", "Charging station operator"
        CSP = "CSP", "Charging service provider"
        DATA = "DATA", "Data only"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    country_code = models.CharField(max_length=2)
    party_id = models.CharField(max_length=3)
    role = models.CharField(max_length=4, choices=Role)
    environment = environment_field()
    name = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(
                fields=["country_code", "party_id", "role", "environment"],
                name="party_code_is_unique_per_role_and_environment",
            ),
            models.UniqueConstraint(fields=["id", "environment"], name="party_has_one_environment"),
            models.CheckConstraint(
                condition=Q(country_code__regex="^[A-Z]{2}$", party_id__regex="^[A-Z0-9]{3}$"),
                name="party_code_is_in_normal_form",
            ),
            # ISO 3166 leaves these to users: they name no country, so nobody roams under them.
            models.CheckConstraint(
                condition=~Q(country_code__regex="^(AA|Q[M-Z]|X[A-Z]|ZZ)$"),
                name="party_country_is_not_reserved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.role}"

    @property
    def code(self) -> str:
        return f"{self.country_code}*{self.party_id}"


class PartyOwnership(models.Model):
    """Whose party it was: the owner at session end is the creditor or debtor."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="ownerships")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="ownerships")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time(name="party_has_one_owner_at_a_time", uuids=("party_id",)),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="party_ownership_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} of {self.partner}"


class Mandate(models.Model):
    """``grantor`` lets ``agent``'s systems act for the named parties and verbs."""

    class Verb(models.TextChoices):
        SUBMIT_SDR = "SUBMIT_SDR", "Send service detail records"
        READ_SDR = "READ_SDR", "Read service detail records"
        READ_SETTLEMENT = "READ_SETTLEMENT", "Read settlement statements"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    grantor = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="mandates_given")
    agent = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="mandates_held")
    parties = models.ManyToManyField(Party, related_name="mandates")
    verbs = models.JSONField(default=list, help_text='e.g. ["SUBMIT_SDR"]')
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(grantor=F("agent")), name="mandate_is_given_to_another"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="mandate_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} for {self.grantor}"
