"""What a dry run of ``close_window`` tells of records that are not accepted yet."""

from uuid import UUID

from rich.table import Table

from billing.rules.waiting import Deemed, HeldSum, held_by_code, held_by_pair
from billing.services.waiting import Waiting
from clearinghouse.money import format_amount


def as_json(waiting: Waiting | None) -> dict[str, object]:
    """``holds`` by code and by pair, largest amount first, and ``deemed``, soonest first."""
    held = waiting.holds if waiting else []
    return {
        "holds": {
            "by_code": [
                {"code": code or None, **_sum(one)} for code, one in held_by_code(held).items()
            ],
            "by_pair": [
                {"cso_id": _code(waiting, cso), "csp_id": _code(waiting, csp), **_sum(one)}
                for (cso, csp), one in held_by_pair(held).items()
            ],
        },
        "deemed": [
            {
                "cso_id": _code(waiting, row.seller),
                "csp_id": _code(waiting, row.buyer),
                "is_in_time": row.is_in_time,
                "sdrs": row.sdrs,
                "gross_minor": row.claim_minor,
                "first_at": row.first_at.isoformat(),
                "last_at": row.last_at.isoformat(),
            }
            for row in _soonest_first(waiting)
        ],
    }


def as_tables(waiting: Waiting, *, currency: str) -> list[Table]:
    """For people: a table of each kind that has rows."""
    tables = []
    if waiting.holds:
        holds = _table(f"Held, {currency}", "reason", "SDRs", "claim", "oldest since")
        for code, one in held_by_code(waiting.holds).items():
            figures = (f"{one.sdrs:,}", format_amount(one.claim_minor, currency))
            holds.add_row(code or "no code", *figures, f"{one.oldest_held_at:%Y-%m-%d %H:%M}Z")
        tables.append(holds)
        pairs = _table(f"Held by pair, {currency}", "pair", "SDRs", "claim", "oldest since")
        for (cso, csp), one in held_by_pair(waiting.holds).items():
            pair = f"{_code(waiting, cso)} → {_code(waiting, csp) or 'unknown'}"
            figures = (f"{one.sdrs:,}", format_amount(one.claim_minor, currency))
            pairs.add_row(pair, *figures, f"{one.oldest_held_at:%Y-%m-%d %H:%M}Z")
        tables.append(pairs)
    if waiting.deemed:
        title = f"About to be deemed accepted, {currency}"
        deemed = _table(title, "pair", "SDRs", "claim", "first", "last", "goes into")
        for row in _soonest_first(waiting):
            deemed.add_row(
                f"{_code(waiting, row.seller)} → {_code(waiting, row.buyer)}",
                f"{row.sdrs:,}",
                format_amount(row.claim_minor, currency),
                f"{row.first_at:%Y-%m-%d %H:%M}Z",
                f"{row.last_at:%Y-%m-%d %H:%M}Z",
                "this window" if row.is_in_time else "the next",
            )
        tables.append(deemed)
    return tables


def _table(title: str, *headers: str) -> Table:
    table = Table(*headers, title=title)
    for column in table.columns[1:3]:
        column.justify = "right"
    return table


def _sum(one: HeldSum) -> dict[str, object]:
    return {
        "sdrs": one.sdrs,
        "gross_minor": one.claim_minor,
        "oldest_held_at": one.oldest_held_at.isoformat(),
    }


def _soonest_first(waiting: Waiting | None) -> list[Deemed]:
    rows = waiting.deemed if waiting else []
    return sorted(rows, key=lambda row: (row.first_at, str(row.seller), str(row.buyer)))


def _code(waiting: Waiting | None, party_id: UUID | None) -> str | None:
    return waiting.parties[party_id].code if waiting and party_id else None
