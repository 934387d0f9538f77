"""What the bank says: files as received, statements, entries, and what each entry was for."""

from django.db import models
from django.db.models import Q

from billing.models.ledger import Transfer
from billing.models.payment import SHA256, Payment
from billing.models.settlement import Position
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, Partner
from partners.models.environment import environment_field


class BankFile(models.Model):
    """A camt file as it was received; the same bytes are taken once. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    received_by = models.CharField(max_length=150)
    received_at = models.DateTimeField()
    refusal = models.JSONField(null=True, help_text="code and detail, where it was refused")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "sha256"], name="bank_file_is_taken_once"
            ),
            models.CheckConstraint(condition=Q(sha256__regex=SHA256), name="bank_file_is_hashed"),
        ]

    def __str__(self) -> str:
        return self.file_name


class BankStatement(models.Model):
    """One statement (camt.053) or notification (camt.054) of an account. Append-only.

    Amounts are minor units of ``currency``: opening and closing signed, + is the house's; a
    notification has none. opening + credits − debits = closing.
    """

    class Kind(models.TextChoices):
        REPORT = "052", "Report within the day"
        STATEMENT = "053", "Statement"
        NOTIFICATION = "054", "Notification"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="statements")
    place = models.PositiveIntegerField(help_text="from 1, as in the file")
    environment = environment_field()
    kind = models.CharField(max_length=3, choices=Kind)
    account = models.CharField(max_length=34, help_text="IBAN, or the bank's other number")
    currency = models.CharField(max_length=3)
    statement_id = models.CharField(max_length=70)
    number = models.DecimalField(
        max_digits=18, decimal_places=0, null=True, help_text="legal, else electronic, sequence"
    )
    created_at = models.DateTimeField(null=True, help_text="by the bank")
    opening_minor = models.BigIntegerField(null=True)
    closing_minor = models.BigIntegerField(null=True)
    credit_minor = models.BigIntegerField()
    debit_minor = models.BigIntegerField()
    entries_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "place"], name="bank_statement_has_its_place"),
            models.CheckConstraint(
                condition=Q(opening_minor__isnull=True)
                | Q(closing_minor__isnull=True)
                | Q(
                    closing_minor=models.F("opening_minor")
                    + models.F("credit_minor")
                    - models.F("debit_minor")
                ),
                name="bank_statement_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.statement_id}"


class StatementGap(models.Model):
    """A statement number of an account is missing: nothing of it is matched until it is there.

    It ends when the statement comes, or when a person says why there is none.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    account = models.CharField(max_length=34)
    currency = models.CharField(max_length=3)
    number = models.DecimalField(max_digits=18, decimal_places=0)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "account", "currency", "number"],
                name="statement_gap_is_told_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="")
                | Q(ended_at__isnull=False) & ~Q(end_reason=""),
                name="ended_statement_gap_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.number} is missing"


class BankEntry(models.Model):
    """One booked transaction; the same one in 053, 054 or a second file is one row.

    ``amount_minor`` > 0; ``is_credit`` says that the account grew by it, reversals considered.
    What the bank said never changes, ``state`` does.
    """

    class State(models.TextChoices):
        NEW = "NEW", "Not looked at"
        MATCHED = "MATCHED"
        EXCEPTION = "EXCEPTION", "Waits for a person"
        SET_ASIDE = "SET_ASIDE", "Not the clearing's, with a reason"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="entries")
    environment = environment_field()
    account = models.CharField(max_length=34)
    currency = models.CharField(max_length=3)
    entry_key = models.CharField(max_length=120, help_text="the bank's reference and the index")
    reference = models.CharField(
        max_length=70, blank=True, help_text="the bank's, or a hash over what it said"
    )
    is_itemised = models.BooleanField(
        default=True, help_text="false: a batch of which the bank does not say the parts"
    )
    amount_minor = models.BigIntegerField()
    is_credit = models.BooleanField()
    is_reversal = models.BooleanField(default=False)
    booked_date = models.DateField(null=True)
    value_date = models.DateField(null=True)
    end_to_end_id = models.CharField(max_length=35, blank=True)
    payment_file_reference = models.CharField(
        max_length=35, blank=True, help_text="PmtInfId of a file that was booked in one sum"
    )
    mandate_reference = models.CharField(max_length=35, blank=True)
    creditor_reference = models.CharField(max_length=35, blank=True, help_text="RF…, ISO 11649")
    remittance = models.CharField(max_length=1000, blank=True)
    counterparty_name = models.CharField(max_length=140, blank=True)
    counterparty_account = models.CharField(max_length=34, blank=True)
    bank_code = models.CharField(max_length=40, blank=True, help_text="BkTxCd")
    return_reason = models.CharField(max_length=4, blank=True)
    charges_minor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State, default=State.NEW)

    class Meta:
        verbose_name_plural = "bank entries"
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "account", "currency", "entry_key"],
                name="bank_entry_is_one_row",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="bank_entry_amount_is_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["environment", "account"],
                condition=Q(state__in=["NEW", "EXCEPTION"]),
                name="bank_entry_open",
            ),
            models.Index(
                fields=["environment", "account", "currency", "reference"],
                name="bank_entry_reference",
            ),
            models.Index(
                fields=["end_to_end_id"],
                condition=~Q(end_to_end_id=""),
                name="bank_entry_by_end_to_end_id",
            ),
            models.Index(
                fields=["creditor_reference"],
                condition=~Q(creditor_reference=""),
                name="bank_entry_by_rf_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.entry_key}"


class BankMatch(models.Model):
    """What a part of an entry was for, and the transfer that booked it. Append-only.

    Σ amounts of an entry's matches is at most the entry's.
    """

    class Purpose(models.TextChoices):
        PAY_IN = "PAY_IN", "A partner paid what it owed"
        PAYOUT = "PAYOUT", "A payout left the bank"
        RETURN = "RETURN", "A payment came back"
        UNALLOCATED = "UNALLOCATED", "Too much, or for nothing known"
        COVER = "COVER", "Prefund or deposit"
        CHARGES = "CHARGES", "The bank's charges"
        PAY_BACK = "PAY_BACK", "What came in too much went back"
        OWN_MONEY = "OWN_MONEY", "Not of the clearing"

    class Rule(models.TextChoices):
        END_TO_END_ID = "END_TO_END_ID"
        REFERENCE = "REFERENCE"
        AMOUNT_AND_IBAN = "AMOUNT_AND_IBAN"
        PAYMENT_FILE = "PAYMENT_FILE", "A payment file in one sum"
        HOUSE_RULE = "HOUSE_RULE", "Charges and overpayments"
        PERSON = "PERSON"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    entry = models.ForeignKey(BankEntry, on_delete=models.PROTECT, related_name="matches")
    purpose = models.CharField(max_length=11, choices=Purpose)
    rule = models.CharField(max_length=15, choices=Rule)
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_matches"
    )
    position = models.ForeignKey(
        Position, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_matches"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_matches"
    )
    amount_minor = models.BigIntegerField()
    transfer = models.ForeignKey(
        Transfer, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_matches"
    )
    reason = models.CharField(max_length=500, blank=True)
    matched_by = models.CharField(max_length=150)
    matched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "bank matches"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="bank_match_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(rule="PERSON") | ~Q(reason=""),
                name="bank_match_by_a_person_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(purpose="OWN_MONEY", transfer__isnull=True)
                | ~Q(purpose="OWN_MONEY") & Q(transfer__isnull=False),
                name="bank_match_is_booked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.amount_minor}"


class BankException(models.Model):
    """An entry that no rule could place: with suggestions, for a person. Resolved once."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    entry = models.OneToOneField(BankEntry, on_delete=models.PROTECT, related_name="exception")
    code = models.CharField(max_length=40)
    suggestions = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    resolution = models.CharField(max_length=500, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolution="")
                | Q(resolved_at__isnull=False) & ~Q(resolution=""),
                name="resolved_bank_exception_says_how",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.entry}"


class WriteOff(models.Model):
    """A small rest of a position goes to 6900, by rule or by two persons. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="write_offs")
    amount_minor = models.BigIntegerField()
    rule_limit_minor = models.BigIntegerField(null=True, help_text="by rule: up to this")
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    written_off_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="write_off_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__lte=models.F("rule_limit_minor"), approval__isnull=True)
                | Q(rule_limit_minor__isnull=True, approval__isnull=False),
                name="write_off_is_small_or_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"write-off {self.amount_minor}"


class DunningStep(models.Model):
    """One step of dunning an overdue position, told once. Append-only. Amounts in minor units."""

    class Level(models.TextChoices):
        FRIENDLY = "FRIENDLY", "Reminder"
        FIRST = "FIRST", "First dunning"
        SECOND = "SECOND", "Second dunning, new clearing suspended"
        DRAW = "DRAW", "Guarantee drawn"
        EXCLUSION = "EXCLUSION", "Exclusion to be decided"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="dunning")
    level = models.CharField(max_length=9, choices=Level)
    overdue_date = models.DateField(help_text="the day from which it counts")
    open_minor = models.BigIntegerField()
    interest_minor = models.BigIntegerField(default=0)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["position", "level"], name="dunning_step_is_taken_once"
            ),
            models.CheckConstraint(
                condition=Q(open_minor__gt=0, interest_minor__gte=0),
                name="dunning_is_about_something_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} of {self.position_id}"
