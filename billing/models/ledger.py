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
        CLEARING = "1300", "1300 clearing of a partner"
        FEE_INCOME = "4100", "4100 fee income"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    code = models.CharField(max_length=4, choices=Code)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True)
    currency = models.CharField(max_length=3)
    environment = environment_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "partner", "currency", "environment"],
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
        COMMISSION = "COMMISSION", "Commission of the clearing house"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    event_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    window = models.ForeignKey(ClearingWindow, on_delete=models.PROTECT, related_name="transfers")
    debit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    currency = models.CharField(max_length=3)
    environment = environment_field()
    amount_minor = models.BigIntegerField()
    sdrs = models.PositiveIntegerField(help_text="how many ClearedSdr it sums")
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

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor} {self.currency} minor units"
