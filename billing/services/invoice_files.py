"""Renders what was issued: both XMLs, judged by the official rules, and the PDF with one inside.

Frozen content in, stored bytes out: rendering may be repeated at any time, and the first bytes
that were stored are those of the document. Nothing is stored of a document whose XML is refused.
"""

import hashlib
import logging
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from msgspec import to_builtins

from billing.documents.content import UnreadableContent, content_sha256
from billing.documents.einvoice.cii import build_cii
from billing.documents.einvoice.rule_sets import VALIDATORS, Syntax
from billing.documents.einvoice.schematron import SchematronNotRun
from billing.documents.einvoice.ubl import build_ubl
from billing.documents.einvoice.validation import validate
from billing.documents.factur_x import embedded_xml, structural_faults
from billing.documents.invoice_content import from_json
from billing.documents.invoice_pdf import render_invoice
from billing.documents.invoice_rules import faults_of
from billing.models import Document, DocumentFile, IssuingBlock, ValidationReport
from billing.queries_invoices import HELD_IN, PDF, UBL
from billing.services.seals import SealNotReadable, sealed
from clearinghouse.uuid7 import uuid7_at

logger = logging.getLogger(__name__)


class NotRenderable(Exception):
    """The frozen content is damaged, or gives no valid document; the message says which rule."""


def render_files(document: Document, *, now: datetime) -> list[DocumentFile]:
    """Return the PDF and the UBL of an invoice, rendered now if it has none yet.

    Call it outside of transactions; about a second of processor time.

    :raises NotRenderable: see there; it is not stored.
    :raises SchematronNotRun: the rules could not be applied; try again later.
    """
    stored = list(document.files.filter(media_type__in=[PDF, UBL]).order_by("media_type"))
    if len(stored) == 2:
        return stored
    if content_sha256(document.content) != document.content_sha256:
        raise NotRenderable(f"The frozen content of {document.number} does not match its hash.")
    content = from_json(document.content)
    if faults := faults_of(content):
        raise NotRenderable(f"{document.number}: {faults[0]}")
    cii, ubl = build_cii(content), build_ubl(content)
    reports = [_judged(document, cii, now=now), _judged(document, ubl, now=now)]
    pdf = render_invoice(content, cii=cii)
    if wrong := structural_faults(pdf):
        raise NotRenderable(f"{document.number} is no Factur-X PDF: {' '.join(wrong)}")
    pdf = sealed(pdf)
    with transaction.atomic():
        ValidationReport.objects.bulk_create(reports, ignore_conflicts=True)
        DocumentFile.objects.bulk_create(
            [_file(document, PDF, pdf, now=now), _file(document, UBL, ubl, now=now)],
            ignore_conflicts=True,
        )
    return list(document.files.filter(media_type__in=[PDF, UBL]).order_by("media_type"))


def missing() -> QuerySet[Document]:
    """Invoices that lack a file."""
    whole = Document.objects.filter(files__media_type=PDF).filter(files__media_type=UBL)
    invoices = Document.objects.filter(kind=Document.Kind.INVOICE)
    return invoices.exclude(pk__in=whole).order_by("number")


def is_rendered(document: Document, *, now: datetime) -> bool:
    """Render it; one that cannot be is logged and left, so that it does not hold up the others."""
    try:
        render_files(document, now=now)
    except (NotRenderable, SchematronNotRun, SealNotReadable, UnreadableContent):
        logger.exception("billing.invoice.not_rendered", extra={"number": document.number})
        return False
    return True


def file_of(document: Document, kind: str) -> DocumentFile | None:
    """The file of a kind of ``HELD_IN`` as it was handed out first; None while it is made.

    The CII is taken out of the PDF, which is the only place that it is kept in.
    """
    file = document.files.filter(media_type=HELD_IN[kind]).first()
    if file is None or kind != "cii":
        return file
    return _file(document, UBL, embedded_xml(bytes(file.content)), now=file.rendered_at)


def offered_xml(block: IssuingBlock, *, syntax: Syntax) -> bytes:
    """What was blocked, as XML for whoever may issue it; it has no number yet."""
    content = from_json(block.content)
    return build_cii(content) if syntax == "CII" else build_ubl(content)


def _judged(document: Document, xml: bytes, *, now: datetime) -> ValidationReport:
    report = validate(xml)
    if not report.is_valid or report.syntax is None:
        told = [*report.schema_errors, *(f"{one.rule}: {one.text}" for one in report.failed)]
        raise NotRenderable(f"{document.number} as {report.syntax} breaks {'; '.join(told)}")
    return ValidationReport(
        id=uuid7_at(now),
        document=document,
        syntax=report.syntax,
        xml_sha256=hashlib.sha256(xml).hexdigest(),
        fired=report.rules_fired,
        failures=to_builtins(report.failed),
        validator=VALIDATORS[report.syntax],
        validated_at=now,
    )


def _file(document: Document, media_type: str, content: bytes, *, now: datetime) -> DocumentFile:
    return DocumentFile(
        document=document,
        media_type=media_type,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        rendered_at=now,
    )
