"""Windows, clearing runs, and the sub-ledger: one row per cleared SDR."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, Party, RoamingAgreement, SettlementGroup
from partners.models.environment import environment_field


class ClearingWindow(models.Model):
    """One supply period [supply_starts_at, supply_ends_at) of a group, open until it closes.

    A record goes into the earliest open window of its group whose supply period ends after the
    record's service end. CLOSED never goes back to OPEN.
    """

    class State(models.TextChoices):
        OPEN = "OPEN"
        CLOSED = "CLOSED"
        IN_SETTLEMENT = "IN_SETTLEMENT"
        SETTLED = "SETTLED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="windows")
    environment = environment_field()
    supply_starts_at = models.DateTimeField()
    supply_ends_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="when the calendar closes it")
    state = models.CharField(max_length=13, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "supply_starts_at"], name="window_is_one_per_group_and_period"
            ),
            models.UniqueConstraint(
                fields=["id", "environment"], name="window_has_one_environment"
            ),
            models.CheckConstraint(
                condition=Q(supply_ends_at__gt=F("supply_starts_at")),
                name="window_supply_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", closed_at__isnull=True)
                | Q(state__in=["CLOSED", "IN_SETTLEMENT", "SETTLED"], closed_at__isnull=False),
                name="window_is_closed_when_its_state_says_so",
            ),
        ]
        indexes = [
            models.Index(
                fields=["group", "supply_ends_at"], condition=Q(state="OPEN"), name="window_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group} from {self.supply_starts_at:%Y-%m-%d %H:%M}Z"

    @property
    def settlement(self):
        """The settlement that counts; a cancelled one is evidence only."""
        rows = [row for row in self.settlements.all() if row.state != "CANCELLED"]
        return rows[0] if rows else None


class ClearingRun(models.Model):
    """One pass of clearing over a group; ``run_key`` makes a repeated call harmless."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="runs")
    run_key = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    cleared = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.run_key


class ClearedSdr(models.Model):
    """An ACCEPTED record turned into whole minor units, once. ``id`` is the record's.

    claim = payout + commission. The rate, the rounding and the agreement version that made the
    figures stand beside them.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    seller = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    buyer = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    seller_partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="owner of the seller party at service end",
    )
    buyer_partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="owner of the buyer party at service end",
    )
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    environment = environment_field()
    agreement = models.ForeignKey(
        RoamingAgreement, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    window = models.ForeignKey(
        ClearingWindow, on_delete=models.PROTECT, related_name="cleared", db_index=False
    )
    run = models.ForeignKey(ClearingRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    is_billed = models.BooleanField()
    energy_kwh = models.DecimalField(max_digits=18, decimal_places=6)
    claim_minor = models.BigIntegerField()
    commission_rate = models.DecimalField(max_digits=7, decimal_places=6)
    commission_minor = models.BigIntegerField()
    payout_minor = models.BigIntegerField()
    commission_beneficiary = models.CharField(max_length=14, choices=RoamingAgreement.Beneficiary)
    rounding = models.CharField(max_length=7, default="HALF_UP")
    parking_minor = models.BigIntegerField(
        default=0, help_text="part of the claim; what is neither is electricity"
    )
    reservation_minor = models.BigIntegerField(default=0, help_text="part of the claim")
    charge_country_code = models.CharField(max_length=2, blank=True)
    price_basis = models.CharField(
        max_length=8,
        choices=RoamingAgreement.PriceBasis,
        default=RoamingAgreement.PriceBasis.EXCL_TAX,
    )
    supply_month = models.DateField(
        null=True, help_text="first day of the month of the service end, in the group's time zone"
    )
    corrects_id = models.UUIDField(
        null=True, help_text="the cleared SDR that a correction run takes back or replaces"
    )
    correction_run_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField()
    cleared_at = models.DateTimeField()

    class Meta:
        verbose_name = "cleared SDR"
        indexes = [
            models.Index(
                fields=["window", "seller", "buyer"],
                include=["is_billed", "energy_kwh", "claim_minor", "payout_minor"],
                name="cleared_of_window",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(claim_minor=F("payout_minor") + F("commission_minor")),
                name="cleared_claim_is_payout_plus_commission",
            ),
            models.CheckConstraint(
                condition=Q(is_billed=True) | Q(claim_minor=0),
                name="unbilled_sdr_is_cleared_at_zero",
            ),
            models.CheckConstraint(
                condition=Q(corrects_id__isnull=True, correction_run_id__isnull=True)
                | Q(corrects_id__isnull=False, correction_run_id__isnull=False),
                name="corrected_sdr_names_its_run",
            ),
        ]

    def __str__(self) -> str:
        return f"cleared {self.id}"


class WindowSum(models.Model):
    """What one partner sold another in a window so far: a figure prepared after each clearing.

    It is a picture of the cleared rows at ``counted_at``, never a source: nothing is posted by it.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    window = models.ForeignKey(
        ClearingWindow, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    seller_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    buyer_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    claim_minor = models.BigIntegerField()
    records = models.PositiveBigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["window", "seller_partner", "buyer_partner", "currency"],
                name="window_is_summed_once_per_pair",
            ),
            models.CheckConstraint(
                condition=Q(records__gt=0), name="window_sum_is_of_records_that_are_there"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.records} records"
