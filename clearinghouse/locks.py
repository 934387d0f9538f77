"""The registry of advisory locks. A key is never given to another purpose.

All are held to the end of the transaction; there are no session locks, which a pooled connection
would carry into the next request. Take them before row locks, in the order of their keys.
"""

import hashlib
from enum import IntEnum

from django.db.backends.base.base import BaseDatabaseWrapper


class Lock(IntEnum):
    """First half of a lock's key; the parts given to ``take`` make the second."""

    PARTITIONS = 1  # creating and detaching monthly partitions
    SEALING = 2  # chaining ledger seals; part: the environment
    CONSERVATION = 3  # proving that nothing was lost; part: the environment
    MATCHING = 4  # comparing both sides of sessions
    BATCH_SEQUENCE = 5  # numbering batches; parts: sender, environment
    MANIFESTS = 6  # writing the manifests of a day
    SUSPENSE = 7  # posting what is in dispute
    COVER = 8  # taking from what a partner paid in; parts: partner, account, currency, environment
    BANK = 9  # taking in and matching what the bank sent; part: the environment
    RESERVATIONS = 12  # numbering the reservations at a CSO; part: the CSO
    FIGURES = 13  # counting the figures of days
    QUESTIONS = 14  # answering a question of a CSO once; taken by a trigger of the database


class NotInTransaction(Exception):
    """The lock would be gone before it protects anything."""


def take(connection: BaseDatabaseWrapper, lock: Lock, *parts: object) -> None:
    """Wait for ``lock``, narrowed to ``parts``; released by commit or rollback.

    :raises NotInTransaction: there is no transaction that could hold it.
    """
    _ask(connection, "SELECT pg_advisory_xact_lock(%s, %s)", lock, parts)


def take_shared(connection: BaseDatabaseWrapper, lock: Lock, *parts: object) -> None:
    """Wait until nobody holds ``lock`` alone; others may share it meanwhile.

    :raises NotInTransaction: there is no transaction that could hold it.
    """
    _ask(connection, "SELECT pg_advisory_xact_lock_shared(%s, %s)", lock, parts)


def try_take(connection: BaseDatabaseWrapper, lock: Lock, *parts: object) -> bool:
    """Take ``lock`` if nobody holds it; ``False`` says that somebody else is at it.

    :raises NotInTransaction: there is no transaction that could hold it.
    """
    return bool(_ask(connection, "SELECT pg_try_advisory_xact_lock(%s, %s)", lock, parts))


def _ask(
    connection: BaseDatabaseWrapper, statement: str, lock: Lock, parts: tuple[object, ...]
) -> object:
    if not connection.in_atomic_block:
        raise NotInTransaction(f"take {lock.name} inside transaction.atomic()")
    with connection.cursor() as cursor:
        cursor.execute(statement, [int(lock), _second_half(parts)])
        return cursor.fetchone()[0]


def _second_half(parts: tuple[object, ...]) -> int:
    """A signed 32-bit number; two sets of parts may meet in one, which only costs waiting."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big", signed=True)
