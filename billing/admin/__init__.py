"""Staff pages over the money: windows, the sub-ledger, settlements, documents, proofs."""

from billing.admin import (  # noqa: F401 they register themselves
    cleared,
    document,
    ledger,
    proof,
    settlement,
    window,
)
