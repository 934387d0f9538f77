"""The ledger: a row has two sides, so the books balance by their shape."""

from django.db import models
from django.db.models import F, Q

from billing.models.clearing import ClearingWindow
from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner
from partners.models.environment import environment_field


class Account(models.Model):
    """An account of the chart, of one partner or of the house, in one currency."""

    class Code(models.TextChoices):
        RECEIVABLE = "1200", "1200 receivable of a partner (CCP)"
        CLEARING = "1300", "1300 clearing of a partner"
        DISPUTED_CLAIM = "1390", "1390 disputed claim on a partner"
        RECOURSE = "1500", "1500 recourse receivable"
        INPUT_TAX = "1576", "1576 input VAT"
        BANK = "1800", "1800 settlement bank"
        IN_TRANSIT = "1810", "1810 cash in transit"
        PAYABLE = "2100", "2100 payable to a partner (CCP)"
        DISPUTED_OBLIGATION = "2390", "2390 disputed obligation to a partner"
        DEPOSIT = "2400", "2400 guarantee deposit"
        PREFUND = "2410", "2410 prefund"
        DEFAULT_FUND = "2450", "2450 default fund"
        OUTPUT_TAX = "2776", "2776 output VAT"
        UNALLOCATED = "2890", "2890 unallocated receipts"
        SALES = "4000", "4000 energy sales (CCP)"
        FEE_INCOME = "4100", "4100 fee income"
        DUNNING = "4190", "4190 dunning and interest"
        PURCHASES = "5000", "5000 energy purchases (CCP)"
        BAD_DEBT = "6900", "6900 bad debt and bank charges"
        ROUNDING = "7900", "7900 exchange and rounding"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    code = models.CharField(max_length=4, choices=Code)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True)
    currency = models.CharField(max_length=3)
    environment = environment_field()
    country_code = models.CharField(max_length=2, blank=True, help_text="of a tax account")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "partner", "currency", "environment", "country_code"],
                nulls_distinct=False,
                name="account_is_one_per_code_partner_and_currency",
            ),
            models.UniqueConstraint(
                fields=["id", "currency", "environment"], name="account_has_one_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.partner or 'house'} {self.currency}"


class Transfer(models.Model):
    """``amount_minor`` moves the balance of the debit account up and the credit account down.

    Append-only; (``event_key``, ``kind``) is posted once. Figures re-add from ClearedSdr.
    """

    class Kind(models.TextChoices):
        ENERGY = "ENERGY", "Services of a pair in a window"
        VAT = "VAT", "VAT on services, seller from buyer"
        COMMISSION = "COMMISSION", "Commission of the clearing house"
        FEE = "FEE", "Fees of the clearing house"
        FEE_VAT = "FEE_VAT", "VAT on fees"
        PURCHASE = "PURCHASE", "CCP: the house buys"
        SALE = "SALE", "CCP: the house sells"
        INPUT_VAT = "INPUT_VAT", "CCP: VAT on purchases"
        OUTPUT_VAT = "OUTPUT_VAT", "CCP: VAT on sales"
        SELF_ASSESSED = "SELF_ASSESSED", "CCP: reverse charge, both sides"
        SET_OFF = "SET_OFF", "CCP: a partner's payable against its receivable"
        SUSPENSE = "SUSPENSE", "A dispute was opened"
        SUSPENSE_END = "SUSPENSE_END", "A dispute was closed"
        ADJUSTMENT = "ADJUSTMENT", "Manual adjustment"
        EXCHANGE = "EXCHANGE", "Conversion into another currency"
        DEPOSIT_IN = "DEPOSIT_IN", "Guarantee or prefund paid in"
        DEPOSIT_OUT = "DEPOSIT_OUT", "Guarantee or prefund paid back"
        COVER = "COVER", "Default covered"
        UNWIND = "UNWIND", "Default unwound"
        WRITE_OFF = "WRITE_OFF", "Written off"
        PAY_IN = "PAY_IN", "Money came in"
        PAYOUT_SENT = "PAYOUT_SENT", "Payout instructed"
        PAYOUT_BOOKED = "PAYOUT_BOOKED", "Payout left the bank"
        RETURN = "RETURN", "Payment came back"
        COLLECTION_SENT = "COLLECTION_SENT", "Collection instructed"
        UNALLOCATED = "UNALLOCATED", "Came in too much, or for nothing known"
        PAY_BACK = "PAY_BACK", "What came in too much goes back"
        CHARGES = "CHARGES", "The bank's charges"
        INTEREST = "INTEREST", "Interest and lump sum for late payment"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    event_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=15, choices=Kind)
    window = models.ForeignKey(
        ClearingWindow, on_delete=models.PROTECT, related_name="transfers", null=True
    )
    # Held by one trigger per statement, which also holds their currency and environment: two keys
    # checked row by row were half of what posting costs.
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_constraint=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_constraint=False
    )
    currency = models.CharField(max_length=3)
    environment = environment_field()
    amount_minor = models.BigIntegerField()
    sdrs = models.PositiveIntegerField(default=0, help_text="how many ClearedSdr it sums")
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by", db_index=False
    )
    reason = models.CharField(max_length=500, blank=True)
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_key", "kind"], name="transfer_is_posted_once_per_event_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="transfer_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_has_two_sides"
            ),
        ]
        indexes = [
            models.Index(
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
                name="transfer_that_reverses",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor} {self.currency} minor units"


class LedgerSeal(models.Model):
    """The proof of one transfer: gapless sequence, hash of the row, hash of the chain so far.

    Written after the posting committed, by one sealing task. ``chain_sha256`` = SHA-256 of the
    previous chain hash and ``row_sha256``; a changed transfer no longer fits its seal.
    """

    sequence = models.BigIntegerField(primary_key=True)
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="seal")
    row_sha256 = models.CharField(max_length=64)
    chain_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sequence__gte=1), name="seal_sequence_starts_at_one"
            ),
            models.CheckConstraint(
                condition=Q(row_sha256__regex="^[0-9a-f]{64}$")
                & Q(chain_sha256__regex="^[0-9a-f]{64}$"),
                name="seal_carries_two_hashes",
            ),
        ]

    def __str__(self) -> str:
        return f"seal {self.sequence}"


class LedgerHorizon(models.Model):
    """Until when the books are complete; one row, which only sealing moves, and only forward.

    No seal to come is dated at or before ``complete_until_at``, so the books as of any instant up
    to it are the same whenever they are read. ``seals`` is how many there are, for where the newest
    were taken out, the chain that is left fits.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    complete_until_at = models.DateTimeField()
    seals = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="ledger_has_one_horizon"),
        ]

    def __str__(self) -> str:
        return f"complete until {self.complete_until_at:%Y-%m-%d %H:%M:%S}Z"
