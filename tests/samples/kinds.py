"""Each kind of PDF that has samples. Add yours: a name, and a function from a language to bytes."""

from collections.abc import Callable

from tests.billing import invoice_samples
from tests.samples import statement
from tests.samples.balance import balance_pdf
from tests.samples.dunning import dunning_pdf
from tests.samples.invoices import pdf_in

# The name becomes ``docs/samples/<name>.<language>.pdf``; the words stand in the README there.
KINDS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "statement": (
        "Settlement statement of a seller over two months, with its CSV annex inside",
        statement.statement_pdf,
    ),
    "statement-provisional": (
        "The same before it is final: nobody pays on it, and it may be objected to",
        statement.provisional_pdf,
    ),
    "statement-direct-debit": (
        "Settlement statement of a buyer: the notice of a SEPA direct debit, and its prefund",
        statement.collected_pdf,
    ),
    "invoice": (
        "Invoice (380) that the clearing house issues on behalf of a seller, Factur-X",
        pdf_in(invoice_samples.invoice()),
    ),
    "invoice-self-billed": (
        "Self-billed invoice (389) of two months under reverse charge, Factur-X",
        pdf_in(invoice_samples.reverse_charge()),
    ),
    "credit-note": (
        "Credit note (381) that takes back a part of an invoice, Factur-X",
        pdf_in(invoice_samples.credit_note()),
    ),
    "credit-note-self-billed": (
        "Self-billed credit note (261) that takes back a part of a self-billed invoice, Factur-X",
        pdf_in(invoice_samples.self_billed_credit_note()),
    ),
    "invoice-outside-scope": (
        "Invoice (380) to a buyer outside of the EU: outside the scope of VAT, Factur-X",
        pdf_in(invoice_samples.outside()),
    ),
    "invoice-of-fees": (
        "Invoice (380) of the clearing house for its fees, VAT in a second currency, Factur-X",
        pdf_in(invoice_samples.fee_invoice()),
    ),
    "balance-confirmation": (
        "Balance confirmation at the end of a year, which the partner answers",
        balance_pdf,
    ),
    "dunning-letter": (
        "Second dunning letter over two statements, with the lump sum charged",
        dunning_pdf,
    ),
}
