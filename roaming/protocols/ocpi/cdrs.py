"""CDRs into the intake of service detail records, and records as CDRs."""

import re
from decimal import Decimal
from typing import Any

from roaming.intake.structure import Submission, storable
from roaming.intake.structure import submission_of as checked_submission
from roaming.protocols.ocpi.objects import Read, read
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.cdr_reading import (
    FIELD_OF,
    Basis,
    CdrWords,
    Cost,
    checked,
    party,
    sdr_fields,
)
from roaming.protocols.ocpi.trees.checks import Fault
from roaming.protocols.ocpi.trees.known import Known, LookUp, nothing
from roaming.protocols.ocpi.v2_1_1.mapping import CDR_WORDS as V2_1_1
from roaming.protocols.ocpi.v2_2_1.cdr_writing import cdr_of
from roaming.protocols.ocpi.v2_2_1.mapping import CDR_WORDS as V2_2_1
from roaming.protocols.ocpi.v2_3_0.mapping import CDR_WORDS as V2_3_0
from roaming.rules.findings import Finding
from roaming.rules.record import InboundSdr

__all__ = ["Cost", "cdr_of", "cost_on", "submission_of"]

_WORDS: dict[str, CdrWords] = {"2.1.1": V2_1_1, "2.2.1": V2_2_1, "2.3.0": V2_3_0}
# OCPI's numbers have four decimals.
_DECIMALS = 4
_LONGEST_FIELD, _LONGEST_MESSAGE, _MOST_FINDINGS = 60, 500, 50


def submission_of(
    version: str,
    raw: bytes,
    owner: str = "",
    *,
    basis: Basis = "EXCL_TAX",
    token_of: LookUp = nothing,
) -> Submission:
    """One CDR, exactly as received, as intake takes it; each fatal fault is a V001 of its path.

    ``owner``: the party of the connection, as ``NL*TNM``; a 2.1.1 CDR names none, a later one
    names its own. ``basis``: which of its prices the CDR claims, by the agreement.
    ``token_of``: the OCPI 2.2.1 token of a contract id, for 2.1.1; without it the record's CSP is
    not stated and it waits for a person (never derived from the contract id alone).
    """
    found, words = read(version, "CDR", raw), _WORDS[version]
    known = Known(owner=owner, token_of=token_of)
    if not found.is_acceptable:
        readable = storable(_still_readable(found, words, known, basis))
        return Submission(
            raw,
            readable,
            _findings(found.faults),
            is_record=bool(found.tree),
            energy_decimals=_DECIMALS,
        )
    sdr, refused = checked(sdr_fields(found.tree, raw, words, known, basis))
    problems = [_v001(name, f"{FIELD_OF.get(name, name)}: {problem}") for name, problem in refused]
    return checked_submission(raw, sdr, problems)._replace(energy_decimals=_DECIMALS)


def cost_on(price: Any, *, version: str, basis: Basis) -> Decimal | None:
    """The price without or with tax, as ``basis`` says; None: it tells none such."""
    try:
        return _WORDS[version].cost_of(price).on(basis)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _still_readable(found: Read, words: CdrWords, known: Known, basis: Basis) -> InboundSdr:
    """What of a faulty CDR is right, so that it is found again and the rules see the rest.

    The id is kept even where it is too long: a refusal must be found under it.
    """
    tree = found.tree
    wrong = {_TOP.split(fault.path)[0] for fault in found.faults if fault.is_fatal}
    right = {name: value for name, value in tree.items() if name not in wrong and value is not None}
    fields: dict[str, Any] = {
        ours: right[theirs] for ours, theirs in _PLAIN.items() if theirs in right
    }
    fields |= {"sdr_id": tree.get("id"), "cso_id": words.owner_of(right, known) or known.owner}
    for ours, theirs in (("started_at", "start_date_time"), ("ended_at", words.end)):
        fields[ours] = times.instant(right[theirs]) if theirs in right else None
    # In 2.1.1 it would be an unknown field, of any kind.
    if isinstance(right.get("cdr_token"), dict):
        fields["csp_id"] = party(right["cdr_token"])
    if "total_energy" in right:
        fields["energy_kwh"] = Decimal(right["total_energy"])
    if "total_cost" in right:
        fields["total_amount"] = words.cost_of(right["total_cost"]).on(basis)
    sdr, _ = checked(fields)
    return sdr


_PLAIN = {"currency": "currency", "service_session_id": "session_id"}
_TOP = re.compile(r"[.\[]")


def _findings(faults: list[Fault]) -> list[Finding]:
    fatal = [fault for fault in faults if fault.is_fatal][:_MOST_FINDINGS]
    return [_v001(one.path, f"{one.path} {one.problem}".strip()) for one in fatal]


def _v001(field: str, message: str) -> Finding:
    return Finding(
        code="V001",
        severity="REJECT",
        field=field[:_LONGEST_FIELD],
        message=message[:_LONGEST_MESSAGE],
    )
