"""Tables of the billing floor, one file per noun."""

from billing.models.clearing import ClearedSdr, ClearingRun, ClearingWindow
from billing.models.conservation import ConservationProof
from billing.models.correction import CorrectionItem, CorrectionRun, ManualAdjustment, Objection
from billing.models.document import Document, DocumentFile, NumberSeries
from billing.models.exchange import CurrencyExchange
from billing.models.exposure import CoverBooking, DefaultCase, ExposureBlock, ExposureReading
from billing.models.fee import FeeLine
from billing.models.fx import FxRate
from billing.models.ledger import Account, LedgerHorizon, LedgerSeal, Transfer
from billing.models.settlement import Instruction, Position, Settlement
from billing.models.tax import (
    DomesticReverseCharge,
    SupplyBlock,
    TaxedSupply,
    TaxRateUse,
    TaxTreatment,
)

__all__ = [
    "Account",
    "ClearedSdr",
    "ClearingRun",
    "ClearingWindow",
    "ConservationProof",
    "CorrectionItem",
    "CorrectionRun",
    "CoverBooking",
    "CurrencyExchange",
    "DefaultCase",
    "Document",
    "DocumentFile",
    "DomesticReverseCharge",
    "ExposureBlock",
    "ExposureReading",
    "FeeLine",
    "FxRate",
    "Instruction",
    "LedgerHorizon",
    "LedgerSeal",
    "ManualAdjustment",
    "NumberSeries",
    "Objection",
    "Position",
    "Settlement",
    "SupplyBlock",
    "TaxRateUse",
    "TaxTreatment",
    "TaxedSupply",
    "Transfer",
]
