"""Tables of the billing floor, one file per noun."""

from billing.models.clearing import ClearedSdr, ClearingRun, ClearingWindow
from billing.models.conservation import ConservationProof
from billing.models.document import Document, DocumentFile, NumberSeries
from billing.models.ledger import Account, Transfer
from billing.models.settlement import Position, Settlement

__all__ = [
    "Account",
    "ClearedSdr",
    "ClearingRun",
    "ClearingWindow",
    "ConservationProof",
    "Document",
    "DocumentFile",
    "NumberSeries",
    "Position",
    "Settlement",
    "Transfer",
]
