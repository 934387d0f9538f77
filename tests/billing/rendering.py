"""Every statement that has no PDF gets one, as the clock's task does it at another time."""

from datetime import datetime

from billing.services import statements


def render_missing(*, now: datetime) -> int:
    """How many now have one."""
    return sum(statements.is_rendered(document, now=now) for document in statements.missing())
