"""What processes tell each other of partners' systems: in the cache, else each for itself."""

from collections.abc import Callable
from typing import TypeVar

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import RedisError

_AWAY_S = 5.0
_T = TypeVar("_T")


class Store:
    """The cache while it answers; for five seconds after it did not, this process's own one."""

    def __init__(self, shared: BaseCache, clock: Callable[[], float]):
        self._shared, self._clock = shared, clock
        self._local = LocMemCache(f"outgoing-{id(self)}", {})
        self._away_until = 0.0

    def run(self, work: Callable[[BaseCache], _T]) -> _T:
        if self._clock() >= self._away_until:
            try:
                return work(self._shared)
            except (RedisError, OSError):
                self._away_until = self._clock() + _AWAY_S
        return work(self._local)
