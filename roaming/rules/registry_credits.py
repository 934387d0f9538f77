"""Records that answer an earlier one."""

from decimal import Decimal

from roaming.rules import credit
from roaming.rules.findings import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="V601",
        severity="HOLD",
        is_fixed=True,
        heals=True,
        field="credits_sdr_id",
        title="A credit or replacement waits for its original",
        remedy="Nothing to do: it moves no money until the clearing house pairs it with "
        "the record that it names in credits_sdr_id or replaces_sdr_id.",
        check=credit.original_is_here,
    ),
    Rule(
        code="V602",
        severity="HOLD",
        is_fixed=True,
        field="total_amount",
        needs=("original",),
        title="The credit is not its original with the sign turned",
        remedy="Credit the whole original; send a replacement for what remains.",
        check=credit.credit_mirrors_its_original,
    ),
    Rule(
        code="V603",
        severity="REJECT",
        is_fixed=True,
        field="credits_sdr_id",
        needs=("original",),
        title="The original is credited already, or is a credit",
        remedy="Nothing to do: one credit ends a record.",
        check=credit.original_is_credited_once,
    ),
    Rule(
        code="V604",
        severity="HOLD",
        field="credits_sdr_id",
        needs=("original",),
        limits={"credit_days": Decimal(90)},
        title="Credit late",
        remedy="Ask the CSP to agree.",
        check=credit.credit_is_in_time,
    ),
    Rule(
        code="V605",
        severity="REJECT",
        is_fixed=True,
        field="replaces_sdr_id",
        needs=("original",),
        title="Replacement of an accepted record without a credit",
        remedy="Send the credit first, then the replacement.",
        check=credit.replaced_is_credited,
    ),
)
