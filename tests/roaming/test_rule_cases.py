"""Each rule through the intake, its facts read from tables: one record that passes, one caught."""

import pytest

from roaming.models import Finding, Sdr
from roaming.rules.catalog import RULES, STRUCTURE
from tests.makers import AgreementMaker, take_submissions
from tests.roaming.rule_cases import (
    credits,
    duplicates,
    energy,
    given_facts,
    identity,
    price,
    signature,
    tariff,
    time,
)
from tests.roaming.rule_cases.case import Case

FAMILIES = (identity, time, energy, signature, duplicates, price, tariff, credits)
CASES = [case for family in FAMILIES for case in family.CASES]
GIVEN = given_facts.CASES


def _named(case) -> str:
    return f"{case.code}-{case.severity or 'passes'}"


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=_named)
def test_through_the_intake(case: Case):
    AgreementMaker(**case.terms)
    case.given()

    (outcome,) = take_submissions(
        case.read(case.record), received_at=case.received_at, sequence=case.sequence
    )

    said = Finding.objects.filter(record_id=outcome.record_id, code=case.code)
    severities = set(said.values_list("severity", flat=True))
    assert severities == ({case.severity} if case.severity else set())
    if not case.severity and case.code not in given_facts.HALF:
        assert case.code not in Sdr.objects.get(id=outcome.record_id).not_applicable
    assert outcome.outcome in _fitting(case.severity)


def _fitting(severity: str) -> set[str]:
    """A finding never makes an outcome milder than itself; others may make it worse."""
    if severity == "REJECT":
        return {"rejected", "conflict"}
    return {"held", "rejected"} | (set() if severity == "HOLD" else {"accepted"})


@pytest.mark.parametrize("case", GIVEN, ids=_named)
def test_on_given_facts(case: given_facts.Given):
    findings, not_applicable = case.judged()

    said = {finding.severity for finding in findings if finding.code == case.code}
    assert said == ({case.severity} if case.severity else set())
    assert case.code not in not_applicable


def test_every_rule_has_a_case_that_passes_and_one_that_is_caught():
    """A new rule without cases fails here; so does a severity that no case shows."""
    codes = {rule.code for rule in (STRUCTURE, *RULES)}
    passing = {case.code for case in (*CASES, *GIVEN) if not case.severity}
    caught = {(case.code, case.severity) for case in (*CASES, *GIVEN) if case.severity}

    assert passing == codes
    assert {(rule.code, rule.severity) for rule in (STRUCTURE, *RULES)} <= caught
    assert {case.code for case in GIVEN if case.code not in given_facts.WAITING} <= {
        case.code for case in CASES
    }
