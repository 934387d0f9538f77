"""A valid row of each table of invoices, payments, the bank and the books, with changes at will."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model

from billing.documents.invoice_content import to_json
from billing.models import (
    Account,
    AccountMapping,
    Allocation,
    BalanceConfirmation,
    BankEntry,
    BankException,
    BankFile,
    BankMatch,
    BankStatement,
    DebitMandate,
    Document,
    DocumentIssuer,
    DocumentMail,
    DunningCharge,
    DunningStep,
    FiscalPeriod,
    Invoice,
    InvoiceCancellation,
    InvoicedSdr,
    InvoiceObjection,
    InvoiceSupply,
    InvoicingTerms,
    IssuingBlock,
    MailAttempt,
    Payment,
    PaymentEvent,
    PaymentFile,
    PaymentStatusReport,
    Position,
    PositionEvent,
    PositionState,
    PostingExport,
    PrecedingInvoice,
    ReportedInvoice,
    Settlement,
    StatementGap,
    TaxedSupply,
    Transfer,
    ValidationReport,
    WriteOff,
)
from billing.services.closing import close_window
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, BankDetailChange, User
from tests.billing import invoice_samples
from tests.billing.stories import Story, a_world, tell
from tests.makers import NOON, later, nordlicht, partner_of, voltaire

HASH = "ab" * 32
IBAN = "DE75512108001245126199"
JANUARY = date(2027, 1, 1)


def settlement() -> Settlement:
    """An issued one in which Voltaire bought for 10.00 from Nordlicht."""
    if not (found := Settlement.objects.first()):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        found = close_window(world.group, now=NOON).settlement
    return found


def position(*, pays: bool = False) -> Position:
    of = settlement().positions
    return of.filter(net_minor__lt=0).get() if pays else of.filter(partner=seller()).get()


def seller():
    return partner_of(nordlicht())


def buyer():
    return partner_of(voltaire())


def supply(**changes: Any) -> TaxedSupply:
    own = {
        "settlement": settlement(),
        "window": settlement().window,
        "supplier": seller(),
        "customer": buyer(),
        "category": "NA",
        "ground": f"made {new_uuid7()}",
        "sdrs": 1,
        "net_minor": 1000,
        "vat_minor": 0,
        "lines": [],
        "evidence": [],
    }
    return TaxedSupply.objects.create(**(own | changes))


def document(**changes: Any) -> Document:
    own = {
        "number": f"NL1-INV-{new_uuid7().hex[-12:]}",
        "kind": "INVOICE",
        "partner": seller(),
        "settlement": settlement(),
        "content": {},
        "content_sha256": HASH,
        "issued_at": NOON,
    }
    return Document.objects.create(**(own | changes))


def approval(**changes: Any) -> Approval:
    own = {
        "verb": "payment.release",
        "object_type": "PaymentFile",
        "object_id": "1",
        "content_sha256": HASH,
        "maker": _user("mia"),
        "checker": _user("max"),
        "state": "APPROVED",
        "requested_at": NOON,
        "expires_at": later(days=3),
        "decided_at": NOON,
    }
    return Approval.objects.create(**(own | changes))


def transfer(**changes: Any) -> Transfer:
    own = {
        "event_key": f"made:{new_uuid7()}",
        "kind": "PAY_IN",
        "debit_account": _account("1800", None),
        "credit_account": _account("1300", buyer()),
        "currency": "EUR",
        "amount_minor": 500,
        "posted_at": NOON,
    }
    return Transfer.objects.create(**(own | changes))


def _invoice(**changes: Any) -> dict[str, Any]:
    return {
        "document": None if changes.get("mode") == "A0" else document(),
        "settlement": settlement(),
        "mode": "A1",
        "type_code": "380",
        "number": f"NL1-INV-{new_uuid7().hex[-12:]}",
        "seller": seller(),
        "buyer": buyer(),
        "currency": "EUR",
        "price_basis": "EXCL_TAX",
        "issue_date": JANUARY,
        "supply_starts_at": NOON,
        "supply_ends_at": later(days=30),
        "sdrs": 1,
        "net_minor": 1000,
        "vat_minor": 0,
        "gross_minor": 1000,
        "created_at": NOON,
    }


def invoice(**changes: Any) -> Invoice:
    """With the supply that it sums."""
    with transaction.atomic():
        made = Invoice.objects.create(**(_invoice(**changes) | changes))
        net = -made.net_minor if made.is_credit else made.net_minor
        InvoiceSupply.objects.create(invoice=made, supply=supply(net_minor=net))
    return made


def cancellation(**changes: Any) -> InvoiceCancellation:
    """With the document that takes back, on which no supply stands."""
    objection = changes.get("objection") or make(InvoiceObjection)
    kind = {"mode": "A2", "type_code": "261"}
    with transaction.atomic():
        made = Invoice.objects.create(**(_invoice() | kind | changes.get("of", {})))
        return InvoiceCancellation.objects.create(invoice=made, objection=objection)


def make(model: type[Model], **changes: Any) -> Model:
    """A row of ``model`` with the defaults below, or with ``changes``."""
    if model is Invoice:
        return invoice(**changes)
    if model is InvoiceCancellation:
        return cancellation(**changes)
    own = {
        name: value() if callable(value) else value
        for name, value in DEFAULTS[model]().items()
        if name not in changes
    }
    return model._default_manager.create(**own, **changes)


def _user(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


def _account(code: str, partner) -> Account:
    return Account.objects.get_or_create(code=code, partner=partner, currency="EUR")[0]


def _file() -> dict[str, Any]:
    return {
        "settlement": settlement(),
        "kind": "CREDIT_TRANSFER",
        "currency": "EUR",
        "message_id": f"CH{new_uuid7().hex[-20:]}",
        "execution_date": JANUARY,
        "payments_count": 1,
        "total_minor": 900,
        "content": b"<Document/>",
        "content_sha256": HASH,
        "proposed_by": "mia",
        "proposed_at": NOON,
    }


def _payment() -> dict[str, Any]:
    of = position()
    PositionState.objects.get_or_create(
        position=of, defaults={"state": "PAYABLE", "due_minor": of.due_minor, "changed_at": NOON}
    )
    return {
        "file": make(PaymentFile),
        "place": 1,
        "purpose": "PAYOUT",
        "partner": seller(),
        "position": of,
        "currency": "EUR",
        "amount_minor": 400,
        "end_to_end_id": f"E{new_uuid7().hex[-20:]}",
        "holder": "Nordlicht",
        "iban": IBAN,
    }


def _entry() -> dict[str, Any]:
    return {
        "statement": make(BankStatement),
        "account": IBAN,
        "currency": "EUR",
        "entry_key": f"{new_uuid7()}:1",
        "amount_minor": 1000,
        "is_credit": True,
    }


def _statement() -> dict[str, Any]:
    return {
        "file": make(BankFile),
        "place": 1,
        "kind": "053",
        "account": IBAN,
        "currency": "EUR",
        "statement_id": "S1",
        "opening_minor": 0,
        "closing_minor": 1000,
        "credit_minor": 1000,
        "debit_minor": 0,
        "entries_count": 1,
    }


def _match() -> dict[str, Any]:
    return {
        "entry": make(BankEntry),
        "purpose": "PAY_IN",
        "rule": "REFERENCE",
        "partner": buyer(),
        "position": position(pays=True),
        "amount_minor": 500,
        "transfer": transfer(),
        "matched_by": "the clock",
        "matched_at": NOON,
    }


def _allocation() -> dict[str, Any]:
    """Of what came in too much."""
    transfer(kind="UNALLOCATED", credit_account=_account("2890", buyer()))
    took = transfer(
        kind="UNALLOCATED",
        debit_account=_account("2890", buyer()),
        credit_account=_account("1300", buyer()),
    )
    return {
        "position": position(pays=True),
        "amount_minor": 500,
        "transfer": took,
        "reason": "agreed by phone",
        "allocated_by": "mia",
        "allocated_at": NOON,
    }


def _change() -> dict[str, Any]:
    return {
        "partner": seller(),
        "currency": "EUR",
        "holder": "Nordlicht",
        "iban": IBAN,
        "reason": "a new bank",
        "requested_by": "nora",
        "requested_at": NOON,
    }


def _export() -> dict[str, Any]:
    return {
        "format": "CSV",
        "currency": "EUR",
        "starts_at": NOON,
        "ends_at": later(days=30),
        "rows": 1,
        "total_minor": 5,
        "content": b"a;b\n",
        "sha256": HASH,
        "made_by": "mia",
        "made_at": NOON,
    }


def _balance() -> dict[str, Any]:
    return {
        "document": document(kind="BALANCE"),
        "partner": seller(),
        "currency": "EUR",
        "as_of": NOON,
        "balance_minor": 900,
    }


def _terms() -> dict[str, Any]:
    return {
        "seller": seller(),
        "buyer": buyer(),
        "mode": "A2",
        "agreed_date": JANUARY,
        "proof": "letter of 1 January",
        "from_date": JANUARY,
    }


def _block() -> dict[str, Any]:
    return {
        "settlement": settlement(),
        "seller": seller(),
        "buyer": buyer(),
        "code": "CHANNEL_MISSING",
        "what_to_do": "send it through KSeF",
        "supplies": [str(new_uuid7())],
        "content": to_json(invoice_samples.invoice()),
        "opened_at": NOON,
    }


def _report() -> dict[str, Any]:
    return {
        "invoice": invoice(mode="A0"),
        "file_name": "r.pdf",
        "media_type": "application/pdf",
        "content": b"%PDF",
        "sha256": HASH,
        "reported_by": "nora",
        "reported_at": NOON,
    }


def _mandate() -> dict[str, Any]:
    return {
        "partner": buyer(),
        "reference": "M-1",
        "holder": "Voltaire",
        "iban": IBAN,
        "signed_date": JANUARY,
    }


DEFAULTS: dict[type[Model], Callable[[], dict[str, Any]]] = {
    AccountMapping: lambda: {"code": "1300", "external_account": "10001"},
    Allocation: _allocation,
    BalanceConfirmation: _balance,
    BankDetailChange: _change,
    BankEntry: _entry,
    BankException: lambda: {"entry": make(BankEntry), "code": "NO_MATCH", "opened_at": NOON},
    BankFile: lambda: {
        "sha256": HASH[:-32] + new_uuid7().hex,
        "file_name": "a.xml",
        "content": b"<a/>",
        "received_by": "mia",
        "received_at": NOON,
    },
    BankMatch: _match,
    BankStatement: _statement,
    DebitMandate: _mandate,
    DocumentIssuer: lambda: {"partner": seller(), "code": "NL1"},
    DocumentMail: lambda: {
        "document": document(),
        "recipient": "a@example.org",
        "next_attempt_at": NOON,
        "created_at": NOON,
    },
    DunningCharge: lambda: {
        "position": position(pays=True),
        "kind": "LUMP_SUM",
        "amount_minor": 4000,
        "until_date": JANUARY,
        "transfer": transfer(kind="INTEREST"),
        "reason": "late again",
        "charged_by": "mia",
        "charged_at": NOON,
    },
    DunningStep: lambda: {
        "position": position(pays=True),
        "level": "FIRST",
        "overdue_date": JANUARY,
        "open_minor": 5,
        "told_at": NOON,
    },
    FiscalPeriod: lambda: {"name": "2026-12", "starts_at": NOON, "ends_at": later(days=30)},
    InvoicedSdr: lambda: {
        "invoice": invoice,
        "sdr_id": new_uuid7(),
        "leg": "DIRECT",
        "kind": "ELECTRICITY",
        "amount_minor": 1000,
    },
    InvoiceObjection: lambda: {
        "invoice": invoice(mode="A2", type_code="389"),
        "reason": "the price is wrong",
        "raised_by": "nora",
        "raised_at": NOON,
    },
    InvoicingTerms: _terms,
    IssuingBlock: _block,
    MailAttempt: lambda: {
        "mail": make(DocumentMail),
        "message_id": "<1@example.org>",
        "is_accepted": True,
        "at": NOON,
    },
    Payment: _payment,
    PaymentEvent: lambda: {
        "payment": make(Payment),
        "to_state": "PROPOSED",
        "source": "mia",
        "at": NOON,
    },
    PaymentFile: _file,
    PaymentStatusReport: lambda: {
        "sha256": HASH,
        "content": b"<a/>",
        "file_name": "p.xml",
        "imported_by": "mia",
        "imported_at": NOON,
    },
    PositionEvent: lambda: {
        "position": position(),
        "version": 99,
        "to_state": "PAYABLE",
        "cause": "issued",
        "at": NOON,
    },
    PositionState: lambda: {
        "position": position(),
        "state": "PAYABLE",
        "due_minor": 900,
        "changed_at": NOON,
    },
    PostingExport: _export,
    PrecedingInvoice: lambda: {"invoice": invoice(), "preceding": invoice()},
    ReportedInvoice: _report,
    StatementGap: lambda: {"account": IBAN, "currency": "EUR", "number": 7, "opened_at": NOON},
    ValidationReport: lambda: {
        "document": document(),
        "syntax": "CII",
        "xml_sha256": HASH,
        "fired": 40,
        "validator": "EN 16931 1.3.16",
        "validated_at": NOON,
    },
    WriteOff: lambda: {
        "position": position(pays=True),
        "amount_minor": 13,
        "rule_limit_minor": 500,
        "transfer": transfer(),
        "reason": "small rest",
        "written_off_at": NOON,
    },
}
