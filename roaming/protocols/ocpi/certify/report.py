"""What a certification found: for people a table, for machines JSON."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from roaming.protocols.ocpi.certify.case import Case, Verdict
from roaming.protocols.ocpi.simulator.exact import Document

TYPE = "certification-report"


@dataclass(frozen=True)
class Result:
    """One case; ``calls`` as ``GET https://…``, without their bodies."""

    case: Case
    verdict: Verdict
    came: str
    calls: tuple[str, ...] = ()

    def as_json(self) -> Document:
        return {
            "case": self.case.id,
            "asked": self.case.asks,
            "calls": list(self.calls),
            "expected": self.case.expects,
            "came": self.came,
            "verdict": str(self.verdict),
        }


@dataclass(frozen=True)
class Report:
    """About a system in its test environment; there is no report about a live one."""

    versions_url: str
    role: str
    version: str
    ran_at: datetime
    results: tuple[Result, ...] = field(default=())

    @property
    def totals(self) -> dict[str, int]:
        counts = Counter(one.verdict for one in self.results)
        return {str(verdict): counts[verdict] for verdict in Verdict}

    @property
    def ok(self) -> bool:
        """Nothing failed, and something was looked at."""
        return not self.totals["failed"] and bool(self.totals["passed"])

    def as_json(self) -> Document:
        return {
            "type": TYPE,
            "environment": "TEST",
            "versions_url": self.versions_url,
            "role": self.role,
            "version": self.version,
            "ran_at": self.ran_at.isoformat(),
            "totals": self.totals,
            "cases": [one.as_json() for one in self.results],
        }
