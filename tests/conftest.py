"""Fixtures of every test: a database of its own per worker, and a corner of Valkey."""

import contextlib
import os

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import TransactionTestCase

from clearinghouse.celery import app as celery_app
from tests.database_clones import TestDatabase, connect_as_owner

# Names of the constraints that collected tests break, whichever of them are chosen to run.
VIOLATED = pytest.StashKey[set[str]]()


def pytest_configure(config):
    """Keep cached keys and queued jobs of this process apart from others', and from ``make run``'s.

    A worker that runs beside the tests must not take their jobs.
    """
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    corner = f"test-{os.getpid()}-{worker}"
    settings.CACHES["default"]["KEY_PREFIX"] = corner
    settings.CELERY_TASK_DEFAULT_QUEUE = celery_app.conf.task_default_queue = corner
    # A password or secret takes a third of a second to hash on purpose; no test is about that.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Before ``-k`` and ``-m`` take items away, so that the census needs no whole run."""
    config.stash[VIOLATED] = {
        mark.args[0] for item in items for mark in item.iter_markers("violates")
    }


@pytest.fixture(scope="session")
def django_db_setup(worker_id, django_db_blocker):
    """One clone per worker, reached as the application's role."""
    database = TestDatabase(worker_id)
    with django_db_blocker.unblock():
        database.open()
    connections["default"].settings_dict["NAME"] = database.name
    settings.DATABASES["default"]["NAME"] = database.name
    TransactionTestCase._fixture_teardown = lambda self: database.reset()
    yield
    with django_db_blocker.unblock():
        database.close()


def pytest_unconfigure():
    """Leave no jobs behind that nobody will take."""
    with (
        celery_app.connection_for_write() as connection,
        contextlib.suppress(*connection.recoverable_connection_errors),
        connection.channel() as channel,
    ):
        channel.queue_delete(celery_app.conf.task_default_queue)


@pytest.fixture(scope="class")
def kept_for_class(django_db_setup, django_db_blocker):
    """What is written behind it stays for the tests of a class, each in a savepoint of its own.

    For worlds that are dear to make and that no test commits to; rows that a test changes are
    handed to it as copies.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def kept_for_file(django_db_setup, django_db_blocker):
    """The same for all tests of a file, none of which commits."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def worker_id(request) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture
def owner_connection(transactional_db):
    """A connection as the tables' owner: what even the owner may not do, nobody may."""
    with connect_as_owner(connections["default"].settings_dict["NAME"]) as connection:
        yield connection
