"""The circuit breaker of each endpoint: who failed five times in a row is left alone for a while.

Its state lies in the cache, so all processes know at once. After the pause one call goes through as
a probe; its success closes the breaker, its failure opens it anew. Where the cache is away each
process keeps its own count until the cache is back.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.core.cache.backends.base import BaseCache

from roaming.services.outgoing.store import Store

FAILURES_IN_A_ROW = 5
PAUSE_S = 30.0
# A probe whose process was killed is over then.
PROBE_S = 60
# Failures further apart than this are no row.
ROW_S = 600


class State(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that may be made: whether it is the probe, and whether the last ones failed."""

    is_probe: bool
    after_failures: bool


class Breaker:
    """The breakers of all endpoints. ``clock`` is in seconds, the same in all processes."""

    def __init__(self, *, shared: BaseCache = cache, clock: Callable[[], float] = time.time):
        self._store, self._clock = Store(shared, clock), clock

    def admit(self, endpoint_id: UUID) -> Admission | None:
        """Let a call through, or None while the breaker is open."""
        key = _Keys(endpoint_id)
        failures, retry_at = self._read(key)
        if retry_at is None:
            return Admission(is_probe=False, after_failures=failures > 0)
        if self._clock() < retry_at:
            return None
        is_first = self._store.run(lambda store: store.add(key.probe, 1, PROBE_S))
        return Admission(is_probe=True, after_failures=True) if is_first else None

    def succeeded(self, endpoint_id: UUID, admission: Admission) -> None:
        """The row of failures is over; a probe closes the breaker."""
        if admission.after_failures:
            self.close(endpoint_id)

    def failed(self, endpoint_id: UUID, admission: Admission) -> None:
        """One more in a row; the fifth, or a failed probe, opens the breaker."""
        key, now = _Keys(endpoint_id), self._clock()

        def count(store: BaseCache) -> None:
            store.add(key.failures, 0, ROW_S)
            try:
                failures = store.incr(key.failures)
            except ValueError:  # it ran out between the two
                failures = 1
            if admission.is_probe or failures >= FAILURES_IN_A_ROW:
                store.set(key.retry_at, now + PAUSE_S, ROW_S)
            if admission.is_probe:
                store.delete(key.probe)

        self._store.run(count)

    def abandoned(self, endpoint_id: UUID, admission: Admission) -> None:
        """The call was not made after all: somebody else may probe."""
        if admission.is_probe:
            self._store.run(lambda store: store.delete(_Keys(endpoint_id).probe))

    def close(self, endpoint_id: UUID) -> None:
        """Forget all failures, as staff may after a repair."""
        key = _Keys(endpoint_id)
        names = [key.failures, key.retry_at, key.probe]
        self._store.run(lambda store: store.delete_many(names))

    def state(self, endpoint_id: UUID) -> State:
        """For people: what a call would meet now."""
        _, retry_at = self._read(_Keys(endpoint_id))
        if retry_at is None:
            return State.CLOSED
        return State.OPEN if self._clock() < retry_at else State.HALF_OPEN

    def _read(self, key: "_Keys") -> tuple[int, float | None]:
        names = [key.failures, key.retry_at]
        found: dict[str, Any] = self._store.run(lambda store: store.get_many(names))
        return found.get(key.failures, 0), found.get(key.retry_at)


class _Keys:
    """The three things known of an endpoint."""

    def __init__(self, endpoint_id: UUID):
        stem = f"outgoing:{endpoint_id}"
        self.failures, self.retry_at = f"{stem}:failures", f"{stem}:retry_at"
        self.probe = f"{stem}:probe"


breaker = Breaker()
