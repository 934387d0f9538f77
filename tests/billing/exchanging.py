"""A settlement in another currency whose positions another settlement takes in."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from billing.models import ClearingWindow, CurrencyExchange, Position, Settlement
from partners.models import Partner, SettlementGroup
from tests.makers import LONG_AGO, NOON, GroupMaker


def a_settlement_in(
    currency: str, state: str = "CALCULATED", group: SettlementGroup | None = None
) -> Settlement:
    group = group or GroupMaker(name=f"{currency} monthly", currency=currency)
    window = ClearingWindow.objects.create(
        group=group,
        environment=group.environment,
        supply_starts_at=NOON - timedelta(days=900),
        supply_ends_at=NOON - timedelta(days=870),
        closes_at=NOON,
        opened_at=LONG_AGO,
        state="CLOSED",
        closed_at=NOON,
    )
    return Settlement.objects.create(
        window=window,
        environment=window.environment,
        currency=currency,
        state=state,
        issued_at=NOON if state == "ISSUED" else None,
        positions_sha256="0" * 64,
        calculated_at=NOON,
    )


def exchange_into(
    taking: Settlement | None,
    amounts: Mapping[Partner, int],
    *,
    residue_of: Partner | None = None,
    currency: str = "SEK",
    state: str = "CALCULATED",
    **changes,
) -> Settlement:
    """One unit for one; a unit of that of ``residue_of`` is the residue. ``None``: it waits."""
    source = a_settlement_in(currency, state)
    for partner, minor in amounts.items():
        a_position(source, partner, minor)
        residue = (1 if minor > 0 else -1) if partner == residue_of else 0
        an_exchange(
            source,
            partner,
            minor,
            taking,
            to_minor=minor - residue,
            residue_minor=residue,
            **changes,
        )
    return source


def a_position(settlement: Settlement, partner: Partner, minor: int, **changes) -> Position:
    figures = {"receivable_minor": minor, "payable_minor": 0, "fees_minor": 0, "net_minor": minor}
    return settlement.positions.create(
        partner=partner, **figures | {"exchanged_on_minor": minor} | changes
    )


def an_exchange(
    source: Settlement, partner: Partner, minor: int, taking: Settlement | None, **changes
) -> CurrencyExchange:
    fields = {
        "from_currency": source.currency,
        "from_minor": minor,
        "from_per_euro": Decimal(1),
        "to_currency": "EUR",
        "to_per_euro": Decimal(1),
        "to_minor": minor,
        "rate_date": NOON.date(),
        "taken_in": taking,
        "to_group": taking.window.group if taking else source.window.group,
    }
    return CurrencyExchange.objects.create(settlement=source, partner=partner, **fields | changes)
