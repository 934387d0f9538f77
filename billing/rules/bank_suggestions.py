"""What a payment that no rule matched may be for: account, amount, name. A person decides."""

import re
from collections.abc import Iterator, Mapping
from uuid import UUID

from billing.rules.bank_facts import Books, Money, Suggestion

MOST = 5
LEGAL_FORMS = frozenset("AB AG AS BV CO GMBH INC KG LTD NV OY PLC SA SAS SE SL SPA SRL THE".split())


def suggestions(
    money: Money, books: Books, open_minor: Mapping[UUID, int]
) -> tuple[Suggestion, ...]:
    """The debts (or payouts that are not booked) that fit best, at most five.

    ``open_minor``: what is open of each debt now, by key.
    """
    found = [
        (reasons, key, partner, amount)
        for key, partner, amount in _targets(money, books, open_minor)
        if (reasons := _reasons(money, books, partner, amount))
    ]
    found.sort(
        key=lambda one: (-len(one[0]), one[0][0], abs(one[3] - abs(money.amount_minor)), one[1])
    )
    return tuple(
        Suggestion(key, partner, min(amount, abs(money.amount_minor)), reasons)
        for reasons, key, partner, amount in found[:MOST]
    )


def _targets(
    money: Money, books: Books, open_minor: Mapping[UUID, int]
) -> Iterator[tuple[UUID, UUID, int]]:
    """What a payment of that kind can be for: key, partner, amount."""
    if money.amount_minor > 0 and not money.is_return:
        debts = ((debt.key, debt.partner, open_minor[debt.key]) for debt in books.debts)
        yield from (one for one in debts if one[2])
        return
    for payout in books.payouts:
        if payout.is_booked == money.is_return and not payout.is_returned:
            yield payout.key, payout.partner, payout.amount_minor


def _reasons(money: Money, books: Books, partner: UUID, amount: int) -> tuple[str, ...]:
    reasons = []
    if money.account and books.accounts.get(money.account) == partner:
        reasons.append("ACCOUNT")
    if amount == abs(money.amount_minor):
        reasons.append("AMOUNT")
    if is_same_name(money.name, books.names.get(partner, "")):
        reasons.append("NAME")
    return tuple(reasons)


def is_same_name(one: str, other: str) -> bool:
    """Tell whether one name's words are all in the other's, legal forms aside."""
    first, second = _words(one), _words(other)
    return bool(first and second) and (first <= second or second <= first)


def _words(name: str) -> frozenset[str]:
    plain = re.sub(r"(?<=\b\w)\.(?=\w)", "", name.upper())
    return frozenset(re.findall(r"\w+", plain)) - LEGAL_FORMS
