"""Who still needs the servers: a shared file lock per process, which dies with the process.

``flock`` belongs to the open file: forked children share it and keep it alive after their parent,
a killed process lets go without a word.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from clearinghouse.embedded.home import Home


class Keeper:
    """This process's hold on the servers of one home."""

    def __init__(self, home: Home):
        self._starting = home.folder / "starting.lock"
        self._users = home.folder / "users.lock"
        self._held: int | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Start or stop servers while no other process does."""
        descriptor = os.open(self._starting, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def hold(self) -> None:
        """Need the servers until the end of this process and its forks."""
        if self._held is not None:
            return
        self._held = os.open(self._users, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Let go, and say whether nobody else holds on."""
        if self._held is not None:
            # Closed, not unlocked: an unlock would let go for forked children too.
            os.close(self._held)
            self._held = None
        descriptor = os.open(self._users, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True
