"""Lists by pages: oldest first as received, so that nothing jumps from one page to another.

``date_from`` is inclusive, ``date_to`` exclusive, both on what the owner calls the last update.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from roaming.protocols.ocpi.faults import INVALID, Answer, Fault
from roaming.protocols.ocpi.http import Call

CAP = 100


def page_of(
    call: Call,
    rows: QuerySet[Any],
    *,
    render: Callable[[list[Any]], Iterable[Any]],
    cap: int = CAP,
    by: str = "updated_at",
    order: str = "id",
) -> Answer:
    """One page of ``rows`` that the caller may see; ``render`` makes trees of a list of rows.

    ``by``: the column that date_from and date_to are about; "" where ``rows`` obey them already.

    :raises Fault: 2001, a parameter cannot be read
    """
    since, until = period_of(call) if by else (None, None)
    if since is not None:
        rows = rows.filter(**{f"{by}__gte": since})
    if until is not None:
        rows = rows.filter(**{f"{by}__lt": until})
    offset = _count(call, "offset", default=0)
    limit = min(_count(call, "limit", default=cap, least=1), cap)
    total = rows.count()
    page = list(rows.order_by(order)[offset : offset + limit])
    headers = {"X-Total-Count": str(total), "X-Limit": str(cap)}
    if offset + len(page) < total and page:
        headers["Link"] = f'<{_following(call, offset=offset + limit, limit=limit)}>; rel="next"'
    return Answer(list(render(page)), headers=headers)


def period_of(call: Call) -> tuple[datetime | None, datetime | None]:
    return _instant(call, "date_from"), _instant(call, "date_to")


def _instant(call: Call, name: str) -> datetime | None:
    """Without an offset it is UTC, as OCPI says."""
    text = call.request.GET.get(name, "").strip()
    if not text:
        return None
    try:
        # "+" of an offset that nobody quoted arrives as a blank.
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Fault(INVALID, f"{name} is no time: 2026-01-31T12:00:00Z") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _count(call: Call, name: str, *, default: int, least: int = 0) -> int:
    text = call.request.GET.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise Fault(INVALID, f"{name} must be a whole number from {least} on.")
    return int(text)


def _following(call: Call, *, offset: int, limit: int) -> str:
    query = call.request.GET.copy()
    query["offset"], query["limit"] = str(offset), str(limit)
    return call.request.build_absolute_uri(f"{call.request.path}?{query.urlencode()}")
