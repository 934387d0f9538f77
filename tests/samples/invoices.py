"""Invoices and credit notes with their CII inside, from the contents that the tests use."""

from collections.abc import Callable

from msgspec.structs import replace

from billing.documents.einvoice.cii import build_cii
from billing.documents.invoice_content import InvoiceContent
from billing.documents.invoice_pdf import render_invoice


def pdf_in(content: InvoiceContent) -> Callable[[str], bytes]:
    """How that invoice is written in a language."""

    def render(language: str) -> bytes:
        told = replace(content, language=language)
        return render_invoice(told, cii=build_cii(told))

    return render
