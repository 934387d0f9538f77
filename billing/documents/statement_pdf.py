"""A statement's frozen content as the bytes of a PDF/A-3b with its annex inside.

The same content and annex give the same bytes: every date comes from the content, and the one
clock that fontTools reads is set from it too. Nothing is fetched from outside this checkout.
"""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from billing.documents.content import EmbeddableAnnex, StatementContent
from billing.documents.statement_text import shown

_TEMPLATE = "billing/documents/statement.html"
_STYLES = settings.BASE_DIR / "templates" / "billing" / "documents" / "statement.css"
_FONTS = settings.BASE_DIR / "static" / "fonts"

# The environment is the whole process's; one rendering at a time may change it.
_rendering = threading.Lock()


class OutsideResource(ValueError):
    """A document asked for a file or address that is not one of our fonts or styles."""


def render_statement(content: StatementContent, *, annex: EmbeddableAnnex | None = None) -> bytes:
    """Render the statement; ``annex`` is embedded as a supplement to it.

    About half a second of processor time, however many records the annex has.
    """
    # WeasyPrint loads Pango and takes a quarter of a second: only who renders pays for it.
    from weasyprint import HTML, Attachment

    page = render_to_string(_TEMPLATE, {"content": content, **shown(content)})
    attachments = []
    if annex:
        attachments.append(
            Attachment(
                file_obj=annex.file,
                # Else WeasyPrint looks for a path in the file's name, which may be a number.
                base_url="about:annex",
                name=annex.file_name,
                description=f"Service detail records of statement {content.number}",
                created=content.issued_at,
                modified=content.issued_at,
                relationship="Supplement",
            )
        )
    with _rendering, _clock_at(int(content.issued_at.timestamp())):
        fonts, styles = _fonts_and_styles()
        return HTML(string=page, base_url=str(_STYLES.parent), url_fetcher=_refuse).write_pdf(
            stylesheets=[styles],
            font_config=fonts,
            attachments=attachments,
            pdf_variant="pdf/a-3b",
            pdf_tags=True,
            finisher=partial(_describe_annex, annex),
        )


@cache
def _fonts_and_styles() -> tuple[Any, Any]:
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
    return fonts, CSS(filename=str(_STYLES), font_config=fonts, url_fetcher=OwnFiles())


def _refuse(url: str, *_arguments, **_options):
    raise OutsideResource(url)


def _describe_annex(annex: EmbeddableAnnex | None, _document, pdf) -> None:
    """Mend what WeasyPrint 70 says of an attachment.

    /AF names each one twice, from the name tree and from the objects; the media type is guessed
    from the file's name, and a gzipped one is taken for plain.
    """
    if not annex:
        return
    pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])
    for part in pdf.objects:
        extra = getattr(part, "extra", None) or {}
        if extra.get("Type") == "/EmbeddedFile":
            extra["Subtype"] = "/" + annex.media_type.replace("/", "#2f")


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
