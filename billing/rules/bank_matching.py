"""Match payments on the bank account with debts and payouts (finance.md 4.6).

The ladder, strongest step first over all payments, so that a weak match never takes what a strong
one names: our end-to-end id; our reference in the text; the payer's known account with an amount
that fits. What is left goes to a person, with suggestions. A payment from an unknown account is
never matched by its amount, and one to an account other than the payout's is never that payout.
Integer minor units of one currency; the same in any order of payments that name their debt.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from uuid import UUID

from billing.rules.bank_facts import (
    Books,
    Debt,
    Matched,
    Matching,
    Money,
    Payout,
    Share,
    Step,
    Unmatched,
    Use,
    Why,
    WrittenOff,
)
from billing.rules.bank_references import names
from billing.rules.bank_suggestions import suggestions
from clearinghouse.money import minor_unit_digits

WRITE_OFF_UNITS = 5
MOST_COMBINED = 10


def write_off_limit_minor(currency: str) -> int:
    """Up to five units of the currency are let go: 5.00 EUR, 5 JPY."""
    return WRITE_OFF_UNITS * 10 ** minor_unit_digits(currency)


def match(money: Iterable[Money], books: Books, *, limit_minor: int) -> Matching:
    """Match all payments that can be matched without a person.

    Σ shares of a payment is the payment. What is missing of a debt that was paid now, up to
    ``limit_minor`` and less than what was paid, is written off; what is too much is OVERPAID.
    """
    return _Round(books, limit_minor).run(list(money))


class _Round:
    """One round of matching: what is open goes down as payments are matched."""

    def __init__(self, books: Books, limit_minor: int) -> None:
        self.books = books
        self.limit = limit_minor
        self.open = {debt.key: debt.open_minor for debt in books.debts}
        self.collected = {debt.key: debt.collected_minor for debt in books.debts}
        self.booked = {one.key: one.is_booked for one in books.payouts}
        self.returned = {one.key: one.is_returned for one in books.payouts}
        self.paid: dict[UUID, int] = {}
        self.written_off: list[WrittenOff] = []
        self.matched: dict[UUID, Matched] = {}
        self.reasons: dict[UUID, Why] = {}

    def run(self, money: list[Money]) -> Matching:
        self._each_named(money)
        # One match may leave only one choice for another: again until there is nothing more.
        known = -1
        while known < len(self.matched):
            known = len(self.matched)
            self._each(self._by_account_and_amount, money)
            self._each(self._by_account_and_near_amount, money)
            if known == len(self.matched):
                self._write_off()
                self._each(self._paid_too_much, money)
        return Matching(
            matched=tuple(self.matched[one.key] for one in money if one.key in self.matched),
            unmatched=tuple(
                Unmatched(
                    key=one.key,
                    why=self._why(one),
                    suggestions=suggestions(one, self.books, self.open),
                )
                for one in money
                if one.key not in self.matched
            ),
            written_off=tuple(self.written_off),
        )

    def _each_named(self, money: list[Money]) -> None:
        """What a payment says of itself: our ids and references."""
        for step in (
            self._payout,
            self._charge,
            self._payout_back,
            self._by_end_to_end,
            self._pay_in_back,
            self._by_reference,
        ):
            self._each(step, money)

    def _each(self, step: Callable[[Money], Matched | None], money: list[Money]) -> None:
        for one in money:
            if one.key not in self.matched and (found := step(one)):
                self.matched[one.key] = found

    def _why(self, money: Money) -> Why:
        if money.key in self.reasons:
            return self.reasons[money.key]
        if not money.is_itemised:
            return Why.NOT_ITEMISED
        if money.is_return:
            return Why.UNKNOWN_RETURN
        if money.amount_minor < 0:
            return Why.UNKNOWN_PAYOUT
        known = money.account in self.books.accounts
        return Why.AMOUNT_FITS_NOTHING if known else Why.UNKNOWN_PAYER

    # What went out.

    def _payout(self, money: Money) -> Matched | None:
        if money.amount_minor >= 0 or money.is_return:
            return None
        if money.end_to_end_id:
            for payout in self._payouts(booked=False):
                if payout.end_to_end_id == money.end_to_end_id:
                    return self._book(money, payout)
        return self._payment_file(money)

    def _book(self, money: Money, payout: Payout) -> Matched | None:
        if payout.amount_minor != -money.amount_minor:
            self.reasons[money.key] = Why.AMOUNT_DIFFERS
            return None
        if money.account and payout.account and money.account != payout.account:
            self.reasons[money.key] = Why.ACCOUNT_DIFFERS
            return None
        self.booked[payout.key] = True
        share = Share(Use.PAYOUT_BOOKED, payout.key, payout.partner, money.amount_minor)
        return Matched(key=money.key, step=Step.END_TO_END, shares=(share,))

    def _payment_file(self, money: Money) -> Matched | None:
        """A file booked in one sum: only when all of it that has not left makes that sum."""
        file = money.payment_information_id
        waiting = [
            payout
            for payout in self._payouts(booked=False)
            if file and payout.payment_information_id == file
        ]
        if not waiting or sum(one.amount_minor for one in waiting) != -money.amount_minor:
            return None
        for payout in waiting:
            self.booked[payout.key] = True
        shares = tuple(
            Share(Use.PAYOUT_BOOKED, one.key, one.partner, -one.amount_minor) for one in waiting
        )
        return Matched(key=money.key, step=Step.PAYMENT_FILE, shares=shares)

    def _charge(self, money: Money) -> Matched | None:
        if not money.is_charge or not -self.limit <= money.amount_minor < 0:
            return None
        share = Share(Use.CHARGE, None, None, money.amount_minor)
        return Matched(key=money.key, step=Step.RULE, shares=(share,))

    # What came back.

    def _payout_back(self, money: Money) -> Matched | None:
        """Whole, or less what the bank kept for it, up to the limit."""
        if not money.is_return or not money.end_to_end_id or money.amount_minor <= 0:
            return None
        for payout in self._payouts(booked=True):
            if payout.end_to_end_id != money.end_to_end_id or self.returned[payout.key]:
                continue
            kept = payout.amount_minor - money.amount_minor
            if not 0 <= kept <= self.limit:
                self.reasons[money.key] = Why.AMOUNT_DIFFERS
                return None
            self.returned[payout.key] = True
            if kept:
                self.written_off.append(WrittenOff(payout.key, payout.partner, kept))
            share = Share(Use.PAYOUT_RETURNED, payout.key, payout.partner, money.amount_minor)
            return Matched(key=money.key, step=Step.END_TO_END, shares=(share,))
        return None

    def _pay_in_back(self, money: Money) -> Matched | None:
        """A direct debit that came back: the debt is open again, by what was collected for it."""
        if not money.is_return or not money.end_to_end_id or money.amount_minor >= 0:
            return None
        for debt in self.books.debts:
            if money.end_to_end_id not in debt.end_to_end_ids:
                continue
            if self.collected[debt.key] < -money.amount_minor:
                self.reasons[money.key] = Why.AMOUNT_DIFFERS
                return None
            self.collected[debt.key] += money.amount_minor
            self.paid[debt.key] = self.paid.get(debt.key, 0) + money.amount_minor
            self.open[debt.key] -= money.amount_minor
            share = Share(Use.PAY_IN_RETURNED, debt.key, debt.partner, money.amount_minor)
            return Matched(key=money.key, step=Step.END_TO_END, shares=(share,))
        return None

    def _payouts(self, *, booked: bool) -> Iterator[Payout]:
        return (one for one in self.books.payouts if self.booked[one.key] == booked)

    # What came in.

    def _by_end_to_end(self, money: Money) -> Matched | None:
        if not _is_pay_in(money) or not money.end_to_end_id:
            return None
        found = [debt for debt in self.books.debts if money.end_to_end_id in debt.end_to_end_ids]
        matched = self._pay(money, found, Step.END_TO_END)
        for share in matched.shares if matched else ():
            if share.target:
                self.collected[share.target] += share.amount_minor
        return matched

    def _by_reference(self, money: Money) -> Matched | None:
        if not _is_pay_in(money):
            return None
        texts = (*money.references, money.remittance)
        found = [
            debt
            for debt in self.books.debts
            if any(names(reference, texts=texts) for reference in debt.references)
        ]
        return self._pay(money, found, Step.REFERENCE)

    def _by_account_and_amount(self, money: Money) -> Matched | None:
        debts = self._debts_of_payer(money)
        for debt in debts:
            if self.open[debt.key] == money.amount_minor:
                return self._pay(money, [debt], Step.ACCOUNT_AND_AMOUNT)
        combined = self._combined(debts, money.amount_minor)
        return self._pay(money, combined, Step.ACCOUNT_AND_AMOUNT)

    def _combined(self, debts: list[Debt], amount: int) -> list[Debt]:
        """All debts together, else the only choice of several that makes the amount."""
        if sum(self.open[debt.key] for debt in debts) == amount:
            return debts
        if len(debts) > MOST_COMBINED:
            return []
        fitting = [
            some
            for size in range(2, len(debts))
            for some in combinations(debts, size)
            if sum(self.open[debt.key] for debt in some) == amount
        ]
        return list(fitting[0]) if len(fitting) == 1 else []

    def _by_account_and_near_amount(self, money: Money) -> Matched | None:
        """Short of the only debt that it could be, by what is written off, at most a tenth."""
        near = [
            debt
            for debt in self._debts_of_payer(money)
            if self._is_small(self.open[debt.key] - money.amount_minor, money.amount_minor // 10)
        ]
        return self._pay(money, near, Step.ACCOUNT_AND_AMOUNT) if len(near) == 1 else None

    def _paid_too_much(self, money: Money) -> Matched | None:
        """From a partner that owes nothing: it is the partner's, and a person pays it back."""
        partner = self.books.accounts.get(money.account)
        if not _is_pay_in(money) or partner is None or self._debts_of_payer(money):
            return None
        share = Share(Use.OVERPAID, None, partner, money.amount_minor)
        return Matched(key=money.key, step=Step.RULE, shares=(share,))

    def _debts_of_payer(self, money: Money) -> list[Debt]:
        """The open debts of the known account's owner, the longest due first."""
        partner = self.books.accounts.get(money.account) if _is_pay_in(money) else None
        return sorted(
            (one for one in self.books.debts if one.partner == partner and self.open[one.key]),
            key=_due,
        )

    def _pay(self, money: Money, debts: list[Debt], step: Step) -> Matched | None:
        """Pay debts in the order in which they are due; what is left is the first payer's."""
        if not debts:
            return None
        left, shares = money.amount_minor, []
        for debt in sorted(debts, key=_due):
            paid = min(left, self.open[debt.key])
            if paid:
                left -= paid
                self.open[debt.key] -= paid
                self.paid[debt.key] = self.paid.get(debt.key, 0) + paid
                shares.append(Share(Use.PAY_IN, debt.key, debt.partner, paid))
        if left:
            shares.append(Share(Use.OVERPAID, None, min(debts, key=_due).partner, left))
        return Matched(key=money.key, step=step, shares=tuple(shares))

    def _write_off(self) -> None:
        for debt in self.books.debts:
            short = self.open[debt.key]
            if self._is_small(short, self.paid.get(debt.key, 0)):
                self.open[debt.key] = 0
                self.written_off.append(WrittenOff(debt.key, debt.partner, short))

    def _is_small(self, short: int, paid: int) -> bool:
        return 0 < short <= min(self.limit, paid)


def _is_pay_in(money: Money) -> bool:
    return money.amount_minor > 0 and not money.is_return


def _due(debt: Debt) -> tuple:
    return debt.due_on, debt.key
