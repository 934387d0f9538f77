"""What a partner agreed with the clearing house, and what is settled together."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.environment import environment_field
from partners.models.exclusions import one_at_a_time
from partners.models.partner import Partner


class SettlementGroup(models.Model):
    """What is settled together: one currency, one cycle, one model, one way of netting."""

    class Cycle(models.TextChoices):
        MONTHLY = "MONTHLY"
        WEEKLY = "WEEKLY"

    class Model(models.TextChoices):
        AGENCY = "AGENCY", "Agency: partners owe each other"
        CCP = "CCP", "Central counterparty: partners owe the house"

    class Netting(models.TextChoices):
        MULTILATERAL = "MULTILATERAL"
        BILATERAL = "BILATERAL"

    class Release(models.TextChoices):
        AUTOMATIC = "AUTOMATIC", "Issued when it is calculated"
        TWO_PERSONS = "TWO_PERSONS", "One person asks, another releases"

    class Shortfall(models.TextChoices):
        WAIT = "WAIT", "Nobody is paid until all paid in"
        PRO_RATA = "PRO_RATA", "Each creditor its share of what is final"
        WATERFALL = "WATERFALL", "The smallest claims first, whole"

    class Taxes(models.TextChoices):
        NOT_APPLIED = "NOT_APPLIED", "Amounts are settled as claimed"
        DECIDED = "DECIDED", "VAT is decided, added and shown"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    name = models.CharField(max_length=100)
    environment = environment_field()
    currency = models.CharField(max_length=3)
    cycle = models.CharField(max_length=7, choices=Cycle, default=Cycle.MONTHLY)
    model = models.CharField(max_length=6, choices=Model, default=Model.AGENCY)
    netting = models.CharField(max_length=12, choices=Netting, default=Netting.MULTILATERAL)
    time_zone = models.CharField(max_length=64, default="Europe/Brussels")
    release = models.CharField(
        max_length=11,
        choices=Release,
        default=Release.AUTOMATIC,
        help_text="who lets a calculated settlement out",
    )
    taxes = models.CharField(
        max_length=11,
        choices=Taxes,
        default=Taxes.NOT_APPLIED,
        help_text="does the clearing house decide the VAT of what is settled?",
    )
    shortfall = models.CharField(
        max_length=9,
        choices=Shortfall,
        default=Shortfall.WAIT,
        help_text="who is paid out while a debtor has not paid in",
    )
    payment_days = models.PositiveSmallIntegerField(
        default=10, help_text="from the issue of the statement until pay-ins are due"
    )
    minimum_payment_minor = models.BigIntegerField(
        default=0, help_text="a smaller position is carried into the next window; 0: none is"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "environment"], name="group_name_is_unique_per_environment"
            ),
            models.UniqueConstraint(fields=["id", "environment"], name="group_has_one_environment"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="group_currency_is_iso_4217"
            ),
            models.CheckConstraint(
                condition=Q(minimum_payment_minor__gte=0), name="minimum_payment_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ParticipationContract(models.Model):
    """A partner's contract with the clearing house: groups joined, netting clause, cap."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="contracts")
    number = models.CharField(max_length=40, unique=True)
    groups = models.ManyToManyField(
        SettlementGroup, through="GroupMembership", related_name="contracts"
    )
    has_netting_clause = models.BooleanField(
        default=False, help_text="without it the partner is netted bilaterally"
    )
    exposure_cap_minor = models.BigIntegerField(null=True, blank=True)
    settles_in = models.CharField(
        max_length=3,
        blank=True,
        help_text="one position across currencies at the ECB rate of the cut-off day; empty: each",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time(name="partner_has_one_contract_at_a_time", uuids=("partner_id",)),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="contract_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(exposure_cap_minor__isnull=True) | Q(exposure_cap_minor__gte=0),
                name="exposure_cap_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"contract {self.number}"


class GroupMembership(models.Model):
    """A contract joins a settlement group."""

    contract = models.ForeignKey(ParticipationContract, on_delete=models.PROTECT)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "group"], name="contract_joins_a_group_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract} in {self.group}"
