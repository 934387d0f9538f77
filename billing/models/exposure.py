"""What a partner may owe, what covers it, and the days on which it was too much."""

from django.db import models
from django.db.models import Q

from billing.models.settlement import Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, Partner, SettlementGroup
from partners.models.environment import environment_field


class ExposureReading(models.Model):
    """One partner's exposure in a group at an instant, part by part, in minor units. Append-only.

    exposure = max(0, −cleared position) + accepted not cleared + half of what is received and not
    validated + open VAT; limit = cap + prefund + guarantee. finance.md 4.8 names the weights.
    """

    class Level(models.TextChoices):
        FREE = "FREE", "Below the warning level"
        WARNED = "WARNED", "80 % of the limit is reached"
        BLOCKED = "BLOCKED", "The limit is reached: clearing waits"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="exposures")
    environment = environment_field()
    read_at = models.DateTimeField()
    parts = models.JSONField()
    exposure_minor = models.BigIntegerField()
    limit_minor = models.BigIntegerField(null=True, help_text="null: no cap was agreed")
    level = models.CharField(max_length=7, choices=Level)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(exposure_minor__gte=0), name="exposure_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(limit_minor__isnull=False) | Q(level="FREE"),
                name="no_limit_is_never_reached",
            ),
        ]
        indexes = [models.Index(fields=["group", "partner", "-read_at"], name="exposure_newest")]

    def __str__(self) -> str:
        return f"{self.level} {self.exposure_minor} of {self.limit_minor}"


class ExposureBlock(models.Model):
    """Clearing of a buyer's records waits while the block is open; records stay ACCEPTED.

    ``blocked_by`` is empty where a reading at the limit opened it: then a reading below the limit
    lifts it too. What a person blocked, with a reason, a person lifts.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="exposure_blocks")
    environment = environment_field()
    reading = models.ForeignKey(ExposureReading, on_delete=models.PROTECT, related_name="+")
    blocked_at = models.DateTimeField()
    blocked_by = models.CharField(max_length=150, blank=True)
    block_reason = models.CharField(max_length=500, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)
    lift_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "partner"],
                condition=Q(lifted_at__isnull=True),
                name="partner_is_blocked_once_per_group",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | ~Q(lifted_by="") & ~Q(lift_reason=""),
                name="lifted_block_has_author_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(blocked_by="", block_reason="")
                | ~Q(blocked_by="") & ~Q(block_reason=""),
                name="block_by_hand_has_author_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} blocked since {self.blocked_at:%Y-%m-%d}"


class CoverBooking(models.Model):
    """Cover that came in or is paid back: asked for by one person, posted by another.

    ``reference`` is the bank's; it is asked for once unless it was refused. The balance of cover
    is that of the ledger's accounts, never of these rows.
    """

    class Direction(models.TextChoices):
        IN = "IN", "Came in"
        OUT = "OUT", "Is paid back"

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        POSTED = "POSTED"
        REFUSED = "REFUSED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="cover_bookings")
    environment = environment_field()
    currency = models.CharField(max_length=3)
    account = models.CharField(
        max_length=4, help_text="2410 prefund, 2400 deposit, 2450 default fund"
    )
    direction = models.CharField(max_length=3, choices=Direction)
    amount_minor = models.BigIntegerField()
    reference = models.CharField(max_length=100, help_text="the bank's")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("approve_coverbooking", "Can post cover booking")]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="cover_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(account__in=["2400", "2410", "2450"]),
                name="cover_is_booked_on_an_account_of_cover",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(reference=""), name="cover_has_reason_and_reference"
            ),
            models.CheckConstraint(
                condition=Q(state="POSTED", posted_at__isnull=False)
                | ~Q(state="POSTED") & Q(posted_at__isnull=True),
                name="posted_cover_says_when",
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(state__in=["REQUESTED", "POSTED"]),
                name="cover_reference_is_asked_for_once",
            ),
        ]

    def __str__(self) -> str:
        return f"cover {self.direction} {self.amount_minor} {self.currency} minor units"


class DefaultCase(models.Model):
    """A partner did not pay a settlement: what covered it, or how it was unwound. Append-only.

    ``positions`` are those of the others after an unwind, ``claims`` who owes whom outside:
    [debtor, creditor, amount]. ``draws`` say what was taken from which pot, first to last.
    """

    class Outcome(models.TextChoices):
        COVERED = "COVERED", "Paid from cover"
        UNWOUND = "UNWOUND", "Netted again without it"
        WATERFALL = "WATERFALL", "CCP: pot after pot"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="defaults")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="defaults")
    environment = environment_field()
    currency = models.CharField(max_length=3)
    owed_minor = models.BigIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome)
    draws = models.JSONField(default=list)
    uncovered_minor = models.BigIntegerField(default=0)
    positions = models.JSONField(default=dict)
    claims = models.JSONField(default=list)
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=150)
    handled_at = models.DateTimeField()

    class Meta:
        permissions = [("approve_defaultcase", "Can confirm default case")]
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "partner"], name="default_is_handled_once"
            ),
            models.CheckConstraint(condition=Q(owed_minor__gt=0), name="default_is_of_a_debt"),
            models.CheckConstraint(condition=~Q(reason=""), name="default_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.outcome} {self.owed_minor} minor units"
