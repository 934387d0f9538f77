"""What a maker and a checker look at before a settlement is issued, in one spelling with a hash."""

import hashlib
import json
from typing import Any, NamedTuple

from django.db.models import Count, Manager, QuerySet, Sum

from billing.models import ClearingWindow, CurrencyExchange, Position, Settlement
from billing.queries import positions_of
from billing.services.exchange import Plan
from billing.services.supplies import open_blocks

_FIGURES = (
    "receivable_minor",
    "payable_minor",
    "vat_minor",
    "fees_minor",
    "fee_vat_minor",
    "adjustments_minor",
    "carried_minor",
    "exchanged_minor",
    "net_minor",
    "carried_on_minor",
    "exchanged_on_minor",
)


class _Pair(NamedTuple):
    """Sorted as people read it."""

    supplier: str
    customer: str
    supplier_id: str
    customer_id: str


def preview_of(
    settlement: Settlement, previous: Settlement | None, plan: Plan | None = None
) -> dict[str, Any]:
    """Positions, taxed supplies with the difference to the last settlement per pair, blocked pairs,
    instructions, fee lines, what is exchanged into another currency or why not, and what came from
    one. Plain JSON: ids as strings, money in minor units.
    """
    return {
        "window": str(settlement.window_id),
        "currency": settlement.currency,
        "carried_from": str(previous.pk) if previous else None,
        "records": _records(settlement.window),
        "positions": [_position(row) for row in positions_of(settlement)],
        "supplies": _supplies(settlement),
        "pairs": _pairs(settlement, previous),
        "blocked": _blocked(settlement),
        "instructions": [
            [str(row.payer_id), str(row.payee_id), row.amount_minor]
            for row in settlement.instructions.order_by("place")
        ],
        "fees": _fees(settlement),
        "exchanged": [_exchanged(row) for row in _in_order(settlement.exchanges)],
        "exchanged_from": [_exchanged(row) for row in _in_order(settlement.exchanges_taken)],
        "not_exchanged": _not_exchanged(settlement, plan),
    }


def sha256_of(preview: dict[str, Any]) -> str:
    """Hash a preview: JSON with sorted keys and no spaces, UTF-8."""
    spelled = json.dumps(preview, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def _records(window: ClearingWindow) -> dict[str, int]:
    sums = window.cleared.aggregate(sdrs=Count("pk"), claim_minor=Sum("claim_minor"))
    return {name: int(value or 0) for name, value in sums.items()}


def _position(row: Position) -> dict[str, Any]:
    figures = {name: getattr(row, name) for name in _FIGURES}
    return {"partner": str(row.partner_id), "name": row.partner.name, **figures}


def _supplies(settlement: Settlement) -> list[dict[str, Any]]:
    rows = settlement.supplies.select_related("supplier", "customer")
    return [
        {
            "window": str(row.window_id),
            "supplier": row.supplier.name,
            "supplier_id": str(row.supplier_id),
            "customer": row.customer.name,
            "customer_id": str(row.customer_id),
            "place": row.place_country_code,
            "category": row.category,
            "rate": str(row.rate),
            "is_service": row.is_service,
            "is_credit": row.is_credit,
            "sdrs": row.sdrs,
            "net_minor": row.net_minor,
            "vat_minor": row.vat_minor,
        }
        for row in rows.order_by(
            "supplier__name",
            "customer__name",
            "category",
            "rate",
            "place_country_code",
            "ground",
            "is_credit",
        )
    ]


def _pairs(settlement: Settlement, previous: Settlement | None) -> list[dict[str, Any]]:
    """Each pair's sum and how it differs from the last settlement's."""
    now, before = _sums(settlement), _sums(previous) if previous else {}
    return [
        {
            "supplier": pair.supplier,
            "supplier_id": pair.supplier_id,
            "customer": pair.customer,
            "customer_id": pair.customer_id,
            "amount_minor": now.get(pair, 0),
            "before_minor": before.get(pair, 0),
        }
        for pair in sorted({*now, *before})
    ]


def _sums(settlement: Settlement) -> dict[_Pair, int]:
    rows = settlement.supplies.filter(is_service=False).values_list(
        "supplier__name", "customer__name", "supplier", "customer"
    )
    return {
        _Pair(names[0], names[1], str(names[2]), str(names[3])): int(net + vat)
        for *names, net, vat in rows.annotate(net=Sum("net_minor"), vat=Sum("vat_minor"))
    }


def _fees(settlement: Settlement) -> list[dict[str, Any]]:
    rows = settlement.fee_lines.select_related("component", "payer", "payee")
    return [
        {
            "name": row.component.name,
            "component": str(row.component_id),
            "payer": row.payer.name,
            "payer_id": str(row.payer_id),
            "payee": row.payee.name if row.payee else None,
            "month": row.month.isoformat() if row.month else None,
            "amount_minor": row.amount_minor,
        }
        for row in rows.order_by("payer__name", "component__name", "month", "payee__name")
    ]


def _in_order(rows: Manager[CurrencyExchange]) -> QuerySet[CurrencyExchange]:
    related = rows.select_related("partner", "settlement__window__group", "to_group")
    return related.order_by("settlement", "partner__name", "partner")


def _exchanged(row: CurrencyExchange) -> dict[str, Any]:
    return {
        "settlement": str(row.settlement_id),
        "from_group": row.settlement.window.group.name,
        "partner": str(row.partner_id),
        "name": row.partner.name,
        "from_currency": row.from_currency,
        "from_minor": row.from_minor,
        "from_per_euro": str(row.from_per_euro),
        "to_group": row.to_group.name,
        "to_currency": row.to_currency,
        "to_per_euro": str(row.to_per_euro),
        "to_minor": row.to_minor,
        "residue_minor": row.residue_minor,
        "rate_date": row.rate_date.isoformat(),
    }


def _not_exchanged(settlement: Settlement, plan: Plan | None) -> dict[str, Any] | None:
    """Why what some have agreed to have settled in another currency is settled here."""
    if plan is None or settlement.exchanges.exists():
        return None
    due = [row for row in positions_of(settlement) if row.due_minor]
    others = [row for row in due if not row.partner.is_clearing_house]
    if not others:
        return None
    return {
        "currency": plan.currency,
        "why_not": plan.why_not,
        "not_agreed": [row.partner.name for row in others if row.partner_id not in plan.agreed],
    }


def _blocked(settlement: Settlement) -> list[dict[str, Any]]:
    group = settlement.window.group
    blocks = settlement.blocks.all() | open_blocks(group)
    rows = blocks.filter(settled_in__isnull=True).select_related("supplier", "customer")
    return [
        {
            "window": str(row.window_id),
            "supplier": row.supplier.name,
            "supplier_id": str(row.supplier_id),
            "customer": row.customer.name,
            "customer_id": str(row.customer_id),
            "is_service": row.is_service,
            "amount_minor": row.amount_minor,
            "sdrs": row.sdrs,
            "reasons": row.reasons,
        }
        for row in rows.distinct().order_by("supplier__name", "customer__name", "window")
    ]
