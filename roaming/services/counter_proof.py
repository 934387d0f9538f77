"""Prove that no counter-record was lost: what the door counted is what the tables hold.

They move no money, so a difference closes no window's way; staff are told.
"""

from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from clearinghouse.statements import load_statement
from roaming.models import Alert
from roaming.services import alerts

_SQL = Path(__file__).parent / "sql"


class Difference(NamedTuple):
    """One sender, environment and UTC day of receipt whose counts differ."""

    sender_id: UUID
    environment: str
    day: date
    taken: int
    taken_found: int
    rejected: int
    rejected_found: int

    def __str__(self) -> str:
        return (
            f"Counter-records of {self.day}, {self.environment}: {self.taken} taken in,"
            f" {self.taken_found} found; {self.rejected} refused, {self.rejected_found} found"
        )


def prove(*, now: datetime) -> list[Difference]:
    """Open an alert for each line that differs; an empty list is good news."""
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "prove_counter_records.sql"))
        found = [Difference(*row) for row in cursor.fetchall()]
    for one in found:
        alerts.raise_alert(
            Alert(
                kind=Alert.Kind.CONSERVATION,
                environment=one.environment,
                subject=f"counter-records {one.sender_id} {one.day}",
                partner_id=one.sender_id,
                text=str(one),
                opened_at=now,
            )
        )
    return found
