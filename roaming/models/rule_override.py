"""Another weight or limit of a rule, for one partner or one agreement, from one day on."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner
from partners.models.exclusions import one_at_a_time


class RuleOverride(models.Model):
    """Dated: it holds for records received in [starts_at, ends_at). A draft binds nobody.

    Order of strength: the rule's default, the partner's override (of the seller's owner), the
    agreement's signed ``rule_overrides``, the agreement's dated override.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    code = models.CharField(max_length=4)
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="rule_overrides"
    )
    agreement_number = models.CharField(max_length=60, blank=True)
    severity = models.CharField(
        max_length=6, blank=True, help_text="REJECT, HOLD, WARN; empty: as is"
    )
    limits = models.JSONField(default=dict, blank=True, help_text='{"largest_kwh": "600"}')
    reason = models.CharField(max_length=200)
    scope_key = models.CharField(max_length=100, editable=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        permissions = [("approve_ruleoverride", "Can agree to a rule override")]
        constraints = [
            models.CheckConstraint(
                condition=Q(partner__isnull=False, agreement_number="")
                | Q(partner__isnull=True) & ~Q(agreement_number=""),
                name="rule_override_is_of_a_partner_or_an_agreement",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="rule_override_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(severity__in=["", "REJECT", "HOLD", "WARN"]),
                name="rule_override_severity_is_known",
            ),
            one_at_a_time(
                name="rule_overrides_in_force_do_not_overlap",
                texts=("scope_key", "code"),
                condition=Q(activated_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} for {self.partner or self.agreement_number}"

    def save(self, *args, **kwargs):
        self.scope_key = self.agreement_number or str(self.partner_id)
        super().save(*args, **kwargs)
