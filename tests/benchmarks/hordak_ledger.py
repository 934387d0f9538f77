"""The baseline of the ledger: django-hordak's bulk path, as its own benchmark command writes it.

A Transaction and two Legs per entry, each table filled by one ``bulk_create``, in one transaction;
its CHECKs and its deferred trigger ``check_leg_trigger`` are in force as its migrations make them.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from hordak.models import Account, AccountType, Leg, Transaction
from moneyed import Money

from billing.models import Transfer


def accounts_for(transfers: Sequence[Transfer]) -> dict[UUID, Account]:
    """An account of hordak's for each of ours, made where it is missing."""
    ours = {one.debit_account_id for one in transfers} | {
        one.credit_account_id for one in transfers
    }
    found = {UUID(account.name): account for account in Account.objects.all()}
    for account_id in sorted(ours - set(found)):
        found[account_id] = Account.objects.create(name=str(account_id), type=AccountType.liability)
    return found


def post(transfers: Sequence[Transfer], accounts: dict[UUID, Account]) -> int:
    """Post what our ledger posted: the same accounts and amounts; how many transactions."""
    transactions, legs = [], []
    for one in transfers:
        entry = Transaction(description=one.event_key)
        amount = Money(Decimal(one.amount_minor).scaleb(-2), one.currency)
        debit, credit = accounts[one.debit_account_id], accounts[one.credit_account_id]
        transactions.append(entry)
        legs.append(Leg(transaction=entry, account=debit, debit=amount))
        legs.append(Leg(transaction=entry, account=credit, credit=amount))
    with transaction.atomic():
        Transaction.objects.bulk_create(transactions)
        Leg.objects.bulk_create(legs)
    return len(transactions)
