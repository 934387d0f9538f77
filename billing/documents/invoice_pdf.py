"""An invoice's frozen content as Factur-X: a PDF/A-3b page with its CII inside.

The XML is the invoice, the page its alternative (GoBD: the structured part is the original).
"""

import io

from django.template.loader import render_to_string

from billing.documents.invoice_content import InvoiceContent
from billing.documents.invoice_page import shown
from billing.documents.pdf import Embedded, pdf_of

XML_NAME = "factur-x.xml"
PROFILE = "EN 16931"

_TEMPLATE = "billing/documents/invoice.html"
_FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = (
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "The actual version of the Factur-X XML schema"),
    ("ConformanceLevel", "The conformance level of the embedded Factur-X data"),
)


def render_invoice(content: InvoiceContent, *, cii: bytes) -> bytes:
    """Render the invoice with ``cii`` inside."""
    return pdf_of(
        render_to_string(_TEMPLATE, {"content": content, **shown(content)}),
        style_sheets=["paper.css", "invoice.css"],
        at=content.issued_at,
        embedded=[
            Embedded(
                name=XML_NAME,
                media_type="text/xml",
                file=io.BytesIO(cii),
                description=f"Factur-X of {content.number}",
                relationship="Alternative",
            )
        ],
        xmp=_xmp(),
    )


def _xmp() -> bytes:
    """What Factur-X 1.0 wants in the metadata, with the schema that PDF/A wants explained."""
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, description in _PROPERTIES
    )
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{_FX}">'
        "<fx:DocumentType>INVOICE</fx:DocumentType>"
        f"<fx:DocumentFileName>{XML_NAME}</fx:DocumentFileName>"
        "<fx:Version>1.0</fx:Version>"
        f"<fx:ConformanceLevel>{PROFILE}</fx:ConformanceLevel></rdf:Description>"
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_FX}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    ).encode()
