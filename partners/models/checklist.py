"""What a party must show before it goes live, step by step, and that two persons let it."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.approval import Approval
from partners.models.party import Party


class ChecklistStep(models.Model):
    """A person confirmed one item of a TEST party's checklist, by evidence that can be found again.

    Kept: a step that holds no more is withdrawn with a reason, and confirmed by another row.
    """

    class Item(models.TextChoices):
        REGISTER_EXTRACT = "REGISTER_EXTRACT", "Extract of the register of companies"
        OWNERS_SCREENED = "OWNERS_SCREENED", "Owners and sanction lists"
        VAT_CHECKED = "VAT_CHECKED", "VAT registration check"
        CONTRACT_SIGNED = "CONTRACT_SIGNED", "Participation contract"
        BANK_ACCOUNT = "BANK_ACCOUNT", "Bank account"
        MANDATE_ON_FILE = "MANDATE_ON_FILE", "Mandate for its backend supplier"
        CERTIFIED = "CERTIFIED", "Certification of its test system"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="checklist")
    item = models.CharField(max_length=16, choices=Item)
    evidence = models.CharField(
        max_length=500, help_text="document, number and date, or where it is filed"
    )
    confirmed_by = models.CharField(max_length=150)
    confirmed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdraw_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "item"],
                condition=Q(withdrawn_at__isnull=True),
                name="checklist_step_stands_once",
            ),
            models.CheckConstraint(
                condition=~Q(evidence="") & ~Q(confirmed_by=""),
                name="checklist_step_has_evidence_and_a_witness",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="", withdraw_reason="")
                | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="") & ~Q(withdraw_reason=""),
                name="checklist_step_is_withdrawn_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} of {self.party_id}"


class LiveActivation(models.Model):
    """A TEST party went live: its LIVE twin was opened by two persons. Append-only.

    The database counts the steps again, and looks at the approval (``partners`` 0012).
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    test_party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="going_live")
    live_party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="came_live")
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    activated_at = models.DateTimeField()

    class Meta:
        permissions = [("approve_liveactivation", "Can approve that a party goes live")]

    def __str__(self) -> str:
        return f"{self.live_party_id} live since {self.activated_at:%Y-%m-%d}"
