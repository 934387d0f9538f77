"""The form of a drafted rule override: only what the rule really has can be changed."""

from decimal import Decimal, InvalidOperation

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from partners.models import RoamingAgreement
from roaming.models import RuleOverride
from roaming.rules.catalog import RULES
from roaming.rules.findings import Rule

CHANGEABLE = {rule.code: rule for rule in RULES if not rule.is_fixed}
_WEIGHTS = [("", "as it is"), ("REJECT", "REJECT"), ("HOLD", "HOLD"), ("WARN", "WARN")]


def limits_in_words(rule: Rule) -> str:
    return ", ".join(f"{name} {value.normalize():f}" for name, value in rule.limits.items())


class RuleOverrideForm(forms.ModelForm):
    """One rule for one partner or one agreement."""

    code = forms.ChoiceField(
        choices=lambda: [(code, f"{code} {rule.title}") for code, rule in CHANGEABLE.items()],
        widget=UnfoldAdminSelectWidget,
        label="Rule",
    )
    severity = forms.ChoiceField(
        choices=_WEIGHTS, required=False, widget=UnfoldAdminSelectWidget, label="Weight"
    )

    class Meta:
        model = RuleOverride
        fields = "__all__"  # noqa: DJ007 the admin names them

    def clean(self):
        cleaned = super().clean() or {}
        rule = CHANGEABLE.get(cleaned.get("code", ""))
        number = cleaned.get("agreement_number", "")
        if bool(cleaned.get("partner")) == bool(number):
            self.add_error("partner", "Name a partner or an agreement, one of the two.")
        if number and not RoamingAgreement.objects.filter(number=number).exists():
            self.add_error("agreement_number", "There is no agreement of this number.")
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "Choose an end after the start.")
        limits = cleaned.get("limits") or {}
        if rule is not None and (told := _wrong_limits(limits, rule)):
            self.add_error("limits", told)
        if not limits and not cleaned.get("severity"):
            self.add_error("severity", "Change the weight or a limit; else there is nothing to do.")
        cleaned["limits"] = limits
        return cleaned


def _wrong_limits(limits: object, rule: Rule) -> str:
    if not isinstance(limits, dict):
        return 'Write an object, e.g. {"largest_kwh": "600"}.'
    known = limits_in_words(rule) or "none"
    for name, value in limits.items():
        if name not in rule.limits:
            return f"{rule.code} has no limit {name}. It has: {known}."
        try:
            is_decimal = isinstance(value, str) and Decimal(value).is_finite()
        except InvalidOperation:
            is_decimal = False
        if not is_decimal:
            return f'Write {name} as a decimal in quotes, e.g. {{"{name}": "600"}}.'
    return ""
