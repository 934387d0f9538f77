"""Money out and money drawn: payment files, their payments, mandates, states of positions."""

from django.db import models
from django.db.models import F, Q

from billing.models.settlement import Position, Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, Partner
from partners.models.environment import environment_field

SHA256 = "^[0-9a-f]{64}$"


class PositionState(models.Model):
    """Where the money of a position stands; one row per position, moved by versions.

    A debtor goes AWAITING_FUNDS → PART_FUNDED → FUNDED or OVERDUE → DEFAULTED → COVERED, a
    creditor PAYABLE → INSTRUCTED → PAID, and back to PAYABLE where the bank returned it. FLAT is
    zero. ``settled_minor`` is what is final, in minor units, never above what is due.
    """

    class State(models.TextChoices):
        FLAT = "FLAT"
        AWAITING_FUNDS = "AWAITING_FUNDS"
        PART_FUNDED = "PART_FUNDED"
        FUNDED = "FUNDED"
        OVERDUE = "OVERDUE"
        DEFAULTED = "DEFAULTED"
        COVERED = "COVERED"
        PAYABLE = "PAYABLE"
        INSTRUCTED = "INSTRUCTED"
        PAID = "PAID"

    position = models.OneToOneField(
        Position, on_delete=models.PROTECT, primary_key=True, related_name="money"
    )
    state = models.CharField(max_length=14, choices=State)
    due_minor = models.BigIntegerField(help_text="+ the partner gets, − it pays")
    settled_minor = models.BigIntegerField(default=0)
    due_date = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_minor__gte=0)
                & (Q(settled_minor__lte=F("due_minor")) | Q(settled_minor__lte=-F("due_minor"))),
                name="position_is_settled_up_to_what_is_due",
            ),
            models.CheckConstraint(
                condition=Q(state="FLAT", due_minor=0)
                | Q(state__in=["PAYABLE", "INSTRUCTED", "PAID"], due_minor__gt=0)
                | Q(
                    state__in=[
                        "AWAITING_FUNDS",
                        "PART_FUNDED",
                        "FUNDED",
                        "OVERDUE",
                        "DEFAULTED",
                        "COVERED",
                    ],
                    due_minor__lt=0,
                ),
                name="position_state_fits_its_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position_id}: {self.state}"


class PositionEvent(models.Model):
    """One change of a position's state and what caused it. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="money_events")
    version = models.PositiveIntegerField()
    from_state = models.CharField(max_length=14, blank=True)
    to_state = models.CharField(max_length=14)
    amount_minor = models.BigIntegerField(default=0, help_text="that moved, + settles")
    cause = models.CharField(max_length=200, help_text="a payment, an entry of the bank, the clock")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["position", "version"], name="position_event_is_one_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_state} to {self.to_state}"


class DebitMandate(models.Model):
    """A SEPA B2B mandate: the partner lets the house collect what it owes.

    Usable once the debtor's bank has it registered, until it is cancelled or 36 months unused.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="debit_mandates")
    environment = environment_field()
    reference = models.CharField(max_length=35, unique=True)
    holder = models.CharField(max_length=140)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    signed_date = models.DateField()
    registered_date = models.DateField(
        null=True, blank=True, help_text="when the debtor's bank confirmed it"
    )
    last_used_date = models.DateField(null=True, blank=True)
    prenotice_days = models.PositiveSmallIntegerField(default=14)
    cancelled_date = models.DateField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reference__regex=r"^[A-Za-z0-9+?/:().,'-]{1,35}$"),
                name="mandate_reference_is_of_the_sepa_letters",
            ),
            models.CheckConstraint(
                condition=Q(registered_date__isnull=True)
                | Q(registered_date__gte=F("signed_date")),
                name="mandate_is_registered_after_it_was_signed",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_date__isnull=True, cancel_reason="")
                | Q(cancelled_date__isnull=False) & ~Q(cancel_reason=""),
                name="cancelled_mandate_has_a_reason",
            ),
            models.UniqueConstraint(
                fields=["partner", "environment"],
                condition=Q(cancelled_date__isnull=True),
                name="partner_has_one_mandate_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"mandate {self.reference}"


class PaymentFile(models.Model):
    """One file for the bank: pain.001 (payouts) or pain.008 (collections).

    Its bytes are made when it is proposed and never change; what a maker and a checker saw is
    their hash. It is exported once.
    """

    class Kind(models.TextChoices):
        CREDIT_TRANSFER = "CREDIT_TRANSFER", "Payouts (pain.001)"
        DIRECT_DEBIT = "DIRECT_DEBIT", "Collections (pain.008)"

    class State(models.TextChoices):
        DRAFT = "DRAFT"
        APPROVED = "APPROVED"
        EXPORTED = "EXPORTED"
        ACKNOWLEDGED = "ACKNOWLEDGED"
        PART_REJECTED = "PART_REJECTED"
        FAILED = "FAILED"
        BOOKED = "BOOKED"
        CANCELLED = "CANCELLED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="payment_files"
    )
    environment = environment_field()
    kind = models.CharField(max_length=15, choices=Kind)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=13, choices=State, default=State.DRAFT)
    message_id = models.CharField(max_length=35, unique=True)
    execution_date = models.DateField(help_text="a TARGET day")
    payments_count = models.PositiveIntegerField()
    total_minor = models.BigIntegerField()
    content = models.BinaryField()
    content_sha256 = models.CharField(max_length=64)
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    exported_by = models.CharField(max_length=150, blank=True)
    exported_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        permissions = [("approve_paymentfile", "Can approve payment file")]
        constraints = [
            models.CheckConstraint(
                condition=Q(payments_count__gt=0, total_minor__gt=0),
                name="payment_file_pays_something",
            ),
            models.CheckConstraint(
                condition=Q(content_sha256__regex=SHA256), name="payment_file_is_hashed"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["EXPORTED", "ACKNOWLEDGED", "PART_REJECTED", "FAILED", "BOOKED"],
                    exported_at__isnull=False,
                )
                | Q(state__in=["DRAFT", "APPROVED", "CANCELLED"], exported_at__isnull=True),
                name="payment_file_is_exported_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["DRAFT", "CANCELLED"]) | Q(approval__isnull=False),
                name="payment_file_is_approved_before_it_leaves",
            ),
            models.CheckConstraint(
                condition=~Q(state="CANCELLED") | ~Q(cancel_reason=""),
                name="cancelled_payment_file_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id


class Payment(models.Model):
    """One payment of a file. Its amount and its account are frozen; its state moves on."""

    class Purpose(models.TextChoices):
        PAYOUT = "PAYOUT", "What a partner gets"
        COLLECTION = "COLLECTION", "What a partner owes"
        PAY_BACK = "PAY_BACK", "What came in too much"
        COVER_OUT = "COVER_OUT", "Cover paid back"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED"
        INSTRUCTED = "INSTRUCTED"
        ACKNOWLEDGED = "ACKNOWLEDGED"
        BOOKED = "BOOKED"
        REJECTED = "REJECTED"
        RETURNED = "RETURNED"
        CANCELLED = "CANCELLED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="payments")
    place = models.PositiveIntegerField(help_text="from 1, as in the file")
    environment = environment_field()
    purpose = models.CharField(max_length=10, choices=Purpose)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payments")
    position = models.ForeignKey(
        Position, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    mandate = models.ForeignKey(
        DebitMandate, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    end_to_end_id = models.CharField(max_length=35, unique=True)
    remittance = models.CharField(max_length=140, blank=True)
    holder = models.CharField(max_length=140)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    reason_code = models.CharField(max_length=4, blank=True, help_text="of the bank, such as AC04")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "place"], name="payment_has_its_place"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payment_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(purpose="COLLECTION", mandate__isnull=False)
                | ~Q(purpose="COLLECTION") & Q(mandate__isnull=True),
                name="only_a_collection_has_a_mandate",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["PAYOUT", "COLLECTION"], position__isnull=False)
                | Q(purpose__in=["PAY_BACK", "COVER_OUT"], position__isnull=True),
                name="payment_of_a_settlement_names_its_position",
            ),
        ]

    def __str__(self) -> str:
        return self.end_to_end_id


class PaymentEvent(models.Model):
    """One change of a payment's state and what said so. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    reason_code = models.CharField(max_length=4, blank=True)
    source = models.CharField(max_length=200, help_text="a person, a pain.002, a bank entry")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.from_state} to {self.to_state}"


class PaymentStatusReport(models.Model):
    """A pain.002 of the bank, kept as received; imported once. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    file_name = models.CharField(max_length=200)
    imported_by = models.CharField(max_length=150)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=SHA256), name="status_report_is_hashed"
            )
        ]

    def __str__(self) -> str:
        return self.file_name
