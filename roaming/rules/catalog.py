"""The rules of this house in the order in which they run, and how findings become a verdict.

Source of codes and defaults: the 75 plausibility rules of the clearing specification (TAP3 and
OCHP practice); where a conformance case differs the case wins. All rules run: one round trip
tells the sender everything.
"""

from decimal import Decimal
from typing import Literal

from roaming.rules import credit, duplicates, energy, identity, price, time
from roaming.rules.findings import Fact, Facts, Finding, Found, Limits, Override, Rule
from roaming.rules.record import InboundSdr

RULES_VERSION = 1
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
    Rule(
        code="V002",
        severity="REJECT",
        is_fixed=True,
        field="cso_id",
        title="The sender does not act for the seller party",
        remedy="Use your own party, or ask its owner for a mandate to send for it.",
        check=identity.sender_acts_for_the_seller,
    ),
    Rule(
        code="V003",
        severity="HOLD",
        is_fixed=True,
        field="csp_id",
        title="A side is missing, unknown or not active",
        remedy="Name a home-CSP that is set up here; until it is, the record waits for it.",
        check=identity.both_sides_are_known,
    ),
    Rule(
        code="V004",
        severity="REJECT",
        is_fixed=True,
        field="csp_id",
        needs=("buyer",),
        title="No agreement in force at session start",
        remedy="Conclude the agreement from before the session, then send the record again.",
        check=identity.agreement_is_in_force,
    ),
    Rule(
        code="V005",
        severity="REJECT",
        field="evse_id",
        needs=("agreement", "evse"),
        title="EVSE id malformed",
        remedy="Send the id as in ISO 15118-2 Annex H, e.g. DE*ABC*E1234*1.",
        check=identity.evse_id_is_well_formed,
    ),
    Rule(
        code="V007",
        severity="REJECT",
        field="contract_id",
        needs=("contract_id",),
        title="Contract id malformed or with a wrong check digit",
        remedy="Send the EMAID as issued, e.g. DE-8AA-CA2B3C4D5-L; check its last character.",
        check=identity.contract_id_is_well_formed,
    ),
    Rule(
        code="V401",
        severity="REJECT",
        is_fixed=True,
        field="sdr_id",
        title="Same id, other content, against a live record",
        remedy="Correct a live record by a credit and a replacement under new ids.",
        check=duplicates.id_is_not_taken_by_other_content,
    ),
    Rule(
        code="V402",
        severity="HOLD",
        is_fixed=True,
        field="service_session_id",
        title="Another live record already bills this session",
        remedy="If it is the same session, withdraw one; if it is a part, number it by split_no.",
        check=duplicates.session_is_not_billed_twice,
    ),
    Rule(
        code="V101",
        severity="REJECT",
        is_fixed=True,
        field="ended_at",
        title="End before start",
        remedy="Correct the times (mind the UTC offset) and send the record again.",
        check=time.end_is_not_before_start,
    ),
    Rule(
        code="V102",
        severity="REJECT",
        field="ended_at",
        title="Energy without duration",
        remedy="Send times with seconds, and the session's real end.",
        check=time.zero_duration_has_no_energy,
    ),
    Rule(
        code="V103",
        severity="REJECT",
        field="ended_at",
        limit="15 minutes; from 5 WARN",
        title="End in the future",
        remedy="Check the station's clock and the UTC offset.",
        check=time.end_is_not_in_the_future,
    ),
    Rule(
        code="V110",
        severity="REJECT",
        field="ended_at",
        needs=("agreement",),
        limit="agreement, default 90 days; from 7 WARN",
        title="Received late",
        remedy="Send records within the agreement's limit; ask the CSP to agree a longer one.",
        check=time.record_is_not_too_old,
    ),
    Rule(
        code="V111",
        severity="REJECT",
        is_fixed=True,
        field="ended_at",
        title="No end: sent while the session was running",
        remedy="Send the record again, under the same id, once the session has ended.",
        check=time.session_has_ended,
    ),
    Rule(
        code="V201",
        severity="REJECT",
        field="energy_kwh",
        needs=("energy",),
        title="Negative energy",
        remedy="Check for a meter exchange or reset and send the energy delivered.",
        check=energy.energy_is_not_negative,
    ),
    Rule(
        code="V202",
        severity="HOLD",
        field="energy_kwh",
        needs=("energy", "max_power"),
        limit="1.05 × power × time + 0.2 kWh; from 1.5 × REJECT",
        title="More energy than the connector can deliver in the time",
        remedy="Check energy, times and max_power_kw.",
        check=energy.energy_fits_the_power,
    ),
    Rule(
        code="V203",
        severity="REJECT",
        field="energy_kwh",
        needs=("energy",),
        limit="1,000 kWh; from 300 HOLD",
        title="Impossible energy for one session",
        remedy="Check the unit (kWh) and the meter values.",
        check=energy.energy_is_plausible,
    ),
    Rule(
        code="V209",
        severity="HOLD",
        field="energy_kwh",
        needs=("energy", "period"),
        limit="500 kW",
        title="Impossible mean power",
        remedy="Check energy and times.",
        check=energy.mean_power_is_plausible,
    ),
    Rule(
        code="V212",
        severity="HOLD",
        field="energy_kwh",
        needs=("energy",),
        limit="1,000 kWh",
        title="Energy looks like Wh",
        remedy="Send kWh with at most 3 decimals.",
        check=energy.energy_is_not_in_wh,
    ),
    Rule(
        code="V013",
        severity="REJECT",
        is_fixed=True,
        field="currency",
        title="Currency unknown",
        remedy="Send the agreement's currency as an ISO 4217 code.",
        check=price.currency_is_known,
    ),
    Rule(
        code="V013",
        severity="REJECT",
        is_fixed=True,
        field="currency",
        needs=("buyer",),
        title="Currency is not the agreement's",
        remedy="Send the agreement's currency, or agree on a second one.",
        check=identity.currency_is_the_agreements,
    ),
    Rule(
        code="V503",
        severity="REJECT",
        field="items",
        limit="0.01",
        title="The items do not add up to the total",
        remedy="Correct items or total_amount.",
        check=price.items_add_up,
    ),
    Rule(
        code="V504",
        severity="REJECT",
        field="total_amount",
        is_fixed=True,
        title="Negative amount on a record that is no credit",
        remedy="Take money back by a credit that names the record in credits_sdr_id.",
        check=price.total_is_not_negative,
    ),
    Rule(
        code="V504",
        severity="HOLD",
        field="items",
        title="Negative item on a record that is no credit",
        remedy="Take money back by a credit that names the record in credits_sdr_id.",
        check=price.items_are_not_negative,
    ),
    Rule(
        code="V601",
        severity="HOLD",
        is_fixed=True,
        field="credits_sdr_id",
        title="A credit or replacement waits for its original",
        remedy="Nothing to do: it moves no money until the clearing house pairs it with the"
        " record that it names in credits_sdr_id or replaces_sdr_id.",
        check=credit.original_is_paired,
    ),
)

REMEDIES = {rule.code: rule.remedy for rule in (STRUCTURE, *RULES)}


def check_sdr(sdr: InboundSdr, facts: Facts) -> tuple[list[Finding], list[str]]:
    """Run every rule; return the findings and the codes that were NOT_APPLICABLE."""
    missing = _missing_facts(sdr, facts)
    overrides = facts.terms.overrides if facts.terms is not None else {}
    findings, not_applicable = [], []
    for rule in RULES:
        if missing and not missing.isdisjoint(rule.needs):
            not_applicable.append(rule.code)
            continue
        override = overrides.get(rule.code) if overrides and not rule.is_fixed else None
        found = rule.check(sdr, facts, _limits(rule, override))
        if found is not None:
            findings.append(_weigh(rule, found, override))
    return findings, not_applicable


def verdict_of(findings: list[Finding]) -> Verdict:
    """The worst finding decides; WARN alone passes."""
    severities = {finding.severity for finding in findings}
    if "REJECT" in severities:
        return "REJECT"
    return "HOLD" if "HOLD" in severities else "ACCEPT"


def _limits(rule: Rule, override: Override | None) -> Limits:
    """The rule's thresholds, with those that an override changes."""
    if override is None or not override.get("limits"):
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


def _missing_facts(sdr: InboundSdr, facts: Facts) -> set[Fact]:
    missing: set[Fact] = set()
    if facts.terms is None:
        missing.add("agreement")
    if not facts.buyer_is_known or not facts.sender_may_act or sdr.started_at is None:
        missing.add("buyer")
    if sdr.energy_kwh is None:
        missing.add("energy")
    if not sdr.max_power_kw:
        missing.add("max_power")
    if sdr.started_at is None or sdr.ended_at is None:
        missing.add("period")
    if not sdr.evse_id:
        missing.add("evse")
    if not sdr.contract_id:
        missing.add("contract_id")
    return missing
