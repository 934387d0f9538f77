"""Questions about money: what a window holds, who did what with whom, what a settlement says."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from billing.models import ClearedSdr, ClearingWindow, Position, Settlement
from clearinghouse.statements import load_statement

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class WindowTotals:
    """All records of a window together; money in minor units of the window's currency."""

    sdrs: int
    billed_sdrs: int
    energy_kwh: Decimal
    claim_minor: int
    payout_minor: int
    commission_minor: int


@dataclass(frozen=True, slots=True)
class PairRow:
    """All records of one seller and one buyer in a window.

    ``energy_kwh`` is over the billed records, ``energy_kwh_all`` over all. Ids are party codes.
    """

    cso: str
    cso_id: str
    csp: str
    csp_id: str
    sdrs: int
    billed_sdrs: int
    energy_kwh: Decimal
    energy_kwh_all: Decimal
    claim_minor: int
    payout_minor: int


def window_totals(window: ClearingWindow) -> WindowTotals:
    """Add up a window, open or closed; ``energy_kwh`` over the billed records."""
    billed = Q(is_billed=True)
    sums = ClearedSdr.objects.filter(window=window).aggregate(
        sdrs=Count("pk"),
        billed_sdrs=Count("pk", filter=billed),
        energy_kwh=Sum("energy_kwh", filter=billed),
        claim_minor=Sum("claim_minor"),
        payout_minor=Sum("payout_minor"),
        commission_minor=Sum("commission_minor"),
    )
    energy_kwh = sums.pop("energy_kwh") or Decimal(0)
    return WindowTotals(
        energy_kwh=energy_kwh, **{name: int(total or 0) for name, total in sums.items()}
    )


def pair_rows(window: ClearingWindow) -> list[PairRow]:
    """One row per seller and buyer of a window, by their codes."""
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "window_pairs.sql"), {"window_id": window.pk})
        return [PairRow(*row) for row in cursor.fetchall()]


def positions_of(settlement: Settlement) -> list[Position]:
    """The partners' positions by name, the clearing house's last."""
    return list(
        settlement.positions.select_related("partner").order_by(
            "partner__is_clearing_house", "partner__name"
        )
    )


def cleared_rows(window: ClearingWindow) -> QuerySet[ClearedSdr]:
    """The records of a window in the order of their ids: page by ``id__gt``, never by number."""
    return ClearedSdr.objects.filter(window=window).order_by("id")
