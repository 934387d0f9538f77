"""Tell staff of CSOs that owe records: their CSPs report sessions for which none came."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from clearinghouse.statements import load_statement
from partners.models import Party
from roaming.models import Alert
from roaming.services import alerts

_SQL = Path(__file__).parent / "sql"


def watch(*, from_stage: str, until_stage: str, now: datetime) -> set[UUID]:
    """One open alert for each pair with sessions between both stages; the CSOs that were told.

    An open alert's figures are kept up to date, and the alert of a pair without any is closed. The
    same again changes nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "age_count_alone.sql"),
            {"from_stage": from_stage, "until_stage": until_stage},
        )
        pairs = cursor.fetchall()
        parties = Party.objects.in_bulk({party for row in pairs for party in row[:2]})
        causes = {}
        for seller_id, buyer_id, count, since_at in pairs:
            text = (
                f"{parties[buyer_id].code} reports {count} sessions at {parties[seller_id].code}"
                f" since {since_at:%Y-%m-%d} for which no record came; ask the CSO"
            )
            causes[f"{seller_id} {buyer_id}"] = (parties[seller_id], text)
        return alerts.keep(Alert.Kind.ONE_SIDED, causes, now=now).told
