"""How the bytes of each door become a record again: a protocol's door brings its own reader.

Revalidation reads what was kept; it must not know any protocol. Adapters register at start.
"""

from collections.abc import Callable

from roaming.intake.csv_file import read_row
from roaming.intake.profile import UnusableProfile, load_profile
from roaming.intake.structure import Submission, read_element

# The bytes as kept, and the profile that the batch says they came by.
Read = Callable[[bytes, str], Submission | None]

_readers: dict[str, Read] = {}


def register(door: str, read: Read) -> None:
    """Called once per adapter, by the app's ``ready``."""
    _readers[door] = read


def reader_of(*, door: str, profile: str) -> Callable[[bytes], Submission | None] | None:
    """How a batch's bytes are read again: JSON as JSON, a row by its profile; None: it is gone."""
    of_door = _readers.get(door)
    if of_door is not None:
        return lambda raw: of_door(raw, profile)
    if not profile:
        return read_element
    try:
        columns = load_profile(profile)
    except (UnusableProfile, OSError):
        return None
    return lambda raw: read_row(raw, columns)


def read_kept(raw: bytes, *, door: str, profile: str) -> Submission | None:
    """One record's bytes as a record again; None: they cannot be read any more."""
    read = reader_of(door=door, profile=profile)
    return read(raw) if read else None
