"""Advisory locks, seen from a second session."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from clearinghouse.locks import Lock, NotInTransaction, take, try_take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other():
    """A second session of the application."""
    copy = connection.copy()
    yield copy
    copy.close()


@contextmanager
def transaction_of(session):
    """``transaction.atomic`` for a session that has no alias; rolled back at the end."""
    session.set_autocommit(False)
    session.in_atomic_block = True
    try:
        yield
    finally:
        session.in_atomic_block = False
        session.rollback()
        session.set_autocommit(True)


class TestTake:
    def test_keeps_others_out_until_the_transaction_ends(self, other):
        with transaction.atomic():
            take(connection, Lock.SEALING, "LIVE")

            with transaction_of(other):
                assert not try_take(other, Lock.SEALING, "LIVE")

        with transaction_of(other):
            assert try_take(other, Lock.SEALING, "LIVE")

    def test_narrows_to_its_parts(self, other):
        with transaction.atomic(), transaction_of(other):
            take(connection, Lock.SEALING, "LIVE")

            assert try_take(other, Lock.SEALING, "TEST")
            assert try_take(other, Lock.CONSERVATION, "LIVE")
            assert not try_take(other, Lock.SEALING, "LIVE")

    def test_tells_parts_apart_where_they_meet(self, other):
        with transaction.atomic(), transaction_of(other):
            take(connection, Lock.PARTITIONS, "ab", "c")

            assert try_take(other, Lock.PARTITIONS, "a", "bc")

    def test_refuses_to_protect_nothing(self):
        with pytest.raises(NotInTransaction, match="atomic"):
            take(connection, Lock.SEALING)
