"""Settlement statements: issued with the closing, rendered after it, kept as first handed out.

Issuing numbers and freezes what each statement says, inside the closing transaction. Rendering
reads that frozen content, and the annex from the evidence, and may be repeated at any time: the
first bytes that were stored are the bytes of the document.
"""

import hashlib
import logging
import os
import tempfile
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from msgspec.structs import replace

from billing.documents.balance_content import balance_from_json
from billing.documents.balance_pdf import render_balance
from billing.documents.content import (
    StatementContent,
    UnreadableContent,
    content_sha256,
    from_json,
    to_json,
)
from billing.documents.dunning_content import dunning_from_json
from billing.documents.dunning_pdf import render_dunning
from billing.documents.statement_pdf import render_statement
from billing.models import Document, DocumentFile, Position, Settlement
from billing.services.annex import Source, open_annex
from billing.services.numbers import take_numbers
from billing.services.seals import SealNotReadable, sealed
from billing.services.statement_contents import content_of, gather
from clearinghouse.uuid7 import uuid7_at
from partners.models import Environment
from partners.queries import owned_parties
from roaming.models import Delivery
from roaming.services.deliveries import owe_each

PDF = "application/pdf"
SERIES = {Environment.LIVE: "ST", Environment.TEST: "TST"}

_RENDERED = (
    Document.Kind.STATEMENT,
    Document.Kind.PROVISIONAL,
    Document.Kind.BALANCE,
    Document.Kind.DUNNING,
)

logger = logging.getLogger(__name__)


class StoredContentChanged(Exception):
    """The JSON or the bytes kept of a document are not what they were when it was made."""


class AnnexDiffers(Exception):
    """The evidence no longer gives the annex whose hash the statement states."""


def number_statements(settlement: Settlement, *, now: datetime) -> dict[UUID, str]:
    """Take the number of each partner's statement, sorted by the partners' names.

    Apart from issuing, because the invoices of a settlement name the statement that nets them, and
    the statement lists those invoices. Call it inside the closing transaction.
    """
    positions = _positions(settlement)
    numbers = take_numbers(
        SERIES[settlement.environment],
        year=now.astimezone(ZoneInfo(settlement.window.group.time_zone)).year,
        environment=settlement.environment,
        count=len(positions),
    )
    return dict(zip((position.partner_id for position in positions), numbers, strict=True))


def issue_statements(
    settlement: Settlement, *, now: datetime, numbers: dict[UUID, str] | None = None
) -> list[Document]:
    """Freeze the statement of every partner with a position, and owe its delivery.

    Call it inside the closing transaction, after the positions and the invoices were written;
    nothing is rendered here. ``numbers`` are those that were taken before. The clearing house
    itself gets no statement. Sorted by the partners' names.

    :raises StatementDiffers: a partner's lines do not add up to its position.
    """
    positions = _positions(settlement)
    gathered = gather(settlement, [position.partner for position in positions], now=now)
    replaced = _replaced(settlement)
    taken = number_statements(settlement, now=now) if numbers is None else numbers
    documents = []
    for position in positions:
        content = replace(
            content_of(position, number=taken[position.partner_id], gathered=gathered),
            replaces=replaced.get(position.partner_id, ""),
        )
        documents.append(frozen(content, position.partner_id, settlement=settlement))
    return hand_out(documents, now=now)


def _positions(settlement: Settlement) -> list[Position]:
    of_partners = settlement.positions.filter(partner__is_clearing_house=False)
    return list(of_partners.select_related("partner").order_by("partner__name"))


def frozen(content: StatementContent, partner_id: UUID, *, settlement: Settlement) -> Document:
    """The document that says ``content``, not stored yet."""
    is_final = content.status == "FINAL"
    values = to_json(content)
    return Document(
        id=uuid7_at(content.issued_at),
        number=content.number,
        kind=Document.Kind.STATEMENT if is_final else Document.Kind.PROVISIONAL,
        environment=content.environment,
        partner_id=partner_id,
        settlement=settlement,
        content=values,
        content_sha256=content_sha256(values),
        issued_at=content.issued_at,
    )


def hand_out(documents: list[Document], *, now: datetime) -> list[Document]:
    """Store them, all of one kind, and owe each to every party that its partner owns there."""
    Document.objects.bulk_create(documents)
    parties = owned_parties({document.partner_id for document in documents}, at=now)
    owed = [
        (party, document.pk)
        for document in documents
        for party in parties.get((document.partner_id, document.environment), ())
    ]
    for kind in {document.kind for document in documents}:
        owe_each(Delivery.Kind(kind), owed, now=now)
    return documents


def _replaced(settlement: Settlement) -> dict[UUID, str]:
    """Number of each partner's provisional statement of the settlement."""
    earlier = settlement.documents.filter(kind=Document.Kind.PROVISIONAL)
    return dict(earlier.values_list("partner_id", "number"))


def render_document(document: Document, *, now: datetime) -> DocumentFile:
    """Return the document's PDF, rendered now if it has none yet; call it outside transactions.

    Whoever stores first wins; everybody gets the stored file.

    :raises StoredContentChanged: the frozen content does not hash to what was noted.
    :raises AnnexDiffers: the evidence gives another annex than the one the statement states.
    :raises UnreadableContent: the content is of a version that this program does not know.
    """
    stored = document.files.filter(media_type=PDF).first()
    if stored:
        return stored
    pdf = sealed(_render(document))
    fresh = DocumentFile(
        document=document,
        media_type=PDF,
        content=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        size_bytes=len(pdf),
        rendered_at=now,
    )
    DocumentFile.objects.bulk_create([fresh], ignore_conflicts=True)
    return document.files.get(media_type=PDF)


def missing() -> QuerySet[Document]:
    """What is to have a PDF and has none yet."""
    without = Document.objects.filter(kind__in=_RENDERED).exclude(files__media_type=PDF)
    return without.order_by("number")


def is_rendered(document: Document, *, now: datetime) -> bool:
    """Render it; one that cannot be is logged and left, so that it does not hold up the others."""
    try:
        render_document(document, now=now)
    except (StoredContentChanged, AnnexDiffers, SealNotReadable, UnreadableContent):
        logger.exception("billing.statement.not_rendered", extra={"number": document.number})
        return False
    return True


def render_and_export(document: Document, *, now: datetime) -> Path:
    """Write the document's stored bytes to ``VAR_DIR/statements/<number>.pdf``; whole or not.

    :raises StoredContentChanged: the stored bytes do not hash to what was noted.
    """
    file = render_document(document, now=now)
    content = bytes(file.content)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise StoredContentChanged(f"The stored PDF of {document.number} is damaged. Restore it.")
    folder = settings.VAR_DIR.resolve() / "statements"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document.number}.pdf"
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    Path(target.name).replace(path)
    return path


def _render(document: Document) -> bytes:
    if content_sha256(document.content) != document.content_sha256:
        raise StoredContentChanged(
            f"The frozen content of {document.number} does not match its hash. Restore it from a"
            " backup; do not issue it again."
        )
    if document.kind == Document.Kind.DUNNING:
        return render_dunning(dunning_from_json(document.content))
    if document.kind == Document.Kind.BALANCE:
        return render_balance(balance_from_json(document.content))
    content = from_json(document.content)
    settlement = document.settlement
    if settlement is None:
        raise StoredContentChanged(f"Statement {document.number} names no settlement.")
    with open_annex(
        Source(settlement, content.issued_at),
        partner_id=document.partner_id,
        number=document.number,
        form=content.annex.form,
    ) as annex:
        if annex.facts != content.annex:
            raise AnnexDiffers(
                f"The annex of {document.number} has {annex.facts.rows} records now and"
                f" {content.annex.rows} are stated, or they differ. Compare its cleared records"
                " with the evidence; the runbook says how."
            )
        return render_statement(content, annex=annex)
