"""Provisional statements: what a partner may object to before its settlement is final.

They take no number of the series of final ones, which replace them.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from msgspec.structs import replace

from billing.documents.content import BankBlock, StatementContent
from billing.models import Document, Position, Settlement
from billing.services.statement_contents import Gathered, content_of, gather
from billing.services.statements import frozen, hand_out
from clearinghouse.periods import objections_end_at
from partners.models import SettlementGroup

PREFIX = "PROV-"


def issue_provisional(settlement: Settlement, *, now: datetime) -> list[Document]:
    """Give every partner with a position a provisional statement of a calculated settlement.

    Call it inside the transaction that calculated it.
    """
    partners = settlement.positions.filter(partner__is_clearing_house=False)
    positions = list(partners.select_related("partner").order_by("partner__name"))
    gathered = gather(settlement, [position.partner for position in positions], now=now)
    mark = settlement.pk.hex[-12:].upper()
    documents = [
        frozen(
            _provisional(position, f"{PREFIX}{mark}-{place}", gathered=gathered),
            position.partner_id,
            settlement=settlement,
        )
        for place, position in enumerate(positions, start=1)
    ]
    return hand_out(documents, now=now)


def _provisional(position: Position, number: str, *, gathered: Gathered) -> StatementContent:
    group = gathered.settlement.window.group
    until_at = objections_end_at(
        gathered.now,
        is_weekly=group.cycle == SettlementGroup.Cycle.WEEKLY,
        tz=group.time_zone,
    )
    return replace(
        content_of(position, number=number, gathered=gathered),
        status="PROVISIONAL",
        # Nobody pays on it: the final one names the account.
        bank=BankBlock(money_flow=settings.MONEY_FLOW),
        objection_until_at=until_at,
        objection_until_date=until_at.astimezone(ZoneInfo(group.time_zone)).date(),
    )
