"""Times of OCPI: UTC, with Z or nothing behind, at most 25 characters. Read leniently."""

import re
from datetime import UTC, datetime

# What CSOs send, by bilateral agreement, for a start or end that nobody knows (OCPI, CDRs module).
NOT_KNOWN = "1970-1-1T00:00:00Z"
LONGEST = 25

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z?", re.ASCII)


def instant(text: str) -> datetime | None:
    """The aware instant that a DateTime tells; None where it tells none.

    No designator means UTC, as OCPI says; an offset is honoured though OCPI knows none.
    ``NOT_KNOWN`` is no instant.
    """
    if "T" not in text[:11].upper():
        return None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_by_the_letter(text: str) -> bool:
    """Is it written as OCPI asks? Then it is passed on, else read only."""
    return len(text) <= LONGEST and _UTC.fullmatch(text) is not None


def written(at: datetime) -> str:
    """An aware instant as we write it: whole seconds, or three digits of a second, and Z."""
    utc = at.astimezone(UTC)
    fraction = f".{utc.microsecond // 1000:03d}" if utc.microsecond >= 1000 else ""
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"
