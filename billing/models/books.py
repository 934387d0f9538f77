"""What accountants need: locked periods, accounts of their own chart, confirmations, exports."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localdate

from billing.models.document import Document
from billing.models.payment import SHA256
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, Partner
from partners.models.environment import environment_field


class FiscalPeriod(models.Model):
    """A period of the books, [starts_at, ends_at): once LOCKED nothing is posted into it."""

    class State(models.TextChoices):
        OPEN = "OPEN"
        LOCKED = "LOCKED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    name = models.CharField(max_length=20, help_text="such as 2026-12")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    locked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("approve_fiscalperiod", "Can lock fiscal period")]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"], name="fiscal_period_is_named_once"
            ),
            models.UniqueConstraint(
                fields=["environment", "starts_at"], name="fiscal_period_starts_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="fiscal_period_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", locked_at__isnull=True, approval__isnull=True)
                | Q(state="LOCKED", locked_at__isnull=False, approval__isnull=False),
                name="fiscal_period_is_locked_by_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AccountMapping(models.Model):
    """How an account of ours is called in an accountant's chart; the narrowest row wins."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    code = models.CharField(max_length=4, help_text="of our chart, such as 1300")
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    country_code = models.CharField(max_length=2, blank=True)
    external_account = models.CharField(max_length=20)
    tax_key = models.CharField(max_length=4, blank=True, help_text="DATEV BU-Schlüssel")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "code", "partner", "country_code"],
                nulls_distinct=False,
                name="account_is_mapped_once",
            ),
            models.CheckConstraint(
                condition=Q(external_account__regex="^[0-9A-Za-z.-]{1,20}$"),
                name="external_account_is_plain",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.external_account}"


class PostingExport(models.Model):
    """Postings of a period as they were handed to an accountant, kept as handed out. Append-only.

    The period is [starts_at, ends_at) by the instant of posting.
    """

    class Format(models.TextChoices):
        CSV = "CSV"
        DATEV = "DATEV"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    format = models.CharField(max_length=5, choices=Format)
    currency = models.CharField(max_length=3)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    total_minor = models.BigIntegerField(help_text="Σ of all postings")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="posting_export_has_a_period"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=SHA256), name="posting_export_is_hashed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.period}"

    @property
    def period(self) -> str:
        """First and last day in the house's calendar, as the DATEV file names them."""
        last = localdate(self.ends_at - timedelta(microseconds=1))
        return f"{localdate(self.starts_at)} to {last}"


class BalanceConfirmation(models.Model):
    """A partner is asked whether our books and its own agree at an instant; answered once."""

    class State(models.TextChoices):
        ASKED = "ASKED"
        CONFIRMED = "CONFIRMED"
        DIFFERS = "DIFFERS"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, related_name="balance_confirmation"
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="balance_confirmations"
    )
    environment = environment_field()
    currency = models.CharField(max_length=3)
    as_of = models.DateTimeField()
    balance_minor = models.BigIntegerField(help_text="+ the partner gets")
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    own_balance_minor = models.BigIntegerField(
        null=True, blank=True, help_text="in the partner's books, where it differs"
    )
    answer = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "environment", "currency", "as_of"],
                name="balance_is_asked_once_per_instant",
            ),
            models.CheckConstraint(
                condition=Q(state="ASKED", answered_at__isnull=True)
                | Q(state="CONFIRMED", answered_at__isnull=False, own_balance_minor__isnull=True)
                | Q(state="DIFFERS", answered_at__isnull=False, own_balance_minor__isnull=False)
                & ~Q(answer=""),
                name="balance_that_differs_says_what_is_held",
            ),
        ]

    def __str__(self) -> str:
        return f"balance of {self.partner} at {self.as_of:%Y-%m-%d}"
