"""Who asks whether somebody may charge, over the native API: one statement instead of five."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from clearinghouse.statements import run_bound
from partners.models import Party
from roaming.intake.facts import normal_code

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Caller:
    """A token's client as it stands now. A party is ``None`` where it is another's or nobody's."""

    scopes: frozenset[str]
    expires_at: datetime
    partner_standing: str
    cso: Party | None
    csp: Party | None


def caller_of(token: str, *, cso_code: str, csp_code: str, now: datetime) -> Caller | None:
    """The client that shows ``token``, its CSO party and the CSP that it names."""
    cso_country, _, cso_party = normal_code(cso_code).partition("*")
    csp_country, _, csp_party = normal_code(csp_code).partition("*")
    parameters: dict[str, Any] = {
        "token_checksum": hashlib.sha256(token.encode()).hexdigest(),
        "cso_country": cso_country,
        "cso_party": cso_party,
        "csp_country": csp_country,
        "csp_party": csp_party,
        "now": now,
    }
    rows = run_bound(_SQL / "authorize_caller.sql", parameters, is_prepared=True)
    if not rows:
        return None
    [row] = rows
    in_token, granted, expires_at, environment, state, cso_id, csp_id = row

    def party(id: UUID | None, country: str, party_id: str, role: str) -> Party | None:
        if id is None:
            return None
        return Party(
            id=id, country_code=country, party_id=party_id, role=role, environment=environment
        )

    return Caller(
        scopes=frozenset(in_token.split()) & frozenset(granted.split()),
        expires_at=expires_at,
        partner_standing=state or "",
        cso=party(cso_id, cso_country, cso_party, Party.Role.CSO),
        csp=party(csp_id, csp_country, csp_party, Party.Role.CSP),
    )
