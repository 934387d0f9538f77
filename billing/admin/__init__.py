"""Staff pages over the money: windows, the sub-ledger, settlements, documents, proofs."""

from billing.admin import (  # noqa: F401 they register themselves
    adjustment,
    cleared,
    correction,
    cover_booking,
    currency_exchange,
    default_case,
    document,
    exposure,
    fee_component,
    fee_line,
    fiscal_period,
    fx_rate,
    ledger,
    objection,
    position,
    proof,
    settlement,
    tax_rows,
    taxed_supply,
    window,
)
