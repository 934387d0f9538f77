"""Tell staff when too much of what a pair charges is in dispute: both account managers are asked.

reference finance §7: above 3 % of a pair's monthly value.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from clearinghouse.statements import load_statement
from partners.models import Party
from roaming.models import Alert, Dispute
from roaming.rules.dispute import is_escalated

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Share:
    """What of a pair's month is in dispute; the month is that of the service ends, UTC."""

    seller_id: UUID
    buyer_id: UUID
    currency: str
    month: date
    disputes: int
    disputed: Decimal
    claimed: Decimal

    @property
    def subject(self) -> str:
        pair = subject_of(self.seller_id, self.buyer_id)
        return f"{pair} {self.currency} {self.month:%Y-%m}"


def watch(*, now: datetime) -> dict[str, int]:
    """Open an alert for each pair and month above the limit, close those that fell below it."""
    above = {one.subject: one for one in shares() if is_escalated(one.disputed, one.claimed)}
    with transaction.atomic():
        opened = _open(above, now=now)
        over = _open_alerts().exclude(subject__in=list(above))
        return {"escalated": opened, "calmed": over.update(closed_at=now)}


def shares() -> list[Share]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "dispute_shares.sql"))
        return [Share(*row) for row in cursor.fetchall()]


def alerts_of(dispute: Dispute) -> list[Alert]:
    """The open escalations of the dispute's pair."""
    pair = subject_of(dispute.seller_id, dispute.buyer_id)
    return list(_open_alerts().filter(subject__startswith=pair).order_by("subject"))


def subject_of(seller_id: UUID, buyer_id: UUID) -> str:
    return f"{seller_id.hex}:{buyer_id.hex}"


def _open(above: dict[str, Share], *, now: datetime) -> int:
    known = set(_open_alerts().values_list("subject", flat=True))
    new = {subject: one for subject, one in above.items() if subject not in known}
    parties = Party.objects.in_bulk(
        {id_ for one in new.values() for id_ in (one.seller_id, one.buyer_id)}
    )
    alerts = [
        Alert(
            kind=Alert.Kind.ESCALATION,
            subject=subject,
            party_id=one.seller_id,
            text=_words(one, parties),
            opened_at=now,
        )
        for subject, one in new.items()
    ]
    return len(Alert.objects.bulk_create(alerts, ignore_conflicts=True))


def _words(share: Share, parties: dict[UUID, Party]) -> str:
    seller, buyer = parties[share.seller_id], parties[share.buyer_id]
    one = share.disputes == 1
    return (
        f"{'One open dispute' if one else f'{share.disputes} open disputes'} between {seller} and"
        f" {buyer} question{'s' if one else ''} {share.disputed:,.2f} of {share.claimed:,.2f}"
        f" {share.currency} of {share.month:%B %Y}:"
        " ask both account managers"
    )


def _open_alerts() -> QuerySet[Alert]:
    return Alert.objects.filter(kind=Alert.Kind.ESCALATION, closed_at__isnull=True)
