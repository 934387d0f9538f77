"""SQL statements in named files beside the code that runs them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

import psycopg
from django.db import connection


@cache
def load_statement(path: Path) -> str:
    """The text of one ``.sql`` file: one statement, with its purpose, grain and promise on top."""
    return path.read_text(encoding="utf-8")


def run_bound(
    path: Path, parameters: Mapping[str, Any], *, is_prepared: bool = False
) -> list[tuple[Any, ...]]:
    """Run a statement whose parameters reach the server apart from its text; its rows, if any.

    That spares both sides to quote and to read long values; each parameter needs a type that the
    text tells. ``is_prepared``: a connection plans it a few times and then no more, for what each
    request asks by a key. Not for what joins a table that may still be small: a plan lasts until
    the table's statistics change or its connection ends, ten minutes at most.
    """
    with connection.cursor() as cursor:
        cursor.cursor = _Cursor(cursor.cursor.connection, is_prepared=is_prepared)
        cursor.execute(load_statement(path), dict(parameters))
        return cursor.fetchall() if cursor.description else []


class _Cursor(psycopg.Cursor[tuple[Any, ...]]):
    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], *, is_prepared: bool):
        super().__init__(connection)
        self._is_prepared = is_prepared

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(query, params, **(options | {"prepare": self._is_prepared}))
