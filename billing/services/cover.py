"""Cover of a partner: prefund and guarantee deposit are balances of the ledger, nothing else."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum

from billing.models import Account, Transfer
from billing.services.ledger import Entry, Side, post
from clearinghouse import locks
from clearinghouse.locks import Lock
from partners.models import Partner
from partners.queries import clearing_house

PREFUND, DEPOSIT, DEFAULT_FUND = "2410", "2400", "2450"


class NotEnoughCover(Exception):
    """More was to be paid back than is there."""


def balance_minor(partner: Partner, code: str, *, currency: str, environment: str) -> int:
    """What an account of cover holds: credits less debits."""
    account = Account.objects.filter(
        partner=partner, code=code, currency=currency, environment=environment
    )
    credits_ = Transfer.objects.filter(credit_account__in=account).aggregate(s=Sum("amount_minor"))
    debits = Transfer.objects.filter(debit_account__in=account).aggregate(s=Sum("amount_minor"))
    return (credits_["s"] or 0) - (debits["s"] or 0)


def lock(partner: Partner, code: str, *, currency: str, environment: str) -> None:
    """Until the commit nobody else takes from it. Whoever holds it waits for no other row."""
    locks.take(connection, Lock.COVER, partner.pk, code, currency, environment)


def pay_in(
    partner: Partner,
    code: str,
    amount_minor: int,
    *,
    currency: str,
    environment: str,
    reference: str,
    now: datetime,
) -> Transfer:
    """Book cover that came in; ``reference`` is the bank's, booked once.

    :raises ValueError: the amount is not above zero, or the account is none of cover.
    :raises django.db.IntegrityError: the reference was booked before.
    """
    if amount_minor <= 0 or code not in (PREFUND, DEPOSIT, DEFAULT_FUND):
        raise ValueError("Cover is an amount above zero, on prefund, deposit or default fund.")
    entry = Entry(
        event_key=f"cover:{reference}",
        kind=Transfer.Kind.DEPOSIT_IN,
        debit=Side("1800", clearing_house().pk),
        credit=Side(code, partner.pk),
        amount_minor=amount_minor,
        currency=currency,
        environment=environment,
    )
    return post([entry], now=now)[0]


@transaction.atomic
def pay_back(
    partner: Partner,
    code: str,
    amount_minor: int,
    *,
    currency: str,
    environment: str,
    reference: str,
    now: datetime,
) -> Transfer:
    """Book cover that was paid back, the account locked: two cannot take the same cent.

    :raises NotEnoughCover: the account holds less.
    """
    lock(partner, code, currency=currency, environment=environment)
    held = balance_minor(partner, code, currency=currency, environment=environment)
    if not 0 < amount_minor <= held:
        raise NotEnoughCover(f"{held} minor units are held, {amount_minor} were asked for.")
    entry = Entry(
        event_key=f"cover:{reference}",
        kind=Transfer.Kind.DEPOSIT_OUT,
        debit=Side(code, partner.pk),
        credit=Side("1800", clearing_house().pk),
        amount_minor=amount_minor,
        currency=currency,
        environment=environment,
    )
    return post([entry], now=now)[0]
