"""How the bytes of each door become a record again: a protocol's door brings its own reader.

Revalidation reads what was kept; it must not know any protocol. Adapters register at start.
"""

from collections.abc import Callable

from roaming.intake.structure import Submission

# The bytes as kept, and the profile that the batch says they came by.
Read = Callable[[bytes, str], Submission | None]

_readers: dict[str, Read] = {}


def register(door: str, read: Read) -> None:
    """Called once per adapter, by the app's ``ready``."""
    _readers[door] = read


def reader_of(door: str) -> Read | None:
    return _readers.get(door)
