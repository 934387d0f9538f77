"""Many documents as one zip, written while it is sent: memory holds one file at a time.

``documents.csv`` lists what is in it, with the SHA-256 of each file, and ``SHA256SUMS`` lets
anybody check it (``sha256sum -c``). Nothing is stored: who goes away leaves nothing behind.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from billing.models import Document, DocumentFile
from billing.services.annex_files import make_annex
from billing.services.statements import AnnexDiffers, StoredContentChanged
from clearinghouse.database_roles import partner_role

_ENDINGS = {"application/pdf": "pdf", "application/xml": "xml"}
_COLUMNS = ["number", "kind", "issued_at", "file", "sha256", "note"]
_STATEMENTS = (Document.Kind.STATEMENT, Document.Kind.PROVISIONAL)
_PIECE = 256 * 1024


class _Pipe(io.RawIOBase):
    """What the zip is written to, and taken out of before it grows."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def stream_zip(document_ids: Sequence[UUID]) -> Iterator[bytes]:
    """The files of these documents, and of statements their records as CSV, in this order.

    The caller has made sure that the reader may have them. Read as the partner role.
    """
    pipe, listed = _Pipe(), _Listed()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as target:
        for document_id in document_ids:
            with partner_role():
                document = Document.objects.select_related("settlement").get(pk=document_id)
                media_types = list(
                    DocumentFile.objects.filter(document=document)
                    .order_by("media_type")
                    .values_list("media_type", flat=True)
                )
            for media_type in media_types:
                with partner_role():
                    file = DocumentFile.objects.get(document=document, media_type=media_type)
                name = f"{_stem(document)}.{_ENDINGS.get(media_type, 'bin')}"
                packing = ZIP_STORED if media_type == "application/pdf" else ZIP_DEFLATED
                target.writestr(name, bytes(file.content), packing)
                listed.add(document, name, file.sha256)
                yield pipe.take()
            if not media_types:
                listed.add(document, "", "", "its file is being made")
            if document.kind in _STATEMENTS:
                yield from _records(target, pipe, document, listed)
        target.writestr("documents.csv", listed.table())
        target.writestr("SHA256SUMS", listed.sums())
    yield pipe.take()


def _records(
    target: ZipFile, pipe: _Pipe, document: Document, listed: "_Listed"
) -> Iterator[bytes]:
    """The records behind a statement, piece by piece; evidence that differs is told instead."""
    try:
        with partner_role():
            annex = make_annex(document, "csv")
    except (AnnexDiffers, StoredContentChanged) as error:
        listed.add(document, "", "", str(error))
        return
    name, digest = f"{_stem(document)}-sdrs.csv", hashlib.sha256()
    with annex, target.open(name, "w", force_zip64=True) as entry:
        annex.seek(0)
        while piece := annex.read(_PIECE):
            digest.update(piece)
            entry.write(piece)
            yield pipe.take()
    listed.add(document, name, digest.hexdigest())
    yield pipe.take()


def _stem(document: Document) -> str:
    return f"{document.issued_at.astimezone(UTC):%Y-%m}/{document.number}"


class _Listed:
    """What is in the zip."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []

    def add(self, document: Document, name: str, sha256: str, note: str = "") -> None:
        issued_at = document.issued_at.astimezone(UTC).isoformat(timespec="seconds")
        self._rows.append([document.number, document.kind, issued_at, name, sha256, note])

    def table(self) -> str:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        writer.writerows(self._rows)
        return text.getvalue()

    def sums(self) -> str:
        return "".join(f"{row[4]}  {row[3]}\n" for row in self._rows if row[3])
