"""A table of any length as a file, written chunk by chunk: CSV, XLSX or Parquet.

Memory does not grow with the rows. No text becomes a formula, no figure loses a digit.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import IO, Any

from clearinghouse.spreadsheet import is_exact, neutralize

# By the end of the file's name.
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}

# Excel has 1,048,576 rows to a sheet, and 32,767 characters to a cell.
ROWS_PER_SHEET = 1_000_000
LONGEST_CELL = 32_767
_ROWS_PER_GROUP = 20_000

Cell = str | int | Decimal | date | None
Row = Sequence[Cell]
Write = Callable[[Sequence[Row]], None]


class Kind(Enum):
    """What a column holds: each cell is of this kind or ``None``, which is "not stated"."""

    TEXT = auto()
    WHOLE = auto()
    FIGURE = auto()
    INSTANT = auto()
    DAY = auto()
    FLAG = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """``decimals``: the most that a FIGURE has."""

    name: str
    kind: Kind = Kind.TEXT
    decimals: int = 10


def table_into(
    target: IO[bytes], form: str, columns: Sequence[Column]
) -> AbstractContextManager[Write]:
    """A context that hands out what writes rows; at its end the file is whole.

    ``form`` is a key of ``MEDIA_TYPES``. After an exception ``target`` holds a part of a file.
    """
    return _FORMS[form](target, columns)


@contextmanager
def _csv(target: IO[bytes], columns: Sequence[Column]) -> Iterator[Write]:
    """UTF-8 with a byte order mark, ``;`` between fields, decimal point, CRLF."""
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    text.write("\N{BYTE ORDER MARK}")
    writer.writerow([column.name for column in columns])
    try:
        yield lambda rows: writer.writerows([_plain(cell) for cell in row] for row in rows)
    finally:
        text.detach()


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return neutralize(cell)
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return cell.isoformat()
    return str(cell)


@contextmanager
def _xlsx(target: IO[bytes], columns: Sequence[Column]) -> Iterator[Write]:
    """One row at a time goes to a temporary file, of which nothing is left whatever happens."""
    # A tenth of a second to load: only who writes a sheet pays for it.
    from xlsxwriter import Workbook

    with tempfile.TemporaryDirectory(prefix="table-") as folder:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "tmpdir": folder,
        }
        book = Workbook(target, options)
        yield _Sheets(book, columns).write
        book.close()


class _Sheets:
    """A workbook whose rows go on in the next sheet when one is full."""

    def __init__(self, book: Any, columns: Sequence[Column]) -> None:
        self._book, self._columns = book, columns
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._parts = 0
        self._begin_sheet()

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._row == ROWS_PER_SHEET:
                self._begin_sheet()
            self._row += 1
            for place, cell in enumerate(row):
                if cell is not None:
                    self._put(place, cell)

    def _begin_sheet(self) -> None:
        self._parts += 1
        self._row = 0
        self._sheet = self._book.add_worksheet(
            "rows" if self._parts == 1 else f"rows {self._parts}"
        )
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_column(0, len(self._columns) - 1, 18)
        for place, column in enumerate(self._columns):
            # A spreadsheet's instants have no zone: the head says which it is.
            name = f"{column.name} (UTC)" if column.kind is Kind.INSTANT else column.name
            self._sheet.write_string(0, place, name, self._head)

    def _put(self, place: int, cell: Cell) -> None:
        sheet, row = self._sheet, self._row
        match cell:
            case bool():
                sheet.write_boolean(row, place, cell)
            case datetime():
                plain = cell.astimezone(UTC).replace(tzinfo=None)
                sheet.write_datetime(row, place, plain, self._instant)
            case date():
                sheet.write_datetime(row, place, cell, self._day)
            case int() | Decimal() if is_exact(_plain(cell)):
                sheet.write_number(row, place, float(cell))
            case _:
                text = cell if isinstance(cell, str) else _plain(cell)
                cut = f"{text[: LONGEST_CELL - 1]}…" if len(text) > LONGEST_CELL else text
                sheet.write_string(row, place, cut)


@contextmanager
def _parquet(target: IO[bytes], columns: Sequence[Column]) -> Iterator[Write]:
    """Row groups of 20,000; figures as decimal128, instants as UTC timestamps."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, _arrow_type(pa, column)) for column in columns])
    waiting: list[Row] = []

    def write_out(count: int) -> None:
        taken = waiting[:count]
        del waiting[:count]
        arrays = [
            pa.array(cells, field.type)
            for cells, field in zip(zip(*taken, strict=True), schema, strict=True)
        ]
        writer.write_batch(pa.record_batch(arrays, schema=schema))

    def write(rows: Sequence[Row]) -> None:
        waiting.extend(rows)
        while len(waiting) >= _ROWS_PER_GROUP:
            write_out(_ROWS_PER_GROUP)

    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        yield write
        if waiting:
            write_out(len(waiting))


def _arrow_type(pa: Any, column: Column) -> Any:
    match column.kind:
        case Kind.WHOLE:
            return pa.int64()
        case Kind.FIGURE:
            return pa.decimal128(38, column.decimals)
        case Kind.INSTANT:
            return pa.timestamp("us", tz="UTC")
        case Kind.DAY:
            return pa.date32()
        case Kind.FLAG:
            return pa.bool_()
    return pa.string()


_FORMS: dict[str, Callable[[IO[bytes], Sequence[Column]], AbstractContextManager[Write]]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
}
