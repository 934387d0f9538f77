"""What the database alone can do: COPY of ready rows into every table that intake writes.

The rows are those that intake stored, taken from its tables, so both write the same bytes under
the same indexes and constraints; a database of its own keeps the ids apart.
"""

from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

CLONE = "bench_raw_copy"
# In the order of intake. ``of_chunk`` selects what one chunk of a batch wrote.
_OF_RECORDS = "SELECT id FROM roaming_rawrecord WHERE batch_id = %(batch)s AND {chunk}"
_TABLES = {
    "roaming_sdrkey": "record_id IN ({records})",
    "roaming_sessionkey": "record_id IN ({records})",
    "roaming_rawrecord": "id IN ({records})",
    "roaming_sdr": "id IN ({records})",
    "roaming_sdrstate": "id IN ({records})",
    "roaming_sdrevent": "record_id IN ({records})",
    "roaming_delivery": "subject_id IN ({records})",
    "roaming_finding": "record_id IN ({records})",
    "roaming_contractidentity": "first_seen_at = (SELECT received_at FROM roaming_intakebatch"
    " WHERE id = %(batch)s) AND {is_first}",
    "roaming_intaketally": "batch_id = %(batch)s AND {is_first}",
}


class ReadyRows(NamedTuple):
    """One table's rows of one chunk as COPY text; a delivery's number comes after commit."""

    table: str
    columns: tuple[str, ...]
    text: bytes


def make_clone(server: psycopg.Connection, *, of: str) -> None:
    """Copy the database ``of``, which nobody may be using."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    server.execute(statement.format(sql.Identifier(CLONE), sql.Identifier(of)))
    server.close()


def ready_chunks(
    database: psycopg.Connection, batch_id: str, *, chunk_records: int, records: int
) -> list[list[ReadyRows]]:
    """The rows of a batch, chunk by chunk as intake committed them."""
    return [
        [
            _ready(database, table, where, batch_id, first, first + chunk_records)
            for table, where in _TABLES.items()
        ]
        for first in range(0, records, chunk_records)
    ]


def _ready(database, table: str, where: str, batch_id: str, first: int, end: int) -> ReadyRows:
    columns = _columns(database, table)
    chosen = _OF_RECORDS.format(chunk=f"position >= {first} AND position < {end}")
    condition = where.format(records=chosen, is_first=str(first == 0))
    values = ", ".join("NULL" if name == "sequence" else name for name in columns)
    question = f"COPY (SELECT {values} FROM {table} WHERE {condition} ORDER BY {columns[0]})"
    with database.cursor() as cursor:
        statement = psycopg.ClientCursor(database).mogrify(
            f"{question} TO STDOUT", {"batch": batch_id}
        )
        with cursor.copy(statement.encode()) as copy:
            return ReadyRows(table, columns, b"".join(map(bytes, copy)))


def _columns(database, table: str) -> tuple[str, ...]:
    rows = database.execute(
        "SELECT quote_ident(attname) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [table],
    )
    return tuple(name for (name,) in rows)


def copy_batch_row(database: psycopg.Connection, clone: psycopg.Connection, batch_id: str) -> None:
    """The tallies point at their batch."""
    _copy(clone, _ready(database, "roaming_intakebatch", "id = %(batch)s", batch_id, 0, 0))


def copy_chunks(clone: psycopg.Connection, chunks: list[list[ReadyRows]]) -> None:
    """The reference itself: one connection, one transaction per chunk."""
    for chunk in chunks:
        with clone.transaction():
            for rows in chunk:
                _copy(clone, rows)


def _copy(clone: psycopg.Connection, rows: ReadyRows) -> None:
    columns = ", ".join(rows.columns)
    statement = f"COPY {rows.table} ({columns}) FROM STDIN"
    with clone.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows.text)


def postmaster_of(database: psycopg.Connection) -> int:
    """The pid of the server that this connection talks to."""
    status = Path(f"/proc/{database.info.backend_pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])
