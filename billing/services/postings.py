"""What a settlement posts: services of each pair, their VAT, fees, adjustments (finance.md 4.3)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import connection

from billing.models import FeeLine, ManualAdjustment, Settlement, TaxedSupply, Transfer
from billing.rules.vat.amounts import vat_on
from billing.services import exchange
from billing.services.ledger import Entry, Side, claims_account, post
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7s_at
from partners.models import SettlementGroup
from partners.queries import clearing_house

_SQL = Path(__file__).resolve().parent.parent / "sql"
Kind = Transfer.Kind


def post_settlement(settlement: Settlement, *, now: datetime) -> None:
    """Post a settlement once; a second posting fails by its event keys."""
    windows = {settlement.window} | {
        block.window for block in settlement.resolved_blocks.select_related("window")
    }
    for window in sorted(windows, key=lambda one: one.supply_starts_at):
        _post_pairs(settlement, window.pk, now=now)
    post(
        [
            *_vat(settlement),
            *_self_assessed(settlement),
            *_fees(settlement),
            *_adjustments(settlement),
            *exchange.entries(settlement),
        ],
        now=now,
    )


def _post_pairs(settlement: Settlement, window_id, *, now: datetime) -> None:
    is_ccp = settlement.window.group.model == SettlementGroup.Model.CCP
    key = {"window_id": window_id, "house_id": clearing_house().pk, "is_ccp": is_ccp}
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "window_pairs_count.sql"), key)
        pairs, partners = cursor.fetchone()
        if not pairs:
            return
        accounts = uuid7s_at(now, partners * 2 + 3)
        cursor.execute(load_statement(_SQL / "open_accounts.sql"), {**key, "ids": accounts})
        transfers = uuid7s_at(now, pairs * (3 if is_ccp else 2))
        cursor.execute(
            load_statement(_SQL / "post_transfers.sql"),
            {**key, "settlement_id": settlement.pk, "ids": transfers, "posted_at": now},
        )


def _vat(settlement: Settlement) -> Iterator[Entry]:
    """The VAT legs, once per taxed sum. INCL_TAX: the pair's transfer holds it."""
    house = clearing_house().pk
    supplies = TaxedSupply.objects.filter(settlement=settlement).order_by("pk")
    for supply in supplies.exclude(vat_minor=0):
        place = supply.place_country_code
        claim = Side(claims_account(settlement.window.group), supply.customer_id)
        if supply.supplier_id == house:
            kind = Kind.FEE_VAT if supply.is_service else Kind.OUTPUT_VAT
            is_inside = supply.price_basis == "INCL_TAX"
            debit = Side("4000", house) if is_inside else claim
            yield _entry(settlement, supply, kind, debit, Side("2776", house, place))
        elif supply.customer_id == house:
            is_inside = supply.price_basis == "INCL_TAX"
            credit = Side("5000", house) if is_inside else Side("2100", supply.supplier_id)
            yield _entry(settlement, supply, Kind.INPUT_VAT, Side("1576", house, place), credit)
        elif supply.price_basis != "INCL_TAX":
            yield _entry(settlement, supply, Kind.VAT, claim, Side("1300", supply.supplier_id))


def _self_assessed(settlement: Settlement) -> Iterator[Entry]:
    """CCP: of what is shifted to the house it owes the tax and deducts it (finance.md 4.3, AE).

    The rate was decided and frozen with the supply. Twin: transfers_not_readded.sql.
    """
    house = clearing_house().pk
    supplies = TaxedSupply.objects.filter(settlement=settlement, customer=house, category="AE")
    for supply in supplies.order_by("pk"):
        place = supply.place_country_code
        tax = vat_on(supply.net_minor, rate=supply.self_assessed_rate)
        debit, credit = Side("1576", house, place), Side("2776", house, place)
        yield replace(
            _entry(settlement, supply, Kind.SELF_ASSESSED, debit, credit), amount_minor=tax
        )


def _entry(
    settlement: Settlement, supply: TaxedSupply, kind: str, debit: Side, credit: Side
) -> Entry:
    return Entry(
        event_key=f"supply:{supply.pk}",
        kind=kind,
        debit=debit,
        credit=credit,
        amount_minor=supply.vat_minor,
        currency=settlement.currency,
        environment=settlement.environment,
        window_id=supply.window_id,
        sdrs=supply.sdrs,
    )


def _fees(settlement: Settlement) -> Iterator[Entry]:
    """Fee lines of those whose service or supply is not blocked."""
    of = set(settlement.supplies.values_list("window", flat=True))
    names = ("window", "supplier", "customer", "is_service")
    taxed = set(settlement.supplies.values_list(*names))
    house = clearing_house().pk
    lines = FeeLine.objects.filter(
        settlement__window__in=of, settlement__state__in=["CALCULATED", "ISSUED"]
    ).select_related("settlement")
    for line in lines.order_by("pk"):
        window_id = line.settlement.window_id
        if line.payee_id is not None:
            yield from _reductions(settlement, line, taxed)
        elif (window_id, house, line.payer_id, True) in taxed:
            own = claims_account(settlement.window.group)
            yield _fee(settlement, line, Side(own, line.payer_id), Side("4100", house))


def _reductions(settlement: Settlement, line: FeeLine, taxed: set[tuple]) -> Iterator[Entry]:
    """What reduces the seller's price goes to the buyer, with the supply that it reduces.

    Under CCP the house buys cheaper and sells cheaper, each with its own supply.
    """
    house, window_id, payee = clearing_house().pk, line.settlement.window_id, line.payee_id
    own = claims_account(settlement.window.group)
    payer_side, payee_side = Side(own, line.payer_id), Side(own, payee)
    if settlement.window.group.model != SettlementGroup.Model.CCP:
        if (window_id, line.payer_id, payee, False) in taxed:
            yield _fee(settlement, line, payer_side, payee_side)
        return
    if (window_id, line.payer_id, house, False) in taxed:
        yield _fee(settlement, line, payer_side, Side("5000", house))
    if (window_id, house, payee, False) in taxed:
        entry = _fee(settlement, line, Side("4000", house), payee_side)
        yield replace(entry, event_key=f"{entry.event_key}:sold")


def _fee(settlement: Settlement, line: FeeLine, debit: Side, credit: Side) -> Entry:
    return Entry(
        event_key=f"fee:{line.pk}",
        kind=Kind.FEE,
        debit=debit,
        credit=credit,
        amount_minor=line.amount_minor,
        currency=settlement.currency,
        environment=settlement.environment,
        window_id=line.settlement.window_id,
        sdrs=line.sdrs_after - line.sdrs_before,
    )


def _adjustments(settlement: Settlement) -> Iterator[Entry]:
    own = claims_account(settlement.window.group)
    posted = ManualAdjustment.objects.filter(
        window=settlement.window, state=ManualAdjustment.State.POSTED
    )
    for adjustment in posted.order_by("pk"):
        yield Entry(
            event_key=f"adjustment:{adjustment.pk}",
            kind=Kind.ADJUSTMENT,
            debit=Side(adjustment.counter_account, clearing_house().pk),
            credit=Side(own, adjustment.partner_id),
            amount_minor=adjustment.amount_minor,
            currency=settlement.currency,
            environment=settlement.environment,
            window_id=settlement.window_id,
            reason=adjustment.reason,
        )
