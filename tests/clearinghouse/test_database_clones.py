"""The harness itself: what a committing test leaves is gone before the next one."""

import threading
import time

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.utils import ProgrammingError

from clearinghouse.celery import app as celery_app
from tests.database_clones import TestDatabase, connect_as_owner

COUNT = "SELECT count(*) FROM django_session"
# Evidence: no DELETE of a session that triggers watch takes it away again.
EVIDENCE = """
    INSERT INTO partners_auditevent (id, at, actor, on_behalf_of, action, object_type, object_id,
                                     reason, request_id)
    VALUES (gen_random_uuid(), now(), 'somebody', '', 'left', 'Party', '1', '', '')
"""


def write_session(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES (%s, '', now())", [key])


def count_sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT)
        return cursor.fetchone()[0]


class TestCommittingTest:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("turn", ["first", "second"])
    def test_finds_nothing_of_the_one_before(self, turn):
        assert count_sessions() == 0

        write_session(turn)

        assert count_sessions() == 1

    @pytest.mark.django_db(transaction=True)
    def test_may_leave_connections_of_threads_open(self):
        is_written = threading.Event()

        def write_and_hold_on():
            write_session("from a thread")
            is_written.set()
            time.sleep(20)  # over the end of the test: its database goes nevertheless

        threading.Thread(target=write_and_hold_on, daemon=True).start()

        assert is_written.wait(10)
        assert count_sessions() == 1

    @pytest.mark.django_db
    def test_runs_as_the_application_which_makes_no_tables(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("clearinghouse_app",)

            with pytest.raises(ProgrammingError, match="permission denied for schema"):
                cursor.execute("CREATE TABLE note (text text)")

    def test_has_a_queue_and_cache_keys_of_its_own(self):
        assert celery_app.conf.task_default_queue.startswith("test-")
        assert settings.CACHES["default"]["KEY_PREFIX"] == celery_app.conf.task_default_queue


@pytest.fixture
def other(django_db_setup, django_db_blocker):
    """A database beside this worker's, and how to reach it as its owner."""
    database = TestDatabase("other")
    with django_db_blocker.unblock():
        database.open()
        yield database
        database.close()


def oid_of(name: str) -> int:
    with connect_as_owner("postgres") as server:
        found = server.execute("SELECT oid FROM pg_database WHERE datname = %s", [name])
        return found.fetchone()[0]


class TestReset:
    def test_leaves_what_a_clone_would_have(self, other):
        """Rows, seeds and numbers are as they were, evidence too, in the same clone."""
        of_the_clone = oid_of(other.name)
        rows = "SELECT string_agg(c::text, ',' ORDER BY id) FROM django_content_type AS c"
        with connect_as_owner(other.name) as database:
            seeds = database.execute(rows).fetchone()
            database.execute("UPDATE django_content_type SET model = model || 'x'")
            database.execute(EVIDENCE)
            first = database.execute("SELECT nextval('auth_group_id_seq')").fetchone()

        other.reset()

        with connect_as_owner(other.name) as database:
            left = database.execute("SELECT count(*) FROM partners_auditevent").fetchone()
            assert left == (0,)
            assert database.execute(rows).fetchone() == seeds
            assert database.execute("SELECT nextval('auth_group_id_seq')").fetchone() == first
        assert oid_of(other.name) == of_the_clone

    def test_is_a_new_clone_where_the_schema_changed(self, other):
        of_the_clone = oid_of(other.name)
        with connect_as_owner(other.name) as database:
            database.execute("ALTER TABLE django_session ADD COLUMN note text")

        other.reset()

        with (
            connect_as_owner(other.name) as database,
            pytest.raises(psycopg.errors.UndefinedColumn),
        ):
            database.execute("SELECT note FROM django_session")
        assert oid_of(other.name) != of_the_clone


class TestTestDatabase:
    def test_sweeps_what_a_killed_run_left(self, django_db_setup, django_db_blocker):
        left = "test_0_killed"
        with connect_as_owner("postgres") as server:
            server.execute(f"DROP DATABASE IF EXISTS {left}")
            server.execute(f"CREATE DATABASE {left}")
            ours = connections["default"].settings_dict["NAME"]

            other = TestDatabase("other")
            with django_db_blocker.unblock():
                other.open()

            names = {row[0] for row in server.execute("SELECT datname FROM pg_database")}
            assert {ours, other.name, other.template} <= names
            assert left not in names
            with django_db_blocker.unblock():
                other.close()
            with pytest.raises(psycopg.OperationalError, match="does not exist"):
                connect_as_owner(other.name)
