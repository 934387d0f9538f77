"""Match what the bank sent with what is owed, and post it: each payment once.

Dr 1800 / Cr 1300 or 1200 of the partner for a pay-in, Dr 1810 / Cr 1800 for a payout that left,
Dr 1800 / Cr 1300 or 2100 for one that came back, 2890 for what is too much, 6900 for what is let
go by rule. What no rule places waits as an exception, and is tried again with each round.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billing.models import BankEntry, BankException
from billing.rules.bank_facts import Money, Unmatched
from billing.rules.bank_matching import match, write_off_limit_minor
from billing.services.bank import gaps, posting
from billing.services.bank.books import Ledgered, is_account_of_house, open_books
from billing.services.bank.importing import lock_bank
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at

ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
_CHARGES = frozenset({"CHRG", "FEES", "COMM"})
_OPEN = (BankEntry.State.NEW, BankEntry.State.EXCEPTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """``matched``: payments placed; ``exceptions``: those that wait since this round.

    ``stopped``: accounts of which nothing is matched, because a statement is missing.
    """

    matched: int = 0
    exceptions: int = 0
    stopped: tuple[str, ...] = ()

    def __add__(self, other: "Round") -> "Round":
        return Round(
            matched=self.matched + other.matched,
            exceptions=self.exceptions + other.exceptions,
            stopped=self.stopped + other.stopped,
        )


def match_all(environment: str, *, by: str, now: datetime) -> Round:
    """Match every account with open payments; each is a transaction of its own."""
    rows = BankEntry.objects.filter(environment=environment, state__in=_OPEN)
    accounts = rows.order_by("account", "currency").values_list("account", "currency").distinct()
    done = Round()
    for account, currency in accounts:
        done += match_account(environment, account, currency, by=by, now=now)
    return done


def match_account(
    environment: str, account: str, currency: str, *, by: str, now: datetime
) -> Round:
    """Match the open payments of one account, unless one of its statements is missing."""
    return in_transaction(lambda: _match(environment, account, currency, by, now))


def _match(environment: str, account: str, currency: str, by: str, now: datetime) -> Round:
    lock_bank(environment)
    if gaps.open_gaps(environment, account, currency):
        return Round(stopped=(account,))
    entries = {
        row.pk: row
        for row in BankEntry.objects.select_for_update()
        .filter(environment=environment, account=account, currency=currency, state__in=_OPEN)
        .order_by("booked_date", "pk")
    }
    if not is_account_of_house(account, currency):
        unknown = (Unmatched(key=key, why=ACCOUNT_UNKNOWN) for key in entries)  # type: ignore[arg-type]
        return Round(exceptions=_wait(unknown, entries, None, now))
    ledgered = open_books(environment, currency, now=now)
    limit = write_off_limit_minor(currency)
    found = match(
        [money_of_entry(row) for row in entries.values()], ledgered.books, limit_minor=limit
    )
    posting.post_matched(found, entries, ledgered, posting.Act(by=by, now=now, limit_minor=limit))
    waiting = _wait(found.unmatched, entries, ledgered, now)
    return Round(matched=len(found.matched), exceptions=waiting)


def money_of_entry(row: BankEntry) -> Money:
    """An entry as the rules read it."""
    return Money(
        key=row.pk,
        amount_minor=row.amount_minor if row.is_credit else -row.amount_minor,
        end_to_end_id=row.end_to_end_id,
        payment_information_id=row.payment_file_reference,
        references=(row.creditor_reference,),
        remittance=row.remittance,
        account=row.counterparty_account,
        name=row.counterparty_name,
        is_return=row.is_reversal,
        is_charge=row.bank_code.rpartition("-")[2] in _CHARGES,
        is_itemised=row.is_itemised,
    )


def _wait(
    unmatched: Iterable[Unmatched],
    entries: dict,
    ledgered: Ledgered | None,
    now: datetime,
) -> int:
    """Leave what no rule places to a person; how many are new there."""
    known = {row.entry_id: row for row in BankException.objects.filter(entry__in=entries)}
    new = []
    for one in unmatched:
        told = [_told(suggestion, ledgered) for suggestion in one.suggestions] if ledgered else []
        row = known.get(one.key)
        if row is None:
            new.append(
                BankException(
                    id=uuid7_at(now),
                    entry_id=one.key,
                    code=str(one.why),
                    suggestions=told,
                    opened_at=now,
                )
            )
        elif (row.code, row.suggestions) != (str(one.why), told):
            row.code, row.suggestions = str(one.why), told
            row.save(update_fields=["code", "suggestions"])
    BankException.objects.bulk_create(new)
    BankEntry.objects.filter(pk__in=[row.entry_id for row in new]).update(
        state=BankEntry.State.EXCEPTION
    )
    return len(new)


def _told(suggestion, ledgered: Ledgered) -> dict[str, object]:
    """A suggestion as it is stored; the names are told when it is shown."""
    is_debt = suggestion.target in ledgered.positions
    return {
        "kind": "position" if is_debt else "payment",
        "target": str(suggestion.target),
        "partner": str(suggestion.partner),
        "amount_minor": suggestion.amount_minor,
        "reasons": list(suggestion.reasons),
    }
