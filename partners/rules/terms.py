"""What an agreement may not say, whatever the form: once in force it cannot be mended."""

import re

from partners.rules.modes import wrong_sides

SEVERITIES = ("REJECT", "HOLD", "WARN")
LONGEST_REASON = 200
_CODE = re.compile(r"V\d{3}")
_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,6})?")


def wrong_terms(
    *,
    currency: str,
    group_currency: str,
    overrides: object,
    mode: str,
    roles: tuple[str, str],
) -> dict[str, str]:
    """What is wrong by field, in words; empty is good. ``roles``: of the seller and the buyer.

    Records in another currency than the group's would be accepted and never cleared. Overrides of
    another shape would stop the intake of every record between the two sides.
    """
    wrong = {}
    if currency != group_currency:
        wrong["currency"] = f"The group settles in {group_currency}; choose it, or another group."
    if told := wrong_sides(mode, seller_role=roles[0], buyer_role=roles[1]):
        wrong["mode"] = told
    if told := _wrong_overrides(overrides):
        wrong["rule_overrides"] = told
    return wrong


def _wrong_overrides(overrides: object) -> str:
    if not isinstance(overrides, dict):
        return 'Write an object, e.g. {"V203": {"severity": "WARN", "reason": "truck site"}}.'
    for code, override in overrides.items():
        if not (isinstance(code, str) and _CODE.fullmatch(code)):
            return f"{code} is no code of a rule; write e.g. V203."
        if told := _wrong_shape(override):
            return f"{code}: {told}"
        reason = override["reason"]
        if not isinstance(reason, str) or not 1 <= len(reason.strip()) <= LONGEST_REASON:
            return f"{code}: give a reason of at most {LONGEST_REASON} characters."
    return ""


def _wrong_shape(override: object) -> str:
    known = {"severity", "limits", "reason"}
    if not isinstance(override, dict) or "reason" not in override or set(override) - known:
        return "name a severity or limits, and a reason, and nothing else."
    if not {"severity", "limits"} & set(override):
        return "name a severity or limits."
    if "severity" in override and override["severity"] not in SEVERITIES:
        return f"the severity is {', '.join(SEVERITIES)}."
    limits = override.get("limits", {})
    if not isinstance(limits, dict) or not all(map(_is_limit, limits.values())):
        return 'write limits as decimals in quotes, e.g. {"largest_kwh": "600"}.'
    return ""


def _is_limit(value: object) -> bool:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None
