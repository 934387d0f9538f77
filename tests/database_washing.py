"""A test's database made as new in place: its rows go, its tables stay.

To clone a database takes half a second, to delete what a test wrote a few hundredths of one. A
superuser deletes, under ``session_replication_role = replica``: neither the triggers that keep
evidence nor foreign keys are asked. What changed the schema, and a server that grants us no
superuser, is answered by ``wash`` with False: then it has to be a clone.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

_OTHERS_END_MS = 10_000
# Deleted rows lie about until vacuum takes them; a clone now and then has none.
_WASHES_OF_A_CLONE = 60

# xmin tells who wrote a row of the catalogue last: any DDL changes it, ANALYZE does not.
_SCHEMA: LiteralString = """
    SELECT md5(string_agg(part, ' ')) FROM (
        SELECT md5(string_agg(oid::text || xmin, ',' ORDER BY oid)) FROM pg_class
         WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT md5(string_agg(oid::text || xmin, ',' ORDER BY oid)) FROM pg_trigger
        UNION ALL SELECT md5(string_agg(oid::text || xmin, ',' ORDER BY oid)) FROM pg_constraint
        UNION ALL SELECT md5(string_agg(oid::text || xmin, ',' ORDER BY oid)) FROM pg_policy
        UNION ALL SELECT md5(string_agg(oid::text || xmin, ',' ORDER BY oid)) FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT md5(string_agg(attrelid || '.' || attnum || xmin, ','
                                        ORDER BY attrelid, attnum))
          FROM pg_attribute
         WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    ) AS parts (part)
"""
_TABLES: LiteralString = """
    SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
_SEQUENCES: LiteralString = """
    SELECT sequencename, start_value, last_value FROM pg_sequences WHERE schemaname = 'public'
"""
_END_OTHERS: LiteralString = """
    SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND backend_type = 'client backend'
"""


@dataclass
class Fresh:
    """What a clone looked like before anybody used it."""

    schema: str
    empty: list[str]
    seeded: dict[str, tuple[str, bytes]]  # table: what tells a change, its rows as COPY writes them
    sequences: dict[str, int | None]


class Washer:
    """A superuser's session in one clone, until ``close``."""

    def __init__(self, connection: psycopg.Connection):
        self._connection = connection
        self._fresh = self._look()
        self._washes = 0

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "Washer | None":
        """None where the server does not let us switch triggers off."""
        try:
            connection.execute("SET session_replication_role = replica")
        except psycopg.errors.InsufficientPrivilege:
            connection.close()
            return None
        return cls(connection)

    def wash(self) -> bool:
        """Make it as new; False if only a clone is."""
        self._washes += 1
        if self._washes > _WASHES_OF_A_CLONE:
            return False
        self._connection.execute(_END_OTHERS, [_OTHERS_END_MS])
        if self._one(_SCHEMA) != self._fresh.schema:
            return False
        with self._connection.transaction():
            for table in self._filled(self._fresh.empty):
                self._connection.execute(_about("DELETE FROM ONLY {}", table))
            for table, (_, rows) in self._changed_seeds().items():
                self._sow(table, rows)
            self._rewind()
        return True

    def close(self) -> None:
        self._connection.close()

    def _look(self) -> Fresh:
        tables = [name for (name,) in self._connection.execute(_TABLES)]
        seeded = self._filled(tables)
        return Fresh(
            schema=self._one(_SCHEMA),
            empty=[table for table in tables if table not in seeded],
            seeded={table: (self._mark(table), self._rows(table)) for table in seeded},
            sequences={name: last for name, _, last in self._connection.execute(_SEQUENCES)},
        )

    def _one(self, statement: LiteralString | sql.Composed) -> str:
        row = self._connection.execute(statement).fetchone()
        assert row is not None
        return str(row[0])

    def _filled(self, tables: list[str]) -> list[str]:
        """Those of the tables with a row at least, asked at once."""
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM ONLY {table})").format(
                name=sql.Literal(table), table=sql.Identifier(table)
            )
            for table in tables
        )
        return [name for (name,) in self._connection.execute(asked)]

    def _mark(self, table: str) -> str:
        """Changes with every row that was written, changed or deleted."""
        return self._one(
            _about(
                "SELECT md5(string_agg(ctid::text || xmin, ',' ORDER BY ctid)) FROM ONLY {}", table
            )
        )

    def _rows(self, table: str) -> bytes:
        with self._connection.cursor().copy(
            _about("COPY {} TO STDOUT (FORMAT binary)", table)
        ) as out:
            return b"".join(out)

    def _changed_seeds(self) -> dict[str, tuple[str, bytes]]:
        seeds = self._fresh.seeded
        return {table: seed for table, seed in seeds.items() if self._mark(table) != seed[0]}

    def _sow(self, table: str, rows: bytes) -> None:
        self._connection.execute(_about("DELETE FROM ONLY {}", table))
        into = _about("COPY {} FROM STDIN (FORMAT binary)", table)
        with self._connection.cursor().copy(into) as copy:
            copy.write(rows)
        self._fresh.seeded[table] = (self._mark(table), rows)

    def _rewind(self) -> None:
        """Numbers start again where the clone's did."""
        moved = [
            (name, start if self._fresh.sequences[name] is None else self._fresh.sequences[name],
             self._fresh.sequences[name] is not None)
            for name, start, last in self._connection.execute(_SEQUENCES)
            if last != self._fresh.sequences[name]
        ]  # fmt: skip
        for name, value, is_called in moved:
            self._connection.execute(
                "SELECT setval(format('%%I', %s::text)::regclass, %s, %s)", [name, value, is_called]
            )


def _about(statement: LiteralString, table: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(table))
