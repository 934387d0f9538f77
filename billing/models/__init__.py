"""Tables of the billing floor, one file per noun."""

from billing.models.bank import (
    BankEntry,
    BankException,
    BankFile,
    BankMatch,
    BankStatement,
    DunningStep,
    StatementGap,
    WriteOff,
)
from billing.models.books import AccountMapping, BalanceConfirmation, FiscalPeriod, PostingExport
from billing.models.clearing import ClearedSdr, ClearingRun, ClearingWindow, WindowSum
from billing.models.conservation import ConservationProof
from billing.models.correction import CorrectionItem, CorrectionRun, ManualAdjustment, Objection
from billing.models.document import Document, DocumentFile, NumberSeries
from billing.models.dunning_charge import DunningCharge
from billing.models.exchange import CurrencyExchange
from billing.models.exposure import CoverBooking, DefaultCase, ExposureBlock, ExposureReading
from billing.models.fee import FeeLine
from billing.models.fx import FxRate
from billing.models.invoice import (
    DocumentIssuer,
    Invoice,
    InvoiceCancellation,
    InvoicedSdr,
    InvoiceObjection,
    InvoiceSupply,
    InvoicingMode,
    InvoicingTerms,
    IssuingBlock,
    PrecedingInvoice,
    ReportedInvoice,
    ValidationReport,
)
from billing.models.ledger import Account, LedgerHorizon, LedgerSeal, Transfer
from billing.models.mail import DocumentMail, MailAttempt
from billing.models.notification import (
    Notification,
    NotificationChoice,
    NotificationKind,
    NotificationMail,
    NotificationMark,
    NotificationMode,
)
from billing.models.payment import (
    DebitMandate,
    Payment,
    PaymentEvent,
    PaymentFile,
    PaymentStatusReport,
    PositionEvent,
    PositionState,
)
from billing.models.reconciliation import ReconciledSdr, ReconciliationRecord
from billing.models.settlement import Instruction, Position, Settlement
from billing.models.tax import (
    DomesticReverseCharge,
    SupplyBlock,
    TaxedSupply,
    TaxRateUse,
    TaxTreatment,
)
from billing.models.unallocated import Allocation

__all__ = [
    "Account",
    "AccountMapping",
    "Allocation",
    "BalanceConfirmation",
    "BankEntry",
    "BankException",
    "BankFile",
    "BankMatch",
    "BankStatement",
    "ClearedSdr",
    "ClearingRun",
    "ClearingWindow",
    "ConservationProof",
    "CorrectionItem",
    "CorrectionRun",
    "CoverBooking",
    "CurrencyExchange",
    "DebitMandate",
    "DefaultCase",
    "Document",
    "DocumentFile",
    "DocumentIssuer",
    "DocumentMail",
    "DomesticReverseCharge",
    "DunningCharge",
    "DunningStep",
    "ExposureBlock",
    "ExposureReading",
    "FeeLine",
    "FiscalPeriod",
    "FxRate",
    "Instruction",
    "Invoice",
    "InvoiceCancellation",
    "InvoiceObjection",
    "InvoiceSupply",
    "InvoicedSdr",
    "InvoicingMode",
    "InvoicingTerms",
    "IssuingBlock",
    "LedgerHorizon",
    "LedgerSeal",
    "MailAttempt",
    "ManualAdjustment",
    "Notification",
    "NotificationChoice",
    "NotificationKind",
    "NotificationMail",
    "NotificationMark",
    "NotificationMode",
    "NumberSeries",
    "Objection",
    "Payment",
    "PaymentEvent",
    "PaymentFile",
    "PaymentStatusReport",
    "Position",
    "PositionEvent",
    "PositionState",
    "PostingExport",
    "PrecedingInvoice",
    "ReconciledSdr",
    "ReconciliationRecord",
    "ReportedInvoice",
    "Settlement",
    "StatementGap",
    "SupplyBlock",
    "TaxRateUse",
    "TaxTreatment",
    "TaxedSupply",
    "Transfer",
    "ValidationReport",
    "WindowSum",
    "WriteOff",
]
