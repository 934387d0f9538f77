"""Run a transaction again when the database asks for it: serialization failure or deadlock."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, transaction

Result = TypeVar("Result")
_ASKS_FOR_A_RETRY = {"40001", "40P01"}
_TRIES = 8


def in_transaction(
    work: Callable[[], Result], *, also_retry: type[Exception] | tuple[()] = ()
) -> Result:
    """Run ``work`` in one transaction, again from the start on 40001, 40P01 or ``also_retry``.

    ``work`` must read afresh what it decides by.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except also_retry:
            if attempt == _TRIES:
                raise
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in _ASKS_FOR_A_RETRY or attempt == _TRIES:
                raise
        time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 spreads retries, guards nothing
    raise AssertionError("unreachable")


class KeyTaken(Exception):
    """Another transaction was first to take or move what this one wants: read and judge again."""
