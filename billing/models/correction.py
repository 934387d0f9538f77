"""Putting settled figures right: correction runs, manual adjustments, objections."""

from django.db import models
from django.db.models import F, Q

from billing.models.clearing import ClearingWindow
from billing.models.document import Document
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, Partner, SettlementGroup, User
from partners.models.environment import environment_field


class CorrectionRun(models.Model):
    """Settled records of a filter priced anew: simulated, approved by a second person, posted.

    Each record gets one credit and one replacement in the open window, and no second fee per
    record. ``simulation`` holds the difference per partner; its hash is what was approved.
    """

    class State(models.TextChoices):
        SIMULATED = "SIMULATED"
        REQUESTED = "REQUESTED"
        POSTED = "POSTED"
        CANCELLED = "CANCELLED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="+")
    environment = environment_field()
    reason = models.CharField(max_length=500)
    selection = models.JSONField(help_text="the filter: parties, period, tariff, ids")
    simulation = models.JSONField()
    simulation_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State, default=State.SIMULATED)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    maker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    simulated_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("approve_correctionrun", "Can approve correction run")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="POSTED", approval__isnull=False, posted_at__isnull=False)
                | ~Q(state="POSTED") & Q(posted_at__isnull=True),
                name="posted_correction_run_is_approved",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="correction_run_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"correction run {self.id}"


class CorrectionItem(models.Model):
    """One settled record in a run: what it was cleared at and what it should have been."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    run = models.ForeignKey(CorrectionRun, on_delete=models.PROTECT, related_name="items")
    record_id = models.UUIDField(help_text="the ClearedSdr put right")
    old_claim_minor = models.BigIntegerField()
    old_payout_minor = models.BigIntegerField()
    new_claim_minor = models.BigIntegerField()
    credit_id = models.UUIDField(null=True, help_text="the ClearedSdr that takes it back")
    replacement_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "record_id"], name="record_is_corrected_once_per_run"
            ),
            models.CheckConstraint(
                condition=Q(credit_id__isnull=True, replacement_id__isnull=True)
                | Q(credit_id__isnull=False, replacement_id__isnull=False),
                name="correction_posts_credit_and_replacement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.old_claim_minor} to {self.new_claim_minor}"


class ManualAdjustment(models.Model):
    """An amount that no record explains: reason, counter-account, two persons, own line."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        POSTED = "POSTED"
        REFUSED = "REFUSED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    window = models.ForeignKey(ClearingWindow, on_delete=models.PROTECT, related_name="adjustments")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="adjustments")
    environment = environment_field()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField(help_text="+ the partner gets, − the partner pays")
    counter_account = models.CharField(max_length=4, help_text="4100, 4190, 6900 or 7900")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("approve_manualadjustment", "Can post manual adjustment")]
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="adjustment_is_not_zero"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_a_reason"),
            models.CheckConstraint(
                condition=Q(counter_account__in=["4100", "4190", "6900", "7900"]),
                name="adjustment_counter_account_is_the_houses",
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.amount_minor} {self.currency} minor units"


class Objection(models.Model):
    """A partner's objection to its provisional or final statement, and the answer.

    ``counterparty`` is a code as the statement lists it, ``sdr_id`` the seller's id as the partner
    named it; ``record_id`` is set where that record is in the statement. An upheld one names what
    mends it. Answered once; what was raised never changes.
    """

    class State(models.TextChoices):
        OPEN = "OPEN"
        UPHELD = "UPHELD"
        REJECTED = "REJECTED"

    class Remedy(models.TextChoices):
        CANCELLATION = "CANCELLATION", "The calculation was cancelled and is made anew"
        ADJUSTMENT = "ADJUSTMENT", "A manual adjustment"
        CORRECTION = "CORRECTION", "A correction run"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="objections")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="objections")
    text = models.CharField(max_length=2000)
    amount_minor = models.BigIntegerField(null=True, blank=True, help_text="in doubt")
    counterparty = models.CharField(max_length=20, blank=True)
    sdr_id = models.CharField(max_length=100, blank=True)
    record_id = models.UUIDField(null=True, blank=True, help_text="the ClearedSdr of sdr_id")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    raised_by = models.CharField(max_length=150)
    raised_at = models.DateTimeField()
    answer = models.CharField(max_length=2000, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    remedy = models.CharField(max_length=12, choices=Remedy, blank=True)
    adjustment = models.ForeignKey(
        ManualAdjustment, on_delete=models.PROTECT, null=True, blank=True, related_name="objections"
    )
    correction_run = models.ForeignKey(
        CorrectionRun, on_delete=models.PROTECT, null=True, blank=True, related_name="objections"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="OPEN", answered_at__isnull=True)
                | Q(state__in=["UPHELD", "REJECTED"], answered_at__isnull=False) & ~Q(answer=""),
                name="objection_is_answered_with_grounds",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("raised_at")),
                name="objection_is_answered_after_it_was_raised",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="objection_has_grounds"),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True) | Q(amount_minor__gt=0),
                name="objection_amount_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(state="UPHELD") & ~Q(remedy="") | ~Q(state="UPHELD") & Q(remedy=""),
                name="upheld_objection_says_what_mends_it",
            ),
            models.CheckConstraint(
                condition=Q(
                    remedy="ADJUSTMENT", adjustment__isnull=False, correction_run__isnull=True
                )
                | Q(remedy="CORRECTION", adjustment__isnull=True, correction_run__isnull=False)
                | Q(
                    remedy__in=["", "CANCELLATION"],
                    adjustment__isnull=True,
                    correction_run__isnull=True,
                ),
                name="objection_names_the_remedy_it_says",
            ),
        ]

    def __str__(self) -> str:
        return f"objection to {self.document}"
