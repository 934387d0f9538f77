"""Tax what was supplied in a window, and what earlier windows had to leave blocked."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from billing.models import (
    ClearingWindow,
    FeeLine,
    Settlement,
    SupplyBlock,
    TaxedSupply,
    TaxRateUse,
)
from billing.rules.supplies import SERVICE, Blocked, Supplied, Taxed, TaxKey, tax_supplies
from billing.rules.vat.decide import decide
from billing.rules.vat.decision import VatDecision
from billing.rules.vat.facts import Kind, RateRow, Supply, TaxParty, TaxRules
from billing.services.tax_facts import rate_ids, tax_parties, tax_rules
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import SettlementGroup
from partners.queries import clearing_house

# Supplier, customer, and whether it is the house's service.
Pairs: TypeAlias = set[tuple[UUID, UUID, bool]]

_SQL = Path(__file__).resolve().parent.parent / "sql"


def tax_settlement(settlement: Settlement, *, now: datetime) -> None:
    """Write the taxed supplies and blocks of a settlement, its fees among them.

    Fees must have been written. Of earlier windows, every pair still blocked is asked again.
    """
    window = settlement.window
    used: dict[RateRow, date] = {}
    for source, only in [(window, None), *_open_blocks(settlement)]:
        rows = [r for r in _supplied(source, settlement) if only is None or _pair(r) in only]
        taxed, blocked = _decided(rows, window.group)
        _write_supplies(settlement, source, taxed, now=now)
        for row, day in (item for one in taxed for item in one.rates_used().items()):
            used[row] = max(day, used.get(row, day))
        if only is None:
            _write_blocks(settlement, source, blocked, now=now)
        else:
            _resolve(settlement, source, {_pair(one.key) for one in taxed})
    _write_uses(settlement, used, now=now)


def _pair(row: Supplied | TaxKey) -> tuple[UUID, UUID, bool]:
    return row.supplier, row.customer, row.is_service


def open_blocks(group: SettlementGroup):
    """Pairs whose supplies wait for facts: no settlement has resolved them yet."""
    return SupplyBlock.objects.filter(
        settlement__window__group=group,
        settlement__state=Settlement.State.ISSUED,
        settled_in__isnull=True,
    )


def _open_blocks(settlement: Settlement) -> list[tuple[ClearingWindow, Pairs]]:
    pairs: dict[ClearingWindow, Pairs] = {}
    for block in open_blocks(settlement.window.group).select_related("window__group"):
        pairs.setdefault(block.window, set()).add(
            (block.supplier_id, block.customer_id, block.is_service)
        )
    return sorted(pairs.items(), key=lambda item: item[0].supply_starts_at)


def _resolve(settlement: Settlement, window: ClearingWindow, pairs: Pairs) -> None:
    """What could be decided now is settled here; what is still blocked waits on in its block."""
    for block in open_blocks(window.group).filter(window=window):
        if (block.supplier_id, block.customer_id, block.is_service) in pairs:
            block.settled_in = settlement
            block.save(update_fields=["settled_in"])


def supplied_in(window: ClearingWindow) -> list[Supplied]:
    """The charging services of a window, as fine as VAT looks at them; one partner to another."""
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "supplies.sql"),
            {"window_id": window.pk, "time_zone": window.group.time_zone},
        )
        return [Supplied(*row) for row in cursor.fetchall()]


def _supplied(window: ClearingWindow, settlement: Settlement) -> list[Supplied]:
    """Charging services between partners, through the house under CCP; then the house's fees."""
    group, house = window.group, clearing_house().pk
    found = supplied_in(window)
    direct = _reduced(found, _fee_lines(window, settlement).filter(payee__isnull=False))
    services = _fees(window, settlement, house)
    if group.model != SettlementGroup.Model.CCP:
        return [*direct, *services]
    bought = [row._replace(customer=house) for row in direct]
    sold = [row._replace(supplier=house) for row in direct]
    return [*bought, *sold, *services]


def _fees(window: ClearingWindow, settlement: Settlement, house: UUID) -> list[Supplied]:
    """What each partner owes the house for its service in a window: fee lines and commission."""
    day = _last_day(window)
    lines = _fee_lines(window, settlement).filter(payee__isnull=True)
    owed: dict[UUID, int] = {}
    for payer, amount in [*lines.values_list("payer", "amount_minor"), *_commissions(window)]:
        owed[payer] = owed.get(payer, 0) + int(amount)
    return [
        Supplied(house, payer, day, SERVICE, "", "EXCL_TAX", 0, Decimal(0), amount)
        for payer, amount in sorted(owed.items())
    ]


def _fee_lines(window: ClearingWindow, settlement: Settlement) -> QuerySet[FeeLine]:
    of = settlement if window.pk == settlement.window_id else window.settlement
    return FeeLine.objects.filter(settlement=of)


def _reduced(rows: list[Supplied], reductions: Iterable[FeeLine]) -> list[Supplied]:
    """Take a price reduction off the largest supply of its pair."""
    rows = list(rows)
    for line in reductions:
        own = [i for i, row in enumerate(rows) if row[:2] == (line.payer_id, line.payee_id)]
        if own:
            largest = max(own, key=lambda i: rows[i].amount_minor)
            row = rows[largest]
            rows[largest] = row._replace(amount_minor=row.amount_minor - line.amount_minor)
    return rows


def _commissions(window: ClearingWindow) -> Iterable[tuple[UUID, int]]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "commissions.sql"), {"window_id": window.pk})
        return cursor.fetchall()


def _last_day(window: ClearingWindow) -> date:
    local = window.supply_ends_at.astimezone(ZoneInfo(window.group.time_zone))
    return (local - timedelta(microseconds=1)).date()


def _decided(rows: list[Supplied], group: SettlementGroup) -> tuple[list[Taxed], list[Blocked]]:
    if group.taxes == SettlementGroup.Taxes.NOT_APPLIED:
        return tax_supplies(rows, lambda row: None)
    parties = tax_parties({row.supplier for row in rows} | {row.customer for row in rows})
    judge = _Judge(parties, tax_rules(), house=clearing_house().pk)
    return tax_supplies(rows, judge)


class _Judge:
    """Decides each question once; a month asks the same ones over and over."""

    def __init__(self, parties: dict[UUID, TaxParty], rules: TaxRules, *, house: UUID):
        self._parties, self._rules, self._house = parties, rules, house
        self._known: dict[tuple, VatDecision] = {}

    def __call__(self, row: Supplied) -> VatDecision | None:
        if not row.amount_minor:
            return None
        question = row[:5]
        if question not in self._known:
            supply = Supply(
                kind=cast(Kind, row.kind),
                tax_date=row.tax_date,
                charge_country=row.charge_country or None,
                is_to_the_house=row.customer == self._house,
            )
            self._known[question] = decide(
                supply,
                supplier=self._parties[row.supplier],
                customer=self._parties[row.customer],
                rules=self._rules,
            )
        return self._known[question]


def _write_supplies(
    settlement: Settlement, window: ClearingWindow, taxed: list[Taxed], *, now: datetime
) -> None:
    TaxedSupply.objects.bulk_create(
        TaxedSupply(
            id=uuid7_at(now),
            settlement=settlement,
            window=window,
            supplier_id=one.key.supplier,
            customer_id=one.key.customer,
            place_country_code=one.key.place,
            category=one.key.category,
            rate=one.key.rate,
            price_basis=one.key.price_basis,
            is_service=one.key.is_service,
            is_credit=one.key.is_credit,
            sdrs=one.sdrs,
            net_minor=one.net_minor,
            vat_minor=one.vat_minor,
            ground=one.key.ground,
            self_assessed_rate=one.key.self_assessed_rate,
            exemption_code=one.exemption_code,
            lines=one.told_lines(),
            evidence=one.told_evidence(),
        )
        for one in taxed
    )


def _write_blocks(
    settlement: Settlement, window: ClearingWindow, blocked: list[Blocked], *, now: datetime
) -> None:
    SupplyBlock.objects.bulk_create(
        SupplyBlock(
            id=uuid7_at(now),
            settlement=settlement,
            window=window,
            supplier_id=one.supplier,
            customer_id=one.customer,
            is_service=one.is_service,
            amount_minor=one.amount_minor,
            sdrs=one.sdrs,
            reasons=one.reasons,
        )
        for one in blocked
    )


def _write_uses(settlement: Settlement, used: dict[RateRow, date], *, now: datetime) -> None:
    """Note which rows of rates a settlement used: from now on they are kept as they are."""
    ids = rate_ids() if used else {}
    TaxRateUse.objects.bulk_create(
        TaxRateUse(
            id=uuid7_at(now),
            settlement=settlement,
            tax_rate_id=ids[row.country, row.kind, row.from_date],
            rate=row.rate,
            last_tax_date=day,
        )
        for row, day in used.items()
    )
