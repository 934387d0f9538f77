"""CCP: after a settlement is posted, each partner's result stands on one account (finance.md 4.3).

Dr 2100 / Cr 1200 for the smaller side. Pay-ins then meet what stands on 1200 and payouts what
stands on 2100, so that both are zero once the money has moved.
"""

from datetime import datetime
from pathlib import Path

from django.db import connection

from billing.models import Settlement, Transfer
from billing.rules.set_off import set_off
from billing.services.ledger import Entry, Side, post
from clearinghouse.statements import load_statement
from partners.models import SettlementGroup
from partners.queries import clearing_house

_SQL = Path(__file__).resolve().parent.parent / "sql" / "set_offs.sql"
RECEIVABLE, PAYABLE = "1200", "2100"


def post_set_offs(settlement: Settlement, *, now: datetime) -> list[Transfer]:
    """Set off what the settlement posted at ``now``; nothing outside of CCP, and once."""
    group = settlement.window.group
    if group.model != SettlementGroup.Model.CCP:
        return []
    windows = {settlement.window_id, *settlement.supplies.values_list("window", flat=True)}
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL),
            {
                "settlement_id": settlement.pk,
                "window_ids": sorted(windows),
                "house_id": clearing_house().pk,
                "currency": settlement.currency,
                "environment": settlement.environment,
                "posted_at": now,
            },
        )
        rows = cursor.fetchall()
    return post(
        [
            Entry(
                event_key=f"set-off:{settlement.pk}:{partner_id}",
                kind=Transfer.Kind.SET_OFF,
                debit=Side(PAYABLE, partner_id),
                credit=Side(RECEIVABLE, partner_id),
                amount_minor=set_off(receivable, payable),
                currency=settlement.currency,
                environment=settlement.environment,
                window_id=settlement.window_id,
            )
            for partner_id, receivable, payable in rows
        ],
        now=now,
    )
