"""The sheet of V-codes as Markdown: ``python -m roaming.rules.code_sheet > docs/codes.md``."""

import sys

from roaming.rules.catalog import RULES, RULES_VERSION, STRUCTURE
from roaming.rules.findings import Rule

# ruff: noqa: E501 the page's own lines are longer than ours
_HEAD = f"""# V-codes

What intake finds wrong with a record, and what to do. Generated from `roaming/rules/registry_*.py`
(rules version {RULES_VERSION}); a test holds the two together. All rules run at once: one answer tells everything.

* **REJECT**: the record is kept as evidence, its id is free again: correct it and send it under the same id.
* **HOLD**: the record waits for a person or for missing master data.
* **WARN**: the record passes; the finding is noted.

An agreement may give a rule another severity or other limits, with a reason, except where it is marked *fixed*. A rule that lacks a
fact it needs is NOT_APPLICABLE: stored and shown, never a silent pass and never a hold.

| code | what is wrong | severity | field | limit | needs | what to do |
|---|---|---|---|---|---|---|
"""


def sheet() -> str:
    """The whole page, ending in a newline."""
    rules = sorted((STRUCTURE, *RULES), key=lambda rule: rule.code)
    return _HEAD + "".join(_line(rule) for rule in rules)


def _line(rule: Rule) -> str:
    severity = f"{rule.severity}, fixed" if rule.is_fixed else rule.severity
    cells = (
        rule.code,
        rule.title,
        severity,
        f"`{rule.field}`" if rule.field else "",
        _limits(rule),
        ", ".join(need.replace("_", " ") for need in rule.needs),
        rule.remedy,
    )
    return f"| {' | '.join(cells)} |\n"


def _limits(rule: Rule) -> str:
    """The thresholds by the names under which an override changes them, then the words."""
    named = [f"`{name}` {value}" for name, value in rule.limits.items()]
    return "; ".join(part for part in (", ".join(named), rule.limit) if part)


if __name__ == "__main__":
    sys.stdout.write(sheet())
