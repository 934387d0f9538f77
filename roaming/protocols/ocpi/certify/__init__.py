"""Conformance cases against a partner's own endpoints; see ``docs/onboarding-kit.md``."""

from roaming.protocols.ocpi.certify.case import CASES, Verdict
from roaming.protocols.ocpi.certify.report import Report, Result
from roaming.protocols.ocpi.certify.run import cases_for, certify, our_role
from roaming.protocols.ocpi.certify.visit import Target

__all__ = ["CASES", "Report", "Result", "Target", "Verdict", "cases_for", "certify", "our_role"]
