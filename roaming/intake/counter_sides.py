"""The two parties that a chunk of counter-records name, and whether their pair clears here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from partners import queries
from partners.models import Partner, RoamingAgreement
from partners.queries import PartyNow
from roaming.intake.facts import normal_code
from roaming.rules.counter_record import InboundCounterRecord

_DIRECT = RoamingAgreement.Mode.DIRECT


@dataclass(slots=True)
class CounterSides:
    """Parties by code and role, and every agreement between them that was ever in force."""

    csps: dict[str, PartyNow]
    csos: dict[str, PartyNow]
    agreed: dict[tuple[UUID, UUID], list[RoamingAgreement]] = field(default_factory=dict)

    def csp_of(self, record: InboundCounterRecord) -> PartyNow | None:
        return self.csps.get(normal_code(record.csp_id))

    def seller_of(self, record: InboundCounterRecord) -> PartyNow | None:
        """The CSO under the code; a CSP under it where that one sells to the record's."""
        code = normal_code(record.cso_id)
        cso, reseller, csp = self.csos.get(code), self.csps.get(code), self.csp_of(record)
        if reseller is None or csp is None or (reseller.id, csp.id) not in self.agreed:
            return cso
        if cso is not None and (cso.id, csp.id) in self.agreed:
            return cso
        return reseller

    def settles_directly(self, record: InboundCounterRecord) -> bool:
        """Every agreement in force at the session's start is one that does not clear here."""
        seller, csp = self.seller_of(record), self.csp_of(record)
        if seller is None or csp is None or record.started_at is None:
            return False
        start = record.started_at
        modes = {
            one.mode
            for one in self.agreed.get((seller.id, csp.id), ())
            if one.starts_at <= start and (one.ends_at is None or start < one.ends_at)
        }
        return modes == {_DIRECT}


def load_sides(
    records: Iterable[InboundCounterRecord], *, sender: Partner, environment: str, now: datetime
) -> CounterSides:
    """Three queries, whatever the number of records."""
    told = list(records)
    known: dict[str, Any] = {"sender": sender, "environment": environment, "now": now}
    sellers = {normal_code(one.cso_id) for one in told} - {""}
    buyers = {normal_code(one.csp_id) for one in told} - {""}
    sides = CounterSides(
        csps=queries.parties_by_code(buyers | sellers, role="CSP", **known),
        csos=queries.parties_by_code(sellers, role="CSO", **known),
    )
    parties = [*sides.csos.values(), *sides.csps.values()]
    for one in queries.agreements_between(
        [party.id for party in parties], [party.id for party in sides.csps.values()]
    ):
        sides.agreed.setdefault((one.seller_id, one.buyer_id), []).append(one)
    return sides
