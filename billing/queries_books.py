"""The books as of an instant, the same whenever they are read.

A transfer counts from the instant of its seal on. Seals are dated at the horizon that their
sealing moves forward, so up to the horizon no seal can come any more; an instant beyond it is
refused, for a sealing in flight may still date its seals before it. The shared lock waits for that
sealing: without it, who asks for the instant of a sealing that has begun would be refused for no
reason, and the horizon and the seals could be read from two different moments.
"""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from billing.models import LedgerHorizon
from billing.rules.books import BookAccount, BookLine
from clearinghouse.locks import Lock, take_shared
from clearinghouse.statements import load_statement
from partners.models import Partner

_SQL = Path(__file__).resolve().parent / "sql"


class NotCompleteYet(Exception):
    """The books are not complete until the instant asked for; ``until`` is the last that is."""

    def __init__(self, as_of: datetime, until: datetime | None):
        self.until = until
        told = f"they are until {until.isoformat()}" if until else "nothing was sealed yet"
        super().__init__(f"The books are not complete as of {as_of.isoformat()}: {told}.")


def complete_until() -> datetime | None:
    """The last instant for which the books can be read; ``None``: nothing was sealed yet."""
    return LedgerHorizon.objects.values_list("complete_until_at", flat=True).first()


@transaction.atomic
def book_lines(
    *, as_of: datetime, environment: str, partner: Partner | None = None
) -> list[BookLine]:
    """What was posted per account and window as of an instant, of one partner or of all.

    :raises NotCompleteYet: a later sealing could still change the answer.
    """
    take_shared(connection, Lock.SEALING)
    until = complete_until()
    if until is None or as_of > until:
        raise NotCompleteYet(as_of, until)
    key: dict[str, datetime | str | UUID | None] = {
        "as_of": as_of,
        "environment": environment,
        "partner_id": partner.pk if partner else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "ledger_balances.sql"), key)
        return [
            BookLine(BookAccount(currency, code, owner, country), window, debit, credit)
            for owner, code, country, currency, window, debit, credit in cursor.fetchall()
        ]
