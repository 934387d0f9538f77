"""The books as of an instant: trial balance, positions of partners, open items.

Nothing here but adding up: what was posted comes from ``sql/ledger_balances.sql``, whose readable
twin is ``balances``. Money is integer minor units; a balance is debits less credits, a position is
credits less debits: what a partner gets (+) or pays (−).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

# Where stands what partners and the house owe each other, disputed or not (finance.md 4.2).
POSITION_ACCOUNTS = frozenset({"1200", "1300", "1390", "2100", "2390"})
DISPUTED_ACCOUNTS = frozenset({"1390", "2390"})


class BookAccount(NamedTuple):
    """An account of the chart by what names it, in the order in which a book lists it."""

    currency: str
    code: str
    partner: UUID | None
    country_code: str


class BookLine(NamedTuple):
    """What was posted on an account for a window; ``window`` is null for what belongs to none."""

    account: BookAccount
    window: UUID | None
    debit_minor: int
    credit_minor: int


class Posted(NamedTuple):
    """One transfer as the books see it; not sealed yet: ``sealed_at`` is null."""

    debit: BookAccount
    credit: BookAccount
    window: UUID | None
    amount_minor: int
    sealed_at: datetime | None


class AccountBalance(NamedTuple):
    """A line of the trial balance."""

    account: BookAccount
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return self.debit_minor - self.credit_minor


class PartnerBalance(NamedTuple):
    """What a partner gets (+) or pays (−) in a currency; ``disputed_minor`` is part of it."""

    partner: UUID | None
    currency: str
    position_minor: int
    disputed_minor: int


class OpenItem(NamedTuple):
    """What of a window is not paid yet on an account: the partner gets (+) or pays (−)."""

    account: BookAccount
    window: UUID | None
    open_minor: int


def balances(transfers: Iterable[Posted], *, as_of: datetime) -> list[BookLine]:
    """Add up what was sealed until ``as_of``, the instant included; sorted."""
    sums: dict[tuple[BookAccount, UUID | None], list[int]] = defaultdict(lambda: [0, 0])
    for one in transfers:
        if one.sealed_at is None or one.sealed_at > as_of:
            continue
        sums[one.debit, one.window][0] += one.amount_minor
        sums[one.credit, one.window][1] += one.amount_minor
    lines = [BookLine(account, window, *pair) for (account, window), pair in sums.items()]
    return sorted(lines, key=_place)


def trial_balance(lines: Iterable[BookLine]) -> list[AccountBalance]:
    """One line per account; their balances add up to zero in each currency."""
    sums: dict[BookAccount, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        sums[line.account][0] += line.debit_minor
        sums[line.account][1] += line.credit_minor
    return [AccountBalance(account, *sums[account]) for account in sorted(sums, key=_in_book)]


def totals(balances: Iterable[AccountBalance]) -> dict[str, tuple[int, int]]:
    """Debits and credits of each currency, which are the same where the books balance; sorted."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in balances:
        sums[row.account.currency][0] += row.debit_minor
        sums[row.account.currency][1] += row.credit_minor
    return {currency: (debit, credit) for currency, (debit, credit) in sorted(sums.items())}


def partner_balances(lines: Iterable[BookLine]) -> list[PartnerBalance]:
    """One line per partner and currency with something posted; sorted by currency and partner."""
    sums: dict[tuple[str, UUID | None], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        account = line.account
        if account.code in POSITION_ACCOUNTS:
            known = sums[account.currency, account.partner]
            net = line.credit_minor - line.debit_minor
            known[0] += net
            known[1] += net if account.code in DISPUTED_ACCOUNTS else 0
    return [
        PartnerBalance(partner, currency, *sums[currency, partner])
        for currency, partner in sorted(sums, key=str)
    ]


def open_items(lines: Iterable[BookLine]) -> list[OpenItem]:
    """What is owed and not paid, per account and window; what is level is left out."""
    found = [
        OpenItem(line.account, line.window, line.credit_minor - line.debit_minor)
        for line in sorted(lines, key=_place)
        if line.account.code in POSITION_ACCOUNTS
    ]
    return [item for item in found if item.open_minor]


def _in_book(account: BookAccount) -> tuple[str, ...]:
    return tuple(str(part or "") for part in account)


def _place(line: BookLine) -> tuple[tuple[str, ...], str]:
    return _in_book(line.account), str(line.window or "")
