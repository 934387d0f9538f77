"""Databases of a test run: a migrated template, and clones of it.

Evidence tables refuse TRUNCATE, so what a test has committed is washed out by a superuser, or,
where the schema changed or there is no superuser, the clone is replaced by a fresh one. The
template is named by what it is made of and stays for the next run; what earlier runs left goes.
"""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tests.database_washing import Washer

ROOT = Path(__file__).resolve().parent.parent
ROLES = ROOT / "clearinghouse" / "roles.sql"
_SESSIONS_END_S = 10
# Held while a template is built, cloned for the first time, or swept away.
_LOCK = "SELECT pg_advisory_lock(hashtext('clearinghouse test databases'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('clearinghouse test databases'))"


class TestDatabase:
    """One clone, held from ``open`` to ``close``; its name tells the process and the worker."""

    __test__ = False

    def __init__(self, worker: str):
        self.template = _template_name()
        self.name = f"test_{os.getpid()}_{worker}"
        self._washer: Washer | None = None

    def open(self) -> None:
        # While this session lives, its name keeps other runs from sweeping our databases away.
        self._server = _connect("postgres", application_name=f"{self.name} {self.template}")
        self._server.execute(_LOCK)
        _sweep(self._server)
        _ensure_template(self._server, self.template)
        self._clone()
        self._server.execute(_UNLOCK)

    def reset(self) -> None:
        """Make the clone as new, or replace it by a fresh one."""
        connections.close_all()
        if self._washer is None or not self._washer.wash():
            self._clone()

    def _clone(self) -> None:
        self._close_washer()
        _drop(self._server, self.name)
        # WAL_LOG: FILE_COPY makes two checkpoints, which take longer than 12 MB of log.
        self._server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG").format(
                sql.Identifier(self.name), sql.Identifier(self.template)
            )
        )

        self._washer = Washer.of(_connect(self.name, _superuser_settings()))

    def _close_washer(self) -> None:
        if self._washer is not None:
            self._washer.close()
            self._washer = None

    def close(self) -> None:
        connections.close_all()
        self._close_washer()
        _drop(self._server, self.name)
        self._server.close()


def connect_as_owner(name: str) -> psycopg.Connection:
    """An autocommit connection as the tables' owner."""
    return _connect(name)


def _owner_settings() -> dict[str, Any]:
    """The default database as its owner: the embedded server's, or DATABASE_OWNER_URL's."""
    url = os.environ.get("DATABASE_OWNER_URL")
    if url:
        return dict(dj_database_url.parse(url))
    return settings.DATABASES["default"] | {"USER": "clearinghouse_owner"}


def _superuser_settings() -> dict[str, Any]:
    """The embedded server's superuser; of another server we know its owner only."""
    whom = _owner_settings()
    return whom if os.environ.get("DATABASE_OWNER_URL") else whom | {"USER": "postgres"}


def _connect(name: str, as_whom: dict[str, Any] | None = None, **more: str) -> psycopg.Connection:
    whom = as_whom or _owner_settings()
    return psycopg.connect(
        dbname=name,
        user=whom["USER"],
        password=whom.get("PASSWORD") or None,
        host=whom["HOST"] or None,
        port=whom["PORT"] or None,
        autocommit=True,
        **more,
    )


def _template_name() -> str:
    sources = [
        *sorted(ROOT.glob("*/migrations/*.py")),
        *sorted(ROOT.glob("*/migrations/*.sql")),
        ROOT / "clearinghouse" / "tables.py",
        ROOT / "partners" / "rules" / "roles.py",  # groups are made by it after migrating
        ROOT / "deploy" / "lock" / "runtime.txt",  # other packages have migrations too
        ROLES,
        Path(__file__),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    digest.update(" ".join(settings.INSTALLED_APPS).encode())
    return f"template_{digest.hexdigest()[:16]}"


def _sweep(server: psycopg.Connection) -> None:
    """Drop what killed runs left, and templates of other states of the code."""
    names = server.execute(
        r"""
        SELECT datname FROM pg_database AS d
         WHERE datname ~ '^(test_\d+_|template_[0-9a-f]{16})'
           AND pg_get_userbyid(datdba) = current_user
           AND NOT EXISTS (
               SELECT 1 FROM pg_stat_activity AS a
                WHERE a.datname = 'postgres'
                  AND d.datname = ANY (string_to_array(a.application_name, ' ')))
        """
    ).fetchall()
    for (name,) in names:
        _drop(server, name)


def _ensure_template(server: psycopg.Connection, name: str) -> None:
    found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if found.fetchone() is not None:
        return
    building = f"{name}_building"
    _drop(server, building)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    with _connect(building) as database:
        database.execute(ROLES.read_bytes())
    _migrate(building)
    _leave_statistics_alone(building)
    server.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(building), sql.Identifier(name)
        )
    )


def _leave_statistics_alone(name: str) -> None:
    """Autovacuum sees no row of a test that has not committed, and notes that its tables are empty.

    The plans of empty tables take hours for a hundred thousand rows; whether it came by in the
    middle of a test depended on how slow the machine was.
    """
    with _connect(name) as database:
        tables = database.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            database.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


def _migrate(name: str) -> None:
    default = connections["default"]
    before = dict(default.settings_dict)
    default.close()
    default.settings_dict.update(_owner_settings() | {"NAME": name})
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict.clear()
        default.settings_dict.update(before)


def _drop(server: psycopg.Connection, name: str) -> None:
    """Drop it after its sessions, which their own role must end: the owner may not.

    Threads of a live server keep connections of their own.
    """
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    deadline = time.monotonic() + _SESSIONS_END_S
    while True:
        try:
            server.execute(statement)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            if time.monotonic() > deadline:
                raise
            _end_sessions(name)
            time.sleep(0.02)
        else:
            return


def _end_sessions(name: str) -> None:
    with _connect("postgres", settings.DATABASES["default"]) as app:
        app.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = current_user",
            [name],
        )
