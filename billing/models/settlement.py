"""What a closed window comes to: one position per partner and one for the clearing house."""

from django.db import models
from django.db.models import F, Q

from billing.models.clearing import ClearingWindow
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, Partner
from partners.models.environment import environment_field


class Settlement(models.Model):
    """The netting of one window in one currency; Σ of its positions is zero.

    CALCULATED may be CANCELLED with a reason and calculated anew; ISSUED is final. ``preview`` is
    what a maker and a checker saw, and its hash is what they released.
    """

    class State(models.TextChoices):
        CALCULATED = "CALCULATED"
        ISSUED = "ISSUED"
        CANCELLED = "CANCELLED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    window = models.ForeignKey(ClearingWindow, on_delete=models.PROTECT, related_name="settlements")
    environment = environment_field()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.ISSUED)
    positions_sha256 = models.CharField(max_length=64)
    preview = models.JSONField(default=dict)
    preview_sha256 = models.CharField(max_length=64, blank=True)
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    calculated_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        permissions = [("approve_settlement", "Can release settlement")]
        constraints = [
            models.CheckConstraint(
                condition=Q(positions_sha256__regex="^[0-9a-f]{64}$"),
                name="settlement_carries_the_hash_of_its_positions",
            ),
            models.UniqueConstraint(
                fields=["window"],
                condition=~Q(state="CANCELLED"),
                name="window_has_one_settlement_that_counts",
            ),
            models.CheckConstraint(
                condition=Q(state="ISSUED", issued_at__isnull=False)
                | ~Q(state="ISSUED") & Q(issued_at__isnull=True),
                name="settlement_is_issued_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(state="CANCELLED", cancelled_at__isnull=False) & ~Q(cancel_reason="")
                | ~Q(state="CANCELLED") & Q(cancelled_at__isnull=True),
                name="cancelled_settlement_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"settlement of {self.window}"


class Position(models.Model):
    """What a partner gets (+) or pays (−) after netting, in minor units. Append-only.

    ``vat_minor`` is what it receives as a seller less what it pays as a buyer; ``carried_minor``
    comes from the window before, ``carried_on_minor`` goes into the next because it is too small.
    ``exchanged_minor`` was due in another currency and is settled here; ``exchanged_on_minor`` is
    due here and settled in another currency (CurrencyExchange).
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="positions")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="positions")
    receivable_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField(default=0)
    fees_minor = models.BigIntegerField()
    fee_vat_minor = models.BigIntegerField(default=0)
    adjustments_minor = models.BigIntegerField(default=0)
    carried_minor = models.BigIntegerField(default=0)
    net_minor = models.BigIntegerField()
    exchanged_minor = models.BigIntegerField(default=0)
    carried_on_minor = models.BigIntegerField(default=0)
    exchanged_on_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "partner"], name="position_is_one_per_partner"
            ),
            models.CheckConstraint(
                condition=Q(
                    net_minor=F("receivable_minor")
                    - F("payable_minor")
                    + F("vat_minor")
                    - F("fees_minor")
                    - F("fee_vat_minor")
                    + F("adjustments_minor")
                    + F("carried_minor")
                    + F("exchanged_minor")
                ),
                name="position_net_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(exchanged_on_minor=0)
                | Q(exchanged_on_minor=F("net_minor") - F("carried_on_minor")),
                name="position_is_exchanged_whole_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.net_minor} minor units"

    @property
    def due_minor(self) -> int:
        """What moves now: the net, unless it is carried on or settled in another currency."""
        return self.net_minor - self.carried_on_minor - self.exchanged_on_minor


class Instruction(models.Model):
    """Who pays whom how much so that the positions of a settlement are settled. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="instructions"
    )
    place = models.PositiveIntegerField(help_text="from 1, as listed")
    payer = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "place"], name="instruction_has_its_place"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="instruction_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(payer=F("payee")), name="instruction_has_two_sides"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer} to {self.payee} {self.amount_minor} {self.currency} minor units"
