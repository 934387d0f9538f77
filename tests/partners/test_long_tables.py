"""Files of long tables: every kind of cell in every form, read back by another library."""

import csv
import io
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from partners.documents import long_tables
from partners.documents.long_tables import MEDIA_TYPES, Column, Kind, table_into

COLUMNS = (
    Column("name"),
    Column("count", Kind.WHOLE),
    Column("energy", Kind.FIGURE, decimals=6),
    Column("ended", Kind.INSTANT),
    Column("day", Kind.DAY),
    Column("late", Kind.FLAG),
)
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
FULL = ("Nordlicht", -7, Decimal("12.340000"), NOON, date(2026, 11, 29), True)
EMPTY = (None, None, None, None, None, None)
FORMULA = ("=HYPERLINK(1)", 0, Decimal(0), None, None, False)


def written(form: str, *chunks: Sequence, columns: Sequence[Column] = COLUMNS) -> bytes:
    target = io.BytesIO()
    with table_into(target, form, columns) as write:
        for chunk in chunks:
            write(chunk)
    return target.getvalue()


def lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def sheets(content: bytes) -> list[list[tuple]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


class TestCsv:
    def test_writes_every_kind_and_disarms_formulas(self):
        head, *rows = lines(written("csv", [FULL, EMPTY], [FORMULA]))

        assert head == [column.name for column in COLUMNS]
        assert rows == [
            ["Nordlicht", "-7", "12.340000", "2026-11-29T12:00:00Z", "2026-11-29", "true"],
            [""] * 6,
            ["'=HYPERLINK(1)", "0", "0", "", "", "false"],
        ]


class TestXlsx:
    def test_writes_every_kind_and_no_formula(self):
        (rows,) = sheets(written("xlsx", [FULL, EMPTY], [FORMULA]))

        assert rows[0][3] == "ended (UTC)"
        assert rows[1] == (
            "Nordlicht",
            -7,
            12.34,
            NOON.replace(tzinfo=None),
            datetime(2026, 11, 29),  # noqa: DTZ001 a day of a spreadsheet
            True,
        )
        assert rows[2] == EMPTY
        assert rows[3][0] == "=HYPERLINK(1)"

    def test_keeps_every_digit_and_says_where_a_text_is_cut(self):
        long = "a" * 40_000
        figure = Decimal("1234567890123.123456")

        (rows,) = sheets(written("xlsx", [(long, 1, figure, None, None, None)]))

        assert rows[1][2] == "1234567890123.123456"
        assert (len(rows[1][0]), rows[1][0][-1]) == (long_tables.LONGEST_CELL, "…")

    def test_goes_on_in_the_next_sheet_when_one_is_full(self, monkeypatch):
        monkeypatch.setattr(long_tables, "ROWS_PER_SHEET", 2)
        columns = (Column("n", Kind.WHOLE),)

        content = written("xlsx", [(1,), (2,), (3,)], [(4,), (5,)], columns=columns)

        assert sheets(content) == [
            [("n",), (1,), (2,)],
            [("n",), (3,), (4,)],
            [("n",), (5,)],
        ]

    def test_leaves_no_temporary_file_when_it_is_stopped(self, monkeypatch, tmp_path):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        def write_and_stop() -> None:
            with table_into(io.BytesIO(), "xlsx", COLUMNS) as write:
                write([FULL] * 10)
                assert list(tmp_path.iterdir())
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_and_stop()

        assert list(tmp_path.iterdir()) == []


class TestParquet:
    def test_types_every_kind(self):
        table = pq.read_table(io.BytesIO(written("parquet", [FULL, EMPTY], [FORMULA])))

        assert [field.type for field in table.schema] == [
            pa.string(),
            pa.int64(),
            pa.decimal128(38, 6),
            pa.timestamp("us", tz="UTC"),
            pa.date32(),
            pa.bool_(),
        ]
        assert [tuple(row.values()) for row in table.to_pylist()] == [FULL, EMPTY, FORMULA]

    def test_writes_groups_of_rows_as_they_come(self, monkeypatch, tmp_path):
        monkeypatch.setattr(long_tables, "_ROWS_PER_GROUP", 3)
        path = Path(tmp_path, "groups.parquet")
        columns = (Column("n", Kind.WHOLE),)

        path.write_bytes(written("parquet", [(1,), (2,)], [(3,), (4,)], [(5,)], columns=columns))

        file = pq.ParquetFile(path)
        groups = range(file.num_row_groups)
        assert [file.metadata.row_group(n).num_rows for n in groups] == [3, 2]
        assert file.read().column("n").to_pylist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("form", MEDIA_TYPES)
def test_of_no_row_has_its_columns(form):
    content = written(form)

    head = {
        "csv": lambda: lines(content)[0],
        "xlsx": lambda: [name.removesuffix(" (UTC)") for name in sheets(content)[0][0]],
        "parquet": lambda: pq.read_table(io.BytesIO(content)).column_names,
    }[form]()
    assert head == [column.name for column in COLUMNS]
