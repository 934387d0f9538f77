"""The annex of a statement as CSV, XLSX and Parquet: the same rows in the same order.

Made when somebody asks, from the evidence, and only if it still gives the CSV whose hash the
statement states. Every format is written from the CSV, row by row, into a temporary file: memory
does not grow with the number of records.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from billing.documents.content import StatementContent, content_sha256, from_json
from billing.models import Document
from billing.services.annex import COLUMNS, Source, spool_annex
from billing.services.statements import AnnexDiffers, StoredContentChanged
from clearinghouse.money import minor_unit_digits
from clearinghouse.spreadsheet import is_exact

# Columns by what they hold; the others are texts. Empty is "not stated" in each format.
_BOOKED = {"claim_amount", "commission_amount", "payout_amount"}
_STATED = {"energy_kwh", "charging_minutes", "parking_minutes"} | {
    f"{kind}_amount" for kind in ("energy", "time", "parking", "reservation", "fee")
}
_INSTANTS = {"started_at", "ended_at"}
_FLAGS = {"is_late", "is_correction"}

# By the end of the file's name.
MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}

_SPOOL_BYTES = 1024 * 1024
# Excel has 1,048,576 rows to a sheet; a larger annex goes on in the next.
ROWS_PER_SHEET = 1_000_000
_ROWS_PER_GROUP = 20_000
# How often somebody who waits hears of it.
_ROWS_PER_WORD = 2_000


def make_annex(
    document: Document, kind: str, *, told: Callable[[int], object] = lambda done: None
) -> IO[bytes]:
    """Return the annex of a statement as an open temporary file; the caller closes it.

    ``kind`` is a key of ``MEDIA_TYPES``. ``told`` hears how many records are written; what it
    raises stops the work.

    :raises AnnexDiffers: the evidence gives other records than the statement states.
    :raises StoredContentChanged: the frozen content does not hash to what was noted.
    """
    content = _content_of(document)
    settlement = document.settlement
    if settlement is None:
        raise StoredContentChanged(f"Statement {document.number} names no settlement.")
    plain = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
    facts = spool_annex(
        plain,
        Source(settlement, content.issued_at),
        partner_id=document.partner_id,
        form=content.annex.form,
    )
    if facts != content.annex:
        plain.close()
        raise AnnexDiffers(
            f"The annex of {document.number} has {facts.rows} records now and"
            f" {content.annex.rows} are stated, or they differ."
        )
    if kind == "csv":
        return plain
    with plain:
        target = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            with closing(_rows(plain)) as rows:
                _WRITERS[kind](_counted(rows, told), target, content)
        except BaseException:
            target.close()
            raise
        target.seek(0)
        return target


def _counted(rows: Iterator[list[str]], told: Callable[[int], object]) -> Iterator[list[str]]:
    for number, row in enumerate(rows, start=1):
        if number % _ROWS_PER_WORD == 0:
            told(number)
        yield row


def _content_of(document: Document) -> StatementContent:
    if content_sha256(document.content) != document.content_sha256:
        raise StoredContentChanged(f"The frozen content of {document.number} is damaged.")
    return from_json(document.content)


def _write_xlsx(rows: Iterator[list[str]], target: IO[bytes], content: StatementContent) -> None:
    """One row at a time: xlsxwriter keeps none of them."""
    from xlsxwriter import Workbook

    columns = COLUMNS[content.annex.form]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(target, options) as book:
        book.set_properties(
            {
                "title": f"{content.number}: {content.annex.rows} records",
                "author": content.house.legal_name,
                "comments": f"SHA-256 of the CSV: {content.annex.sha256}",
                "created": content.issued_at.replace(tzinfo=None),
            }
        )
        head = book.add_format({"bold": True, "bottom": 1})
        cells = _Cells(book, columns, currency=content.currency)
        for part in range(1, 2 + max(content.annex.rows - 1, 0) // ROWS_PER_SHEET):
            sheet = book.add_worksheet("records" if part == 1 else f"records {part}")
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, len(columns) - 1, 14)
            sheet.set_column(columns.index("started_at"), columns.index("ended_at"), 19)
            for place, name in enumerate(columns):
                sheet.write_string(0, place, _named(name), head)
            for number, row in enumerate(islice(rows, ROWS_PER_SHEET), start=1):
                cells.write(sheet, number, row)


def _named(column: str) -> str:
    """A spreadsheet's instants have no zone: the head says which it is."""
    return f"{column} (UTC)" if column in _INSTANTS else column


class _Cells:
    """Writes each column's texts as what they are."""

    def __init__(self, book: Any, columns: list[str], *, currency: str) -> None:
        digits = minor_unit_digits(currency)
        money = book.add_format({"num_format": f"#,##0.{'0' * digits}" if digits else "#,##0"})
        plain = book.add_format({"num_format": "#,##0.######"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._writers = [
            (self._instant, instant)
            if name in _INSTANTS
            else (self._number, money if name in _BOOKED else plain)
            if name in _BOOKED | _STATED
            else (self._flag, None)
            if name in _FLAGS
            else (self._text, None)
            for name in columns
        ]

    def write(self, sheet: Any, number: int, row: list[str]) -> None:
        for place, (text, (write, form)) in enumerate(zip(row, self._writers, strict=True)):
            if text:
                write(sheet, number, place, text, form)

    @staticmethod
    def _text(sheet, number, place, text, _form) -> None:
        sheet.write_string(number, place, text)

    @staticmethod
    def _number(sheet, number, place, text, form) -> None:
        if is_exact(text):
            sheet.write_number(number, place, float(text), form)
        else:
            sheet.write_string(number, place, text)

    @staticmethod
    def _instant(sheet, number, place, text, form) -> None:
        instant = datetime.fromisoformat(text).replace(tzinfo=None)
        sheet.write_datetime(number, place, instant, form)

    @staticmethod
    def _flag(sheet, number, place, text, _form) -> None:
        sheet.write_boolean(number, place, text == "true")


def _write_parquet(rows: Iterator[list[str]], target: IO[bytes], content: StatementContent) -> None:
    """Row groups of 20,000; amounts as decimal128, instants as UTC timestamps."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = COLUMNS[content.annex.form]
    booked = pa.decimal128(20, minor_unit_digits(content.currency))
    stated = pa.decimal128(28, 6)
    kinds = {
        **dict.fromkeys(_BOOKED, booked),
        **dict.fromkeys(_STATED, stated),
        **dict.fromkeys(_INSTANTS, pa.timestamp("s", tz="UTC")),
        **dict.fromkeys(_FLAGS, pa.bool_()),
    }
    facts = {"statement": content.number, "csv_sha256": content.annex.sha256}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in columns], metadata=facts)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while chunk := list(islice(rows, _ROWS_PER_GROUP)):
            texts = zip(*chunk, strict=True)
            arrays = [
                pa.array(map(_value_of(name), column), field.type)
                for name, column, field in zip(columns, texts, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _value_of(name: str) -> Callable[[str], Any]:
    if name in _BOOKED | _STATED:
        return lambda text: Decimal(text) if text else None
    if name in _INSTANTS:
        return lambda text: datetime.fromisoformat(text) if text else None
    if name in _FLAGS:
        return lambda text: text == "true" if text else None
    return lambda text: text or None


def _rows(plain: IO[bytes]) -> Generator[list[str], None, None]:
    """The records of the CSV, its head left out."""
    plain.seek(0)
    text = io.TextIOWrapper(plain, encoding="utf-8", newline="")
    try:
        rows = csv.reader(text, delimiter=";")
        next(rows)
        yield from rows
    finally:
        text.detach()


_WRITERS = {"xlsx": _write_xlsx, "parquet": _write_parquet}
