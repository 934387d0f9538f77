"""Each kind of PDF that has samples. Add yours: a name, and a function from a language to bytes."""

from collections.abc import Callable

from tests.billing import invoice_samples
from tests.samples import statement
from tests.samples.balance import balance_pdf
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
    "invoice-of-fees": (
        "Invoice (380) of the clearing house for its fees, VAT in a second currency, Factur-X",
        pdf_in(invoice_samples.fee_invoice()),
    ),
    "balance-confirmation": (
        "Balance confirmation at the end of a year, which the partner answers",
        balance_pdf,
    ),
}
