"""What a window still waits for: read before it closes, changed by nobody here."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from billing.models import ClearingWindow
from billing.rules.waiting import Deemed, Held
from clearinghouse.money import minor_unit_digits
from clearinghouse.statements import load_statement
from partners.models import Party

_SQL = Path(__file__).resolve().parent.parent / "sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Records with a service end in [from_at, until_at); without ``from_at``, late ones too.

    ``parties``: the sides that the rows name.
    """

    from_at: datetime | None
    until_at: datetime
    holds: list[Held]
    deemed: list[Deemed]
    parties: dict[UUID, Party]


def waiting_of(window: ClearingWindow) -> Waiting:
    """What would go into ``window`` if it were let go, or nobody spoke, before it closes."""
    group = window.group
    period = {"from_at": _from_at(window), "until_at": window.supply_ends_at}
    parameters = {
        **period,
        "group_id": group.pk,
        "environment": group.environment,
        "currency": group.currency,
        "digits": minor_unit_digits(group.currency),
    }
    held = _rows("window_holds.sql", parameters)
    holds = [Held(seller, buyer, tuple(codes), *more) for seller, buyer, codes, *more in held]
    deemed = [
        Deemed(*row)
        for row in _rows("window_deemed.sql", {**parameters, "closes_at": window.closes_at})
    ]
    sides = {side for row in holds for side in (row.seller, row.buyer) if side}
    sides |= {side for one in deemed for side in (one.seller, one.buyer)}
    parties = Party.objects.in_bulk(sides)
    return Waiting(
        from_at=period["from_at"],
        until_at=window.supply_ends_at,
        holds=holds,
        deemed=deemed,
        parties=parties,
    )


def _from_at(window: ClearingWindow) -> datetime | None:
    """Late records go into the earliest open window: there is no start, if this is that one."""
    earlier = ClearingWindow.objects.filter(
        group=window.group,
        state=ClearingWindow.State.OPEN,
        supply_ends_at__lt=window.supply_ends_at,
    )
    return earlier.order_by("-supply_ends_at").values_list("supply_ends_at", flat=True).first()


def _rows(file_name: str, parameters: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / file_name), parameters)
        return cursor.fetchall()
