"""Show what is in dispute in the books, outside netting (finance.md 4.3).

Billing reads roaming's disputes; nobody tells it of them. A dispute over a record that is not
cleared debits 1390 of the buyer and credits 2390 of the seller with its claim; once the dispute is
closed that is taken back, and what the record turned out to be worth is cleared as any other.
"""

from datetime import datetime
from pathlib import Path

from django.db import connection

from billing.models import Transfer
from billing.services.ledger import Entry, Side, post
from clearinghouse.locks import Lock, take
from clearinghouse.money import minor_unit_digits
from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from partners.models import RoamingAgreement

_SQL = Path(__file__).resolve().parent.parent / "sql"
DISPUTED_CLAIM, DISPUTED_OBLIGATION = "1390", "2390"


def follow_disputes(*, now: datetime) -> int:
    """Post the suspense of disputes opened since, take back that of those closed; returns how many.

    Run again, it posts nothing. One run at a time: the second waits and sees what the first did.
    """
    return in_transaction(lambda: _follow(now))


def _follow(now: datetime) -> int:
    take(connection, Lock.SUSPENSE)
    currencies = sorted(set(RoamingAgreement.objects.values_list("currency", flat=True)))
    parameters: dict[str, list[str] | list[int]] = {
        "currencies": currencies,
        "digits": [minor_unit_digits(currency) for currency in currencies],
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "suspense_due.sql"), parameters)
        due = cursor.fetchall()
    return len(post((_entry(*row) for row in due), now=now))


def _entry(dispute, kind, buyer, seller, currency, environment, amount) -> Entry:
    debit, credit = Side(DISPUTED_CLAIM, buyer), Side(DISPUTED_OBLIGATION, seller)
    if kind == Transfer.Kind.SUSPENSE_END:
        debit, credit = credit, debit
    return Entry(
        event_key=f"dispute:{dispute}",
        kind=kind,
        debit=debit,
        credit=credit,
        amount_minor=amount,
        currency=currency,
        environment=environment,
        sdrs=1,
    )
