"""The database harness: a migrated template, cloned per worker and after each committing test.

Evidence tables refuse TRUNCATE, so a test that commits is followed by a fresh clone (about 0.2 s).
The template is named by what it is made of, so a second run finds it.
"""

import fcntl
import hashlib
import os
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
_OWNER = "clearinghouse_owner"
_SESSIONS_END_S = 5


def _owner_settings() -> dict:
    """The default database as its owner: the embedded server's, or DATABASE_OWNER_URL's."""
    import dj_database_url

    url = os.environ.get("DATABASE_OWNER_URL")
    if url:
        return dj_database_url.parse(url)
    return settings.DATABASES["default"] | {"USER": _OWNER}


def _connect(name: str) -> psycopg.Connection:
    owner = _owner_settings()
    return psycopg.connect(
        dbname=name,
        user=owner["USER"],
        password=owner.get("PASSWORD") or None,
        host=owner["HOST"] or None,
        port=owner["PORT"] or None,
        autocommit=True,
    )


def _template_name() -> str:
    digest = hashlib.sha256()
    sources = sorted(ROOT.glob("*/migrations/*.py"))
    for path in [
        *sources,
        ROOT / "clearinghouse" / "tables.py",
        ROOT / "clearinghouse" / "roles.sql",
    ]:
        digest.update(path.read_bytes())
    return f"template_{digest.hexdigest()[:16]}"


def _exists(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return found.fetchone() is not None


def _ensure_template() -> str:
    name = _template_name()
    lock = Path(tempfile.gettempdir()) / f"clearinghouse-{os.getuid()}-{name}.lock"
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with _connect("postgres") as server:
            if _exists(server, name):
                return name
            building = f"{name}_building"
            _drop(server, building)
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
            _grant_defaults(building)
            _migrate(building)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(building), sql.Identifier(name)
                )
            )
    return name


def _grant_defaults(name: str) -> None:
    """The per-database part of ``clearinghouse/roles.sql``, which the owner may run itself."""
    with _connect(name) as database:
        database.execute(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
            " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO clearinghouse_app"
        )
        database.execute(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
            " GRANT USAGE, SELECT ON SEQUENCES TO clearinghouse_app"
        )


def _migrate(name: str) -> None:
    default = connections["default"]
    before = dict(default.settings_dict)
    default.close()
    default.settings_dict.update(_owner_settings() | {"NAME": name})
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict.update(before)


def _drop(server: psycopg.Connection, name: str) -> None:
    """Drop it, once the sessions of threads have ended: only their own role may end them."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    deadline = time.monotonic() + _SESSIONS_END_S
    while True:
        try:
            server.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _clone(template: str, name: str) -> None:
    with _connect("postgres") as server:
        _drop(server, name)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


@pytest.fixture(scope="session")
def django_db_setup(worker_id, django_db_blocker):
    """One clone per worker, reached as the application's role."""
    name = f"test_{os.getpid()}_{worker_id}"
    with django_db_blocker.unblock():
        template = _ensure_template()
        _clone(template, name)
        default = connections["default"]
        default.close()
        default.settings_dict["NAME"] = name
        settings.DATABASES["default"]["NAME"] = name
    TransactionTestCase._fixture_teardown = lambda self: _reset(template, name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        with _connect("postgres") as server:
            _drop(server, name)


def _reset(template: str, name: str) -> None:
    connections.close_all()
    _clone(template, name)


@pytest.fixture(scope="session")
def worker_id(request) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture
def owner_connection(transactional_db):
    """A connection as the tables' owner: what even the owner may not do, nobody may."""
    with _connect(connections["default"].settings_dict["NAME"]) as connection:
        yield connection
