"""A partner's new bank account: the costliest fraud there is, so it takes five steps."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.approval import Approval
from partners.models.partner import BankAccount, Partner


class BankDetailChange(models.Model):
    """REQUESTED → CALLED_BACK → APPROVED → TESTED → EFFECTIVE; what was asked never changes.

    The call goes to a contact that was on file before the request. A second person approves;
    three business days pass; one cent arrives and is confirmed. Payouts to the partner wait
    until it is EFFECTIVE, REFUSED or WITHDRAWN (finance.md 8).
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        CALLED_BACK = "CALLED_BACK", "Confirmed by telephone"
        APPROVED = "APPROVED", "Approved by a second person, cooling"
        TESTED = "TESTED", "The penny arrived"
        EFFECTIVE = "EFFECTIVE"
        REFUSED = "REFUSED"
        WITHDRAWN = "WITHDRAWN"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="bank_detail_changes"
    )
    currency = models.CharField(max_length=3)
    holder = models.CharField(max_length=140)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=11, choices=State, default=State.REQUESTED)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    called_contact = models.CharField(
        max_length=200, blank=True, help_text="who was called, under which number on file"
    )
    called_by = models.CharField(max_length=150, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    cooling_until_date = models.DateField(null=True, blank=True)
    penny_reference = models.CharField(max_length=35, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    bank_account = models.OneToOneField(
        BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="change"
    )
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        permissions = [("approve_bankdetailchange", "Can approve bank detail change")]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "currency"],
                condition=~Q(state__in=["EFFECTIVE", "REFUSED", "WITHDRAWN"]),
                name="partner_changes_one_account_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["REQUESTED", "REFUSED", "WITHDRAWN"])
                | Q(called_at__isnull=False) & ~Q(called_contact="") & ~Q(called_by=""),
                name="bank_change_is_called_back_first",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["APPROVED", "TESTED", "EFFECTIVE"])
                | Q(
                    approval__isnull=False,
                    approved_at__isnull=False,
                    cooling_until_date__isnull=False,
                ),
                name="bank_change_is_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["TESTED", "EFFECTIVE"])
                | Q(tested_at__isnull=False) & ~Q(penny_reference=""),
                name="bank_change_is_tested_with_a_penny",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="EFFECTIVE", effective_at__isnull=False, bank_account__isnull=False
                )
                & Q(effective_at__date__gte=F("cooling_until_date"))
                | ~Q(state="EFFECTIVE") & Q(effective_at__isnull=True, bank_account__isnull=True),
                name="bank_change_is_effective_after_cooling",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["REFUSED", "WITHDRAWN"]) | ~Q(end_reason=""),
                name="bank_change_that_ended_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"new account of {self.partner}: {self.state}"

    @property
    def masked_iban(self) -> str:
        return f"{self.iban[:2]} … {self.iban[-4:]}"
