"""A page as the bytes of a PDF/A-3b, with files inside it.

The same page and files give the same bytes: every date comes from the caller, and the one clock
that fontTools reads is set from it too. Nothing is fetched from outside this checkout.
"""

import atexit
import gc
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import IO, Any, Literal
from xml.etree.ElementTree import Element

from django.conf import settings

_STYLES = settings.BASE_DIR / "templates" / "billing" / "documents"
_FONTS = settings.BASE_DIR / "static" / "fonts"

# The environment is the whole process's; one rendering at a time may change it.
_rendering = threading.Lock()


class OutsideResource(ValueError):
    """A document asked for a file or address that is not one of our fonts or styles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A file inside the PDF; ``relationship`` says what it is to the page."""

    name: str
    media_type: str
    file: IO[bytes]
    description: str
    relationship: Literal["Supplement", "Alternative", "Data"]


def pdf_of(
    page: str,
    *,
    style_sheets: Sequence[str],
    at: datetime,
    embedded: Sequence[Embedded] = (),
    xmp: bytes = b"",
) -> bytes:
    """Render an HTML page; ``style_sheets`` are names of files beside the templates.

    ``xmp`` are ``rdf:Description`` elements, which join the one ``rdf:RDF`` of the metadata. Some
    0.1 s of processor time for each page, and four times that for a process's first.

    :raises OutsideResource: the page or its styles name an address.
    """
    with _rendering, _clock_at(int(at.timestamp())), _uncollected():
        fonts, styles = _fonts_and_styles(tuple(style_sheets))
        return _parsed(page).write_pdf(
            stylesheets=styles,
            font_config=fonts,
            attachments=[_attachment(one, at=at) for one in embedded],
            pdf_variant="pdf/a-3b",
            pdf_tags=True,
            finisher=partial(_mend, {one.name: one.media_type for one in embedded}, xmp),
        )


def _parsed(page: str) -> Any:
    """The page as WeasyPrint holds one, read by libxml2.

    WeasyPrint's own reader of HTML is written in Python and takes a sixth of the whole rendering.
    """
    # WeasyPrint loads Pango and takes a quarter of a second: only who renders pays for it.
    import cssselect2
    import lxml.html
    from weasyprint import HTML

    class Page(HTML):
        def __init__(self, root: Element):
            self.base_url, self.url_fetcher, self.media_type = str(_STYLES), _refuse, "print"
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(
                root, content_language=None
            )
            self.etree_element = self.wrapper_element.etree_element

    return Page(_copied(lxml.html.document_fromstring(page)))


def _copied(node: Any) -> Element:
    """Elements that stay themselves, as WeasyPrint needs them; lxml makes others at each look."""
    element = Element(node.tag, dict(node.attrib))
    element.text, element.tail = node.text, node.tail
    element.extend(_copied(child) for child in node.iterchildren("*"))
    return element


def _attachment(one: Embedded, *, at: datetime) -> Any:
    from weasyprint import Attachment

    return Attachment(
        file_obj=one.file,
        # Else WeasyPrint looks for a path in the file's name, which may be a number.
        base_url="about:embedded",
        name=one.name,
        description=one.description,
        created=at,
        modified=at,
        relationship=one.relationship,
    )


@cache
def _fonts_and_styles(names: tuple[str, ...]) -> tuple[Any, list[Any]]:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    class OwnFiles(URLFetcher):
        def fetch(self, url, headers=None):
            if Path(url.removeprefix("file://")).resolve().parent != _FONTS:
                raise OutsideResource(url)
            return super().fetch(url, headers)

    # Fonts are released by library calls, which are gone by the time the interpreter ends.
    atexit.register(_fonts_and_styles.cache_clear)
    fonts = FontConfiguration()
    return fonts, [
        CSS(filename=str(_STYLES / name), font_config=fonts, url_fetcher=OwnFiles())
        for name in names
    ]


def _refuse(url: str, *_arguments, **_options):
    raise OutsideResource(url)


def _mend(media_types: dict[str, str], xmp: bytes, _document, pdf) -> None:
    """Mend what WeasyPrint 70 says of files inside, and tell what they are.

    /AF names each one twice, from the name tree and from the objects; the media type is guessed
    from the file's name, and a gzipped one is taken for plain. A second rdf:RDF, which its own
    option would add, makes the metadata unreadable for others.
    """
    if media_types:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])
    for part in pdf.objects:
        if isinstance(part, dict) and part.get("Type") == "/Filespec":
            stream = pdf.objects[int(part["EF"]["F"].split()[0])]
            stream.extra["Subtype"] = "/" + media_types[part["UF"].string].replace("/", "#2f")
        extra = getattr(part, "extra", None) or {}
        if xmp and extra.get("Type") == "/Metadata":
            part.stream[0] = part.stream[0].replace(b"</rdf:RDF>", xmp + b"</rdf:RDF>")


@contextmanager
def _uncollected() -> Iterator[None]:
    """A page is some 100,000 objects that live to its end: looking for garbage costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _clock_at(epoch_s: int) -> Iterator[None]:
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch_s)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
