"""The rules of this house in the order in which they run, and how findings become a verdict.

Source of codes and defaults: the 75 plausibility rules of the clearing specification (TAP3 and
OCHP practice); where a conformance case differs the case wins. All rules run: one round trip
tells the sender everything.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Literal

from roaming.rules import (
    registry_behaviour,
    registry_credits,
    registry_duplicates,
    registry_energy,
    registry_identity,
    registry_price,
    registry_signature,
    registry_time,
)
from roaming.rules.findings import Fact, Facts, Finding, Found, Limits, Override, Rule
from roaming.rules.missing import missing_facts
from roaming.rules.record import InboundSdr

RULES_VERSION = 2
Verdict = Literal["ACCEPT", "HOLD", "REJECT"]

# V001 is found while reading, before there is a record to check; it is listed for the code sheet.
STRUCTURE = Rule(
    code="V001",
    severity="REJECT",
    is_fixed=True,
    field="",
    title="A field is missing, unreadable or out of range",
    remedy="Correct the field named and send the record again under the same id.",
    check=lambda sdr, facts, limits: None,
    limit="numbers: at most 11 digits before and 6 after the point",
)

RULES: tuple[Rule, ...] = (
    *registry_identity.RULES,
    *registry_duplicates.RULES,
    *registry_time.RULES,
    *registry_energy.RULES,
    *registry_signature.RULES,
    *registry_price.RULES,
    *registry_credits.RULES,
    *registry_behaviour.RULES,
)


def _remedies() -> dict[str, str]:
    """What to do about each code; where its rules ask for different things, what each is about."""
    by_code: dict[str, list[Rule]] = {}
    for rule in (STRUCTURE, *RULES):
        by_code.setdefault(rule.code, []).append(rule)
    return {
        code: rules[0].remedy
        if len({rule.remedy for rule in rules}) == 1
        else " ".join(f"{rule.title}: {rule.remedy}" for rule in rules)
        for code, rules in by_code.items()
    }


REMEDIES = _remedies()


def check_sdr(sdr: InboundSdr, facts: Facts) -> tuple[list[Finding], list[str]]:
    """Run every rule; return the findings and the codes that were NOT_APPLICABLE."""
    applicable, not_applicable = _split(missing_facts(sdr, facts))
    overrides = facts.terms.overrides if facts.terms is not None else None
    findings = []
    for rule in applicable:
        override = overrides.get(rule.code) if overrides and not rule.is_fixed else None
        found = rule.check(sdr, facts, _limits(rule, override) if override else rule.limits)
        if found is not None:
            findings.append(_weigh(rule, found, override))
    return findings, list(not_applicable)


# Records of one sender lack the same facts: the rules are sorted out once for each such lack.
@lru_cache(maxsize=1024)
def _split(missing: frozenset[Fact]) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules that can be run, and the codes of the others."""
    applicable = tuple(rule for rule in RULES if missing.isdisjoint(rule.needs))
    others = (rule.code for rule in RULES if not missing.isdisjoint(rule.needs))
    return applicable, tuple(dict.fromkeys(others))


def verdict_of(findings: list[Finding]) -> Verdict:
    """The worst finding decides; WARN alone passes."""
    severities = {finding.severity for finding in findings}
    if "REJECT" in severities:
        return "REJECT"
    return "HOLD" if "HOLD" in severities else "ACCEPT"


def _limits(rule: Rule, override: Override) -> Limits:
    """The rule's thresholds, with those that an override changes."""
    if not override.get("limits"):
        return rule.limits
    changed = {name: Decimal(text) for name, text in override["limits"].items()}
    return {**rule.limits, **changed}


def _weigh(rule: Rule, found: Found, override: Override | None) -> Finding:
    """Apply the override, which may name a severity and has a reason."""
    severity = (override or {}).get("severity") or found.severity or rule.severity
    return Finding(
        code=rule.code,
        severity=severity,
        field=rule.field,
        message=found.message[:500],
        override_reason=override["reason"] if override else "",
        measured=found.measured[:60],
        limit=found.limit[:60],
    )
