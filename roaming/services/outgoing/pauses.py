"""Pauses that partners asked for: until one is over the module that asked is not called.

Of a module, not of a system: one that is flooded by locations may still say who may charge.
"""

import time
from collections.abc import Callable
from uuid import UUID

from django.core.cache import cache
from django.core.cache.backends.base import BaseCache

from roaming.services.outgoing.store import Store


class Pauses:
    """The pauses of all endpoints. ``clock`` is in seconds, the same in all processes."""

    def __init__(self, *, shared: BaseCache = cache, clock: Callable[[], float] = time.time):
        self._store, self._clock = Store(shared, clock), clock

    def begin(self, endpoint_id: UUID, module: str, seconds: float) -> None:
        """It asked for so much time; nothing where it asked for none."""
        if seconds > 0:
            until = self._clock() + seconds
            key = _key(endpoint_id, module)
            self._store.run(lambda store: store.set(key, until, int(seconds) + 1))

    def left_s(self, endpoint_id: UUID, module: str) -> float:
        """Seconds until it may be called again; 0: now."""
        until = self._store.run(lambda store: store.get(_key(endpoint_id, module)))
        return 0.0 if until is None else max(until - self._clock(), 0.0)


def _key(endpoint_id: UUID, module: str) -> str:
    return f"outgoing:{endpoint_id}:pause:{module or '-'}"


pauses = Pauses()
