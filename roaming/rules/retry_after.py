"""How long a partner asks us to wait: the header Retry-After (RFC 9110 §10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Who asks for more is asked again after an hour: it may have mended itself meanwhile.
LONGEST_S = 3600.0
# "Too many requests" and "for now I cannot": with any other status it is no plea for a pause.
ASKS_TO_WAIT = frozenset({429, 503})


def seconds_to_wait(status: int, retry_after: str, *, now: datetime) -> float:
    """Seconds from ``now``, at most an hour; 0 where no pause is asked for, or none is readable."""
    if status not in ASKS_TO_WAIT:
        return 0.0
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_S)
