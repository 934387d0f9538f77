"""The same thing told twice, and sessions that cannot be beside each other."""

from decimal import Decimal

from roaming.rules import duplicates, signature
from roaming.rules.findings import Rule

RULES: tuple[Rule, ...] = (
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
        code="V403",
        severity="HOLD",
        field="sdr_id",
        needs=("neighbours",),
        limit="same EVSE and contract, 120 s, 0.05 kWh",
        title="Another record looks like the same session",
        remedy="If it is the same session, withdraw one of the two records.",
        check=duplicates.session_is_not_told_twice,
    ),
    Rule(
        code="V404",
        severity="HOLD",
        field="evse_id",
        needs=("neighbours",),
        limits={"overlap_s": Decimal(60)},
        title="Overlap with another session at the same EVSE",
        remedy="Check EVSE id and times of both records.",
        check=duplicates.evse_serves_one_at_a_time,
    ),
    Rule(
        code="V405",
        severity="HOLD",
        field="contract_id",
        needs=("contract_id", "neighbours"),
        limits={"fastest_kmh": Decimal(150), "parallel_sessions": Decimal(2)},
        title="One contract at two places, or too often at a time",
        remedy="Check contract and times; the CSP should look for a cloned card.",
        check=duplicates.contract_is_at_one_place,
    ),
    Rule(
        code="V406",
        severity="REJECT",
        field="signed_data",
        needs=("signed",),
        title="The signed values belong to another record",
        remedy="Send each record with the signed values of its own session.",
        check=signature.signature_is_used_once,
    ),
)
