"""At most so many calls to one endpoint at once in one process: a slow one cannot take them all."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class Full(Exception):
    """Enough threads of this process wait for that endpoint already."""


class Bulkhead:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work: Counter[UUID] = Counter()

    @contextmanager
    def place(self, endpoint_id: UUID, *, most: int) -> Iterator[None]:
        """Hold one of ``most`` places.

        :raises Full: at once; nobody waits for a place
        """
        with self._lock:
            if self._at_work[endpoint_id] >= most:
                raise Full(f"{most} calls to it are under way in this process")
            self._at_work[endpoint_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work[endpoint_id] -= 1
                if not self._at_work[endpoint_id]:
                    del self._at_work[endpoint_id]


bulkhead = Bulkhead()
