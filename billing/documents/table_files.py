"""A table as the bytes of a file: CSV for machines, XLSX for people. No text becomes a formula."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from clearinghouse.spreadsheet import is_exact, neutralize

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | int | Decimal


def csv_lines(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """UTF-8 with a byte order mark, ``;`` between fields, decimal point, CRLF."""
    line = io.StringIO()
    writer = csv.writer(line, delimiter=";", lineterminator="\r\n")
    writer.writerow(headers)
    yield "\N{BYTE ORDER MARK}" + line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow([_plain(cell) for cell in row])
        yield line.getvalue()


def xlsx_bytes(title: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet; figures are figures, texts are texts. Rows are not held in memory."""
    # A tenth of a second to load: only who asks for a sheet pays for it.
    import xlsxwriter

    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet(title[:31])
            sheet.write_row(0, 0, headers, book.add_format({"bold": True}))
            sheet.freeze_panes(1, 0)
            money = book.add_format({"num_format": "#,##0.00"})
            for number, row in enumerate(rows, start=1):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(number, column, cell)
                    elif not is_exact(_plain(cell)):
                        sheet.write_string(number, column, _plain(cell))
                    elif isinstance(cell, Decimal):
                        sheet.write_number(number, column, float(cell), money)
                    else:
                        sheet.write_number(number, column, cell)
        file.seek(0)
        return file.read()


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return neutralize(cell)
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
