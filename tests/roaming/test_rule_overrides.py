"""An override weighs a rule otherwise: for its partner or agreement, from one instant to another.

The subject is V014 (HOLD) and V107 (HOLD beyond ``longest_ac_hours`` 24), through the intake.
"""

from datetime import timedelta

import pytest

from roaming.models import Finding, RuleOverride
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    fjell,
    nordlicht,
    partner_of,
    polder,
    record,
    take,
)

pytestmark = pytest.mark.django_db

ABROAD = {"location_country": "NL"}
LONG = {"started_at": "2026-11-12T10:00:00Z"}  # 49 hours


@pytest.fixture(autouse=True)
def agreement():
    return AgreementMaker(number="AG")


def override(code: str = "V014", **fields: object) -> RuleOverride:
    scope = {} if "agreement_number" in fields else {"partner": partner_of(nordlicht())}
    values = {"reason": "agreed", "starts_at": LONG_AGO, "activated_at": LONG_AGO} | scope | fields
    return RuleOverride.objects.create(code=code, **values)


def sent(received_at=NOON, **changes: object) -> tuple[str, str]:
    """The outcome, and the severity of the one finding on the subject."""
    (outcome,) = take(record(**changes), received_at=received_at)
    rows = Finding.objects.filter(record_id=outcome.record_id, code__in=("V014", "V107"))
    return outcome.outcome, ",".join(rows.values_list("severity", flat=True))


class TestSeverity:
    def test_is_the_rules_own_without_an_override(self):
        assert sent(**ABROAD) == ("held", "HOLD")

    @pytest.mark.parametrize(
        ("severity", "outcome"), [("WARN", "accepted"), ("HOLD", "held"), ("REJECT", "rejected")]
    )
    def test_is_the_partners(self, severity, outcome):
        override(severity=severity)

        assert sent(**ABROAD) == (outcome, severity)
        assert Finding.objects.get(code="V014").override_reason == "agreed"

    def test_is_the_agreements_before_the_partners(self):
        override(severity="REJECT")
        override(severity="WARN", agreement_number="AG")

        assert sent(**ABROAD) == ("accepted", "WARN")

    def test_is_what_was_signed_before_the_partners(self):
        override(severity="REJECT")
        AgreementMaker(
            number="AG-N",
            buyer=fjell(),
            rule_overrides={"V014": {"severity": "WARN", "reason": "signed"}},
        )

        assert sent(csp_id="NO*FJL", **ABROAD) == ("accepted", "WARN")
        assert Finding.objects.get(code="V014").override_reason == "signed"

    def test_is_the_dated_one_before_what_was_signed(self):
        AgreementMaker(
            number="AG-N",
            buyer=fjell(),
            rule_overrides={"V014": {"severity": "WARN", "reason": "signed"}},
        )
        override(severity="REJECT", agreement_number="AG-N")

        assert sent(csp_id="NO*FJL", **ABROAD) == ("rejected", "REJECT")

    def test_of_a_fixed_rule_stays(self):
        override("V013", severity="WARN")

        assert take(record(currency="CHF"))[0].outcome == "rejected"

    @pytest.mark.parametrize("scope", ["partner", "agreement"])
    def test_binds_nobody_else(self, scope):
        stranger = (
            {"partner": partner_of(polder())}
            if scope == "partner"
            else {"agreement_number": "AG-OTHER"}
        )
        override(severity="WARN", **stranger)

        assert sent(**ABROAD) == ("held", "HOLD")


class TestLimits:
    def test_are_the_rules_own_without_an_override(self):
        assert sent(**LONG) == ("held", "HOLD")

    def test_are_the_partners(self):
        override("V107", limits={"longest_ac_hours": "49"})

        assert sent(**LONG) == ("accepted", "")

    def test_catch_what_the_default_lets_pass(self):
        override("V107", limits={"longest_dc_hours": "0.5", "longest_ac_hours": "0.5"})

        assert sent() == ("held", "HOLD")
        finding = Finding.objects.get(code="V107")
        assert (finding.measured, finding.limit) == ("1.0 h", "0.5 h")

    def test_of_both_count_together_the_agreements_first(self):
        override("V107", severity="WARN", limits={"longest_ac_hours": "12"})
        override("V107", limits={"longest_ac_hours": "48.5"}, agreement_number="AG")

        assert sent(**LONG) == ("accepted", "WARN")
        assert Finding.objects.get(code="V107").limit == "48.5 h"


class TestDates:
    """Half-open, and the instant of receipt decides."""

    @pytest.fixture(params=["partner", "agreement"])
    def today(self, request):
        scope = {"agreement_number": "AG"} if request.param == "agreement" else {}
        return override(severity="WARN", starts_at=NOON, ends_at=NOON + timedelta(hours=1), **scope)

    @pytest.mark.parametrize(
        ("after_s", "severity"), [(-1, "HOLD"), (0, "WARN"), (3599, "WARN"), (3600, "HOLD")]
    )
    def test_decide_by_the_receipt(self, today, after_s, severity):
        assert sent(NOON + timedelta(seconds=after_s), **ABROAD)[1] == severity

    def test_let_one_follow_another(self, today):
        scope = {"partner": today.partner, "agreement_number": today.agreement_number}
        override(severity="REJECT", starts_at=today.ends_at, **scope)

        assert sent(today.ends_at - timedelta(seconds=1), **ABROAD) == ("accepted", "WARN")
        again = {"sdr_id": "NLX-2", "service_session_id": "S-2", "evse_id": "DE*NLX*E2*1"}
        assert sent(today.ends_at, **ABROAD, **again) == ("rejected", "REJECT")

    def test_of_a_draft_never_come(self):
        override(severity="WARN", activated_at=None)

        assert sent(**ABROAD) == ("held", "HOLD")
