"""The service detail record: written once, wide, never changed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from partners.models import Mandate, Partner, Party
from partners.models.environment import environment_field


def _amount(**options) -> models.DecimalField:
    return models.DecimalField(max_digits=18, decimal_places=6, **options)


class Sdr(models.Model):
    """What a seller asks money for: one service session with typed items.

    Codes as received stand beside what they were resolved to. Item and period arrays are
    parallel; they exist so that rating can work on many records at once.
    """

    class ItemKind(models.TextChoices):
        ENERGY = "ENERGY"
        TIME = "TIME"
        PARKING = "PARKING"
        RESERVATION = "RESERVATION"
        FEE = "FEE"

    id = models.UUIDField(primary_key=True, editable=False)
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    seller = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    buyer = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    mandate = models.ForeignKey(
        Mandate,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
        db_constraint=False,
        help_text="set when the sender acted for the seller",
    )
    environment = environment_field()
    batch_id = models.UUIDField()
    position = models.PositiveIntegerField(help_text="from 0, in its batch")
    attempt = models.PositiveIntegerField(default=1)
    rejected_at_intake = models.BooleanField(default=False)
    payload_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    sdr_id = models.CharField(max_length=100)
    cso_code = models.CharField(max_length=20, help_text="as received")
    csp_code = models.CharField(max_length=20, help_text="as received")
    service_session_id = models.CharField(max_length=100)
    split_no = models.PositiveSmallIntegerField(default=0)
    charging_session_id = models.CharField(max_length=100)
    transaction_id = models.CharField(max_length=100)
    evse_id = models.CharField(max_length=255, help_text="normal form; empty when malformed")
    evse_id_received = models.CharField(max_length=255)
    pseudonym = models.CharField(max_length=16, help_text="of the contract id, keyed per CSP")
    credential_type = models.CharField(max_length=20)
    authorization_method = models.CharField(max_length=30)
    authorization_reference = models.CharField(max_length=100)
    tariff_id = models.CharField(max_length=100)

    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    charging_started_at = models.DateTimeField(null=True)
    charging_ended_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)

    energy_kwh = _amount(null=True)
    meter_id = models.CharField(max_length=100)
    meter_start_kwh = _amount(null=True)
    meter_end_kwh = _amount(null=True)
    location_country = models.CharField(max_length=2)
    location_name = models.CharField(max_length=200)
    location_city = models.CharField(max_length=100)
    connector_type = models.CharField(max_length=40)
    current_type = models.CharField(max_length=10)
    max_power_kw = _amount(null=True)

    currency = models.CharField(max_length=3)
    claim_amount = _amount(null=True, help_text="null: the session is not billed")
    item_kinds = ArrayField(models.CharField(max_length=11), default=list)
    item_quantities = ArrayField(_amount(null=True), default=list)
    item_unit_prices = ArrayField(_amount(null=True), default=list)
    item_amounts = ArrayField(_amount(), default=list)
    period_started_at = ArrayField(models.DateTimeField(), default=list)
    period_energy_kwh = ArrayField(_amount(), default=list)
    period_duration_s = ArrayField(models.IntegerField(), default=list)

    credits_sdr_id = models.CharField(max_length=100, help_text="the record this one takes back")
    replaces_sdr_id = models.CharField(max_length=100)
    rules_version = models.PositiveSmallIntegerField()
    not_applicable = ArrayField(
        models.CharField(max_length=4), default=list, help_text="rules that lacked a fact"
    )

    class Meta:
        verbose_name = "SDR"
        verbose_name_plural = "SDRs"
        indexes = [
            models.Index(fields=["seller", "sdr_id"], name="sdr_by_seller_and_id"),
            models.Index(fields=["seller", "ended_at"], name="sdr_by_seller_and_end"),
            models.Index(fields=["buyer", "ended_at"], name="sdr_by_buyer_and_end"),
            models.Index(fields=["sender", "received_at"], name="sdr_by_sender_and_receipt"),
            models.Index(
                fields=["evse_id", "ended_at"], condition=~Q(evse_id=""), name="sdr_by_evse"
            ),
            models.Index(
                fields=["pseudonym", "started_at"],
                condition=~Q(pseudonym=""),
                name="sdr_by_contract",
            ),
            # What no key tells: the session of a rejected record, an EVSE id that is none.
            models.Index(
                fields=["service_session_id"],
                condition=Q(rejected_at_intake=True),
                name="sdr_rejected_by_session",
            ),
            models.Index(
                fields=["evse_id_received"],
                condition=Q(evse_id=""),
                name="sdr_by_malformed_evse",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rejected_at_intake=True)
                | Q(
                    seller__isnull=False,
                    started_at__isnull=False,
                    ended_at__isnull=False,
                    energy_kwh__isnull=False,
                )
                & ~Q(sdr_id=""),
                name="live_sdr_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(rejected_at_intake=True) | Q(ended_at__gte=models.F("started_at")),
                name="live_sdr_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(
                    item_kinds__contained_by=["ENERGY", "TIME", "PARKING", "RESERVATION", "FEE"]
                ),
                name="sdr_item_kinds_are_known",
            ),
        ]

    def __str__(self) -> str:
        return self.sdr_id or f"record {self.id}"
