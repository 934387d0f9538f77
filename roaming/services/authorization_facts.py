"""What is known beforehand about a question whether somebody may charge: one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from clearinghouse.identifiers import MalformedContractId, parse_contract_id
from clearinghouse.statements import run_bound
from partners.models import Party
from roaming.messages.authorizations import AuthorizationQuestion, ShownCredential
from roaming.rules.authorization import REPEATED_WITHIN, Candidate, Listed

MOST_ASKED_AROUND = 100
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Known:
    """Who may answer, the asking CSO's state, and the same question if it was answered."""

    cso_state: str
    repeated_id: UUID | None
    candidates: Sequence[Candidate]


def read(
    question: AuthorizationQuestion,
    *,
    cso: Party,
    csp: Party | None,
    lookup_hashes: Sequence[str],
    question_hash: str,
    now: datetime,
) -> Known:
    """``csp``: the one that the CSO names."""
    parameters: dict[str, Any] = {
        "cso_id": cso.pk,
        "environment": cso.environment,
        "now": now,
        "lookup_hashes": list(lookup_hashes),
        "codes": _providers_of(question.shown),
        "csp_id": csp.pk if csp else None,
        "question_hash": question_hash,
        "repeated_since": now - REPEATED_WITHIN,
    }
    rows = run_bound(_SQL / "authorize_read.sql", parameters, is_prepared=True)
    cso_state, repeated_id = rows[0][:2]
    candidates = [_candidate(row[2:]) for row in rows if row[2] is not None]
    return Known(cso_state or "", repeated_id, candidates)


def csps_around(cso: Party, *, now: datetime) -> list[Candidate]:
    """Every CSP with which the CSO has an agreement and that can be asked."""
    parameters: dict[str, Any] = {
        "cso_id": cso.pk,
        "environment": cso.environment,
        "now": now,
        "limit": MOST_ASKED_AROUND,
    }
    rows = run_bound(_SQL / "authorize_around.sql", parameters)
    return [
        Candidate(
            csp_id=csp_id,
            csp_code=code,
            csp_state="ACTIVE",
            is_agreed=True,
            endpoint_id=endpoint_id,
            endpoint_state="CONNECTED",
            protocol=protocol,
        )
        for csp_id, code, endpoint_id, protocol in rows
    ]


def _providers_of(shown: ShownCredential) -> list[str]:
    """The party code in the contract id, or in what is shown where that is one."""
    stated = (shown.contract_id, shown.uid if shown.kind != "RFID" else "")
    for text in filter(None, stated):
        try:
            return [parse_contract_id(text).party_code]
        except MalformedContractId:
            continue
    return []


def _candidate(row: Sequence[Any]) -> Candidate:
    csp_id, code, csp_state, mode, endpoint_id, endpoint_state, protocol, *listed = row
    return Candidate(
        csp_id=csp_id,
        csp_code=code,
        csp_state=csp_state or "",
        is_agreed=mode is not None and mode != "DIRECT",
        is_direct=mode == "DIRECT",
        endpoint_id=endpoint_id,
        endpoint_state=endpoint_state or "",
        protocol=protocol or "",
        listed=Listed(*listed) if listed[0] is not None else None,
    )
