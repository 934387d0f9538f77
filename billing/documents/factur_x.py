"""Does a PDF say of itself what PDF/A-3b and Factur-X demand? some 25 points of its structure.

No replacement for veraPDF, which is no Python package: it proves what went wrong in the field
before, such as metadata in two rdf:RDF, a file listed twice, or a font left out.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree
from pypdf import PdfReader

from billing.documents.invoice_pdf import PROFILE, XML_NAME

_NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
}
_FORBIDDEN_ACTIONS = ("/JavaScript", "/Launch", "/Sound", "/Movie", "/ImportData", "/ResetForm")
_FX = ("DocumentFileName", "DocumentType", "Version", "ConformanceLevel")


def structural_faults(pdf: bytes) -> list[str]:
    """What differs from the structure of a Factur-X PDF, in words; empty where nothing does."""
    reader = PdfReader(io.BytesIO(pdf))
    catalog: Any = reader.trailer["/Root"]
    checks: tuple[Callable[[], Iterator[tuple[bool, str]]], ...] = (
        lambda: _file(pdf, reader, catalog),
        lambda: _metadata(reader, catalog),
        lambda: _attachment(catalog),
        lambda: _pages(reader),
    )
    return [text for check in checks for is_right, text in check() if not is_right]


def embedded_xml(pdf: bytes) -> bytes:
    """The invoice as machines read it.

    :raises KeyError: there is none.
    """
    return PdfReader(io.BytesIO(pdf)).attachments[XML_NAME][0]


def _file(pdf: bytes, reader: PdfReader, catalog: Any) -> Iterator[tuple[bool, str]]:
    yield pdf.startswith(b"%PDF-1.7"), "The header is that of PDF 1.7."
    yield (
        all(byte > 127 for byte in pdf.split(b"\n", 2)[1][1:5]),
        "A comment of four high bytes tells that the file is binary.",
    )
    yield pdf.rstrip().endswith(b"%%EOF"), "Nothing follows the end."
    yield "/ID" in reader.trailer, "The file has an identifier."
    yield not reader.is_encrypted, "It is not encrypted."
    yield "/Lang" in catalog, "Its language is told."
    yield bool(catalog.get("/MarkInfo", {}).get("/Marked")), "It is tagged."
    intents = catalog.get("/OutputIntents") or []
    yield (
        len(intents) == 1 and intents[0].get_object()["/S"] == "/GTS_PDFA1",
        "One output intent says what its colours mean.",
    )
    yield (
        bool(intents) and "/DestOutputProfile" in intents[0].get_object(),
        "The output intent brings its colour profile.",
    )
    yield "/AcroForm" not in catalog, "It has no form."
    yield "/OpenAction" not in catalog and "/AA" not in catalog, "Nothing happens when it opens."


def _metadata(reader: PdfReader, catalog: Any) -> Iterator[tuple[bool, str]]:
    stream = catalog["/Metadata"].get_object()
    xmp = etree.fromstring(stream.get_data())
    yield len(xmp.findall("rdf:RDF", _NS)) == 1, "The metadata are in one rdf:RDF."
    described = xmp.findall(".//rdf:Description", _NS)
    said = {name: value for one in described for name, value in one.attrib.items()}
    pdfaid = f"{{{_NS['pdfaid']}}}"
    yield (
        (said.get(f"{pdfaid}part"), said.get(f"{pdfaid}conformance")) == ("3", "B"),
        "It claims PDF/A-3b.",
    )
    title = xmp.findtext(".//dc:title//rdf:li", namespaces=_NS)
    yield title == (reader.metadata and reader.metadata.title), "Its title is told twice, alike."
    yield xmp.find(".//xmp:CreateDate", _NS) is not None, "Its date is told."
    fx = {name: xmp.findtext(f".//fx:{name}", namespaces=_NS) for name in _FX}
    yield (
        list(fx.values()) == [XML_NAME, "INVOICE", "1.0", PROFILE],
        "It claims Factur-X 1.0 of our profile, and names the file.",
    )
    explained = {one.text for one in xmp.findall(".//pdfaProperty:name", _NS)}
    yield explained == set(_FX), "Each property of Factur-X is explained."


def _attachment(catalog: Any) -> Iterator[tuple[bool, str]]:
    listed = catalog.get("/AF") or []
    yield len(listed) == 1, "One file is associated with it, listed once."
    names = catalog["/Names"]["/EmbeddedFiles"]["/Names"]
    yield len(names) == 2, "One file is named in the tree of names."
    file = names[1].get_object()
    yield listed[0].get_object() == file, "Both are the same file."
    yield file["/AFRelationship"] == "/Alternative", "The XML is the page's alternative."
    yield file["/F"] == file["/UF"] == XML_NAME, f"The file is called {XML_NAME}."
    stream = file["/EF"]["/F"].get_object()
    yield stream["/Subtype"] == "/text/xml", "Its media type is text/xml."
    yield "/ModDate" in stream["/Params"], "The date of the file is told."


def _pages(reader: PdfReader) -> Iterator[tuple[bool, str]]:
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    fonts = [font.get_object() for one in resources for font in one.get("/Font", {}).values()]
    yield bool(fonts) and all(map(_is_embedded, fonts)), "Every font is inside."
    annotations = [one.get_object() for page in reader.pages for one in page.get("/Annots") or []]
    yield (
        all(one.get("/A", {}).get("/S") not in _FORBIDDEN_ACTIONS for one in annotations),
        "No annotation does anything that PDF/A forbids.",
    )


def _is_embedded(font: Any) -> bool:
    for one in font.get("/DescendantFonts", [font]):
        described = one.get_object().get("/FontDescriptor", {})
        if not any(f"/FontFile{kind}" in described for kind in ("", "2", "3")):
            return False
    return "/ToUnicode" in font
