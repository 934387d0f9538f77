"""Post to the ledger: accounts are opened when they are needed, each event once per kind."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from billing.models import Account, Transfer
from clearinghouse.uuid7 import uuid7_at
from partners.models import SettlementGroup


@dataclass(frozen=True, slots=True)
class Side:
    """An account by what names it; ``country_code`` only of tax accounts."""

    code: str
    partner: UUID | None
    country_code: str = ""


def claims_account(group: SettlementGroup) -> str:
    """The account on which what a partner owes and is owed stands: 1300, under CCP 1200."""
    return "1200" if group.model == SettlementGroup.Model.CCP else "1300"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One transfer to post. Below zero it goes the other way; zero is not posted."""

    event_key: str
    kind: str
    debit: Side
    credit: Side
    amount_minor: int
    currency: str
    environment: str
    window_id: UUID | None = None
    reverses_id: UUID | None = None
    reason: str = ""
    sdrs: int = 0

    def reversing(self, transfer: Transfer) -> "Entry":
        """The same entry as one that takes ``transfer`` back."""
        return replace(self, reverses_id=transfer.pk)


def post(entries: Iterable[Entry], *, now: datetime) -> list[Transfer]:
    """Post entries in their order.

    :raises django.db.IntegrityError: an event was posted before with that kind.
    """
    entries = [entry for entry in entries if entry.amount_minor]
    accounts = _open(entries)
    return Transfer.objects.bulk_create(
        [_transfer(entry, accounts, now) for entry in entries], batch_size=1_000
    )


def _transfer(entry: Entry, accounts: dict[tuple, UUID], now: datetime) -> Transfer:
    debit, credit = (accounts[_key(entry, side)] for side in (entry.debit, entry.credit))
    if entry.amount_minor < 0:
        debit, credit = credit, debit
    return Transfer(
        id=uuid7_at(now),
        event_key=entry.event_key,
        kind=entry.kind,
        window_id=entry.window_id,
        debit_account_id=debit,
        credit_account_id=credit,
        currency=entry.currency,
        environment=entry.environment,
        amount_minor=abs(entry.amount_minor),
        sdrs=entry.sdrs,
        reverses_id=entry.reverses_id,
        reason=entry.reason,
        posted_at=now,
    )


def _open(entries: list[Entry]) -> dict[tuple, UUID]:
    keys = {_key(entry, side) for entry in entries for side in (entry.debit, entry.credit)}
    Account.objects.bulk_create(
        [
            Account(
                code=code,
                partner_id=partner,
                currency=currency,
                environment=environment,
                country_code=country,
            )
            for code, partner, currency, environment, country in sorted(keys, key=str)
        ],
        ignore_conflicts=True,
    )
    found = Account.objects.filter(partner__in={key[1] for key in keys})
    names = ("code", "partner_id", "currency", "environment", "country_code")
    return {tuple(getattr(account, name) for name in names): account.pk for account in found}


def _key(entry: Entry, side: Side) -> tuple:
    return side.code, side.partner, entry.currency, entry.environment, side.country_code
