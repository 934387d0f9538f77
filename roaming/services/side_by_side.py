"""Work for several partners at once, in a bounded pool of threads: one that hangs delays nobody."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

THREADS = 8
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def side_by_side(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """``work`` on each item in threads of its own, each of which closes its connections.

    What one of them raises is raised here after all are done.
    """
    if not items:
        return []

    def closing(item: _Item) -> _Result:
        try:
            return work(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(min(THREADS, len(items)), thread_name_prefix="partner") as pool:
        return list(pool.map(closing, items))
