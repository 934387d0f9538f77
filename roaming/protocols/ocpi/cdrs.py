"""CDRs into the intake of service detail records, and records as CDRs."""

from roaming.intake.structure import Submission
from roaming.intake.structure import submission_of as checked_submission
from roaming.protocols.ocpi.objects import read
from roaming.protocols.ocpi.trees.cdr_reading import (
    FIELD_OF,
    Basis,
    CdrWords,
    Cost,
    checked,
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

__all__ = ["Cost", "cdr_of", "submission_of"]

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
    tree, faults = found = read(version, "CDR", raw)
    if not found.is_acceptable:
        readable = _still_readable(tree, owner)
        return Submission(
            raw,
            readable,
            _findings(faults),
            is_record=bool(tree),
            energy_decimals=_DECIMALS,
        )
    known = Known(owner=owner, token_of=token_of)
    sdr, refused = checked(sdr_fields(tree, raw, _WORDS[version], known, basis))
    problems = [_v001(name, f"{FIELD_OF.get(name, name)}: {problem}") for name, problem in refused]
    return checked_submission(raw, sdr, problems)._replace(energy_decimals=_DECIMALS)


def _still_readable(tree: dict, owner: str) -> InboundSdr:
    """Whose record and which one, so that a refusal can be found again under its id."""
    named = {"sdr_id": tree.get("id"), "currency": tree.get("currency"), "cso_id": owner}
    country, party_id = tree.get("country_code"), tree.get("party_id")
    if isinstance(country, str) and isinstance(party_id, str):
        named["cso_id"] = f"{country}*{party_id}".upper()
    sdr, _ = checked({name: value for name, value in named.items() if isinstance(value, str)})
    return sdr


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
