"""A closed window made by hand: cleared rows, positions and settlement, the slow readable way.

Independent of the clearing and closing services, so that statements are tested on figures that
can be added in the head.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billing.models import ClearedSdr, ClearingRun, ClearingWindow, Position, Settlement
from clearinghouse.money import payout_minor, to_minor_units
from partners.models import RoamingAgreement, SettlementGroup
from partners.queries import clearing_house
from roaming.models import Sdr, SdrState
from tests.makers import partner_of

# November 2026 in Brussels.
SUPPLY_STARTS_AT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
SUPPLY_ENDS_AT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
CLOSED_AT = datetime(2026, 12, 8, 17, 0, tzinfo=UTC)


def closed_window(group: SettlementGroup) -> Settlement:
    """Clear every accepted record of the group's agreements and settle the window."""
    window = ClearingWindow.objects.create(
        group=group,
        environment=group.environment,
        supply_starts_at=SUPPLY_STARTS_AT,
        supply_ends_at=SUPPLY_ENDS_AT,
        closes_at=CLOSED_AT,
        opened_at=SUPPLY_STARTS_AT,
    )
    cleared = _clear(window)
    window.state, window.closed_at = ClearingWindow.State.CLOSED, CLOSED_AT
    window.save()
    settlement = Settlement.objects.create(
        window=window,
        environment=group.environment,
        currency=group.currency,
        positions_sha256="ab" * 32,
        calculated_at=CLOSED_AT,
        issued_at=CLOSED_AT,
    )
    Position.objects.bulk_create(_positions(settlement, cleared))
    return settlement


def _clear(window: ClearingWindow) -> list[ClearedSdr]:
    run = ClearingRun.objects.create(
        group=window.group, run_key=f"by hand {window.id}", started_at=CLOSED_AT
    )
    agreements = {a.id: a for a in RoamingAgreement.objects.filter(group=window.group)}
    records = Sdr.objects.in_bulk()
    rows = []
    for state in SdrState.objects.filter(state="ACCEPTED", agreement__in=list(agreements)):
        record, agreement = records[state.id], agreements[state.agreement_id]
        claim = to_minor_units(record.claim_amount or Decimal(0), currency=window.group.currency)
        payout = payout_minor(claim, rate=agreement.commission_rate)
        rows.append(
            ClearedSdr(
                id=record.id,
                seller=record.seller,
                buyer=record.buyer,
                seller_partner=partner_of(record.seller),
                buyer_partner=partner_of(record.buyer),
                sender=record.sender,
                environment=window.environment,
                agreement=agreement,
                window=window,
                run=run,
                currency=window.group.currency,
                is_billed=record.claim_amount is not None,
                energy_kwh=record.energy_kwh,
                claim_minor=claim,
                commission_rate=agreement.commission_rate,
                commission_minor=claim - payout,
                payout_minor=payout,
                commission_beneficiary=agreement.commission_beneficiary,
                ended_at=record.ended_at,
                cleared_at=CLOSED_AT - timedelta(hours=1),
            )
        )
    return ClearedSdr.objects.bulk_create(rows)


def _positions(settlement: Settlement, cleared: list[ClearedSdr]) -> list[Position]:
    receivable, payable, fees = (defaultdict(int) for _kind in range(3))
    house = clearing_house()
    for row in cleared:
        to_house = row.commission_beneficiary == "CLEARING_HOUSE"
        seller, buyer = row.seller_partner, row.buyer_partner
        if seller != buyer:
            owed = row.claim_minor if to_house else row.payout_minor
            receivable[seller] += owed
            payable[buyer] += owed
        if to_house:
            fees[seller] += row.commission_minor
            receivable[house] += row.commission_minor
    return [
        Position(
            settlement=settlement,
            partner=partner,
            receivable_minor=receivable[partner],
            payable_minor=payable[partner],
            fees_minor=fees[partner],
            net_minor=receivable[partner] - payable[partner] - fees[partner],
        )
        for partner in {house, *receivable, *payable, *fees}
    ]
