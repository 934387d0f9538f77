"""What a person decides about a payment of the bank: for a debt, to 2890, given back, or our own.

Each verb places the whole payment, says why, and is in the audit trail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing.messages.sepa import payment_information_id
from billing.models import BankEntry, BankException, BankMatch, Position, Transfer
from billing.rules.bank_facts import Matched, Matching, Share, Step, Use
from billing.services.bank import posting, unallocated
from billing.services.bank.books import Ledgered, is_account_of_house, open_books
from billing.services.bank.importing import lock_bank
from billing.services.ledger import Entry, Side, post
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner
from partners.queries import clearing_house
from partners.services import audit

_TASKS = (unallocated.OVERPAID, unallocated.OWES_SINCE, posting.PAYOUT_RETURNED)


class NotPlaceable(Exception):
    """The payment is placed already, or cannot be for that; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decides when, and why."""

    by: str
    reason: str
    now: datetime


def to_position(entry_id: UUID, position_id: UUID, decision: Decision) -> BankEntry:
    """A pay-in is for that debt; what is too much goes to 2890 of the same partner.

    :raises NotPlaceable: nothing is open of it, or the payment went out.
    """

    def shares(entry: BankEntry, ledgered: Ledgered) -> list[Share]:
        debt = next((one for one in ledgered.books.debts if one.key == position_id), None)
        if debt is None or not debt.open_minor:
            raise NotPlaceable("Nothing of it is open any more: choose another, or 2890.")
        if not entry.is_credit or entry.is_reversal:
            raise NotPlaceable("Only a payment that came in pays a debt.")
        paid = min(entry.amount_minor, debt.open_minor)
        found = [Share(Use.PAY_IN, debt.key, debt.partner, paid)]
        if left := entry.amount_minor - paid:
            found.append(Share(Use.OVERPAID, None, debt.partner, left))
        return found

    return _place(entry_id, decision, "bank_entry.matched", shares)


def to_payment(entry_id: UUID, payment_id: UUID, decision: Decision) -> BankEntry:
    """What went out, or came back, is that payment of ours: of exactly its amount.

    :raises NotPlaceable: another amount, or the payment is not where it would have to be.
    """

    def shares(entry: BankEntry, ledgered: Ledgered) -> list[Share]:
        payout = next((one for one in ledgered.books.payouts if one.key == payment_id), None)
        if payout is None or payout.amount_minor != entry.amount_minor:
            raise NotPlaceable("It is none of the payments sent, or of another amount.")
        if payout.is_booked != entry.is_credit:
            raise NotPlaceable("It left already." if payout.is_booked else "It has not left yet.")
        use = Use.PAYOUT_RETURNED if entry.is_credit else Use.PAYOUT_BOOKED
        sign = 1 if entry.is_credit else -1
        return [Share(use, payout.key, payout.partner, sign * entry.amount_minor)]

    return _place(entry_id, decision, "bank_entry.matched", shares)


def to_file(entry_id: UUID, file_id: UUID, decision: Decision) -> BankEntry:
    """What went out is that payment file in one sum: all of it that has not left.

    :raises NotPlaceable: the payment came in, or the file's payments make another sum.
    """

    def shares(entry: BankEntry, ledgered: Ledgered) -> list[Share]:
        named = payment_information_id(file_id)
        waiting = [
            one
            for one in ledgered.books.payouts
            if one.payment_information_id == named and not one.is_booked
        ]
        total = sum(one.amount_minor for one in waiting)
        if entry.is_credit or total != entry.amount_minor:
            raise NotPlaceable(f"Of the file {total} minor units have not left yet.")
        return [
            Share(Use.PAYOUT_BOOKED, one.key, one.partner, -one.amount_minor) for one in waiting
        ]

    return _place(entry_id, decision, "bank_entry.matched", shares)


def to_unallocated(entry_id: UUID, partner_id: UUID | None, decision: Decision) -> BankEntry:
    """What came in goes to 2890: of the partner, or of the house where nobody knows whose it is.

    :raises NotPlaceable: the payment went out.
    """

    def shares(entry: BankEntry, ledgered: Ledgered) -> list[Share]:
        if not entry.is_credit:
            raise NotPlaceable("Only what came in can be kept as unallocated.")
        return [Share(Use.OVERPAID, None, partner_id, entry.amount_minor)]

    return _place(entry_id, decision, "bank_entry.unallocated", shares)


def to_charges(entry_id: UUID, decision: Decision) -> BankEntry:
    """What the bank took for its services, whatever the amount: 6900.

    :raises NotPlaceable: the payment came in.
    """

    def shares(entry: BankEntry, ledgered: Ledgered) -> list[Share]:
        if entry.is_credit:
            raise NotPlaceable("Charges go out.")
        return [Share(Use.CHARGE, None, None, -entry.amount_minor)]

    return _place(entry_id, decision, "bank_entry.charges", shares)


def _place(
    entry_id: UUID,
    decision: Decision,
    action: str,
    shares: Callable[[BankEntry, Ledgered], list[Share]],
) -> BankEntry:
    def placed() -> BankEntry:
        entry = _open_entry(entry_id)
        if not is_account_of_house(entry.account, entry.currency):
            raise NotPlaceable(
                f"{entry.account} is no bank account of the clearing house. Enter it there first."
            )
        ledgered = open_books(entry.environment, entry.currency, now=decision.now)
        found = Matched(key=entry.pk, step=Step.RULE, shares=tuple(shares(entry, ledgered)))
        act = posting.Act(
            by=decision.by, now=decision.now, limit_minor=0, reason=decision.reason[:500]
        )
        posting.post_matched(
            Matching(matched=(found,), unmatched=(), written_off=()),
            {entry.pk: entry},
            ledgered,
            act,
        )
        return _told(entry, action, decision)

    return in_transaction(placed)


def own_money(entry_id: UUID, decision: Decision) -> BankEntry:
    """Not of the clearing: nothing is posted, and it is set aside with the reason.

    :raises NotPlaceable: it is placed already.
    """

    def placed() -> BankEntry:
        entry = _open_entry(entry_id)
        BankMatch.objects.create(
            id=uuid7_at(decision.now),
            entry=entry,
            purpose=BankMatch.Purpose.OWN_MONEY,
            rule=BankMatch.Rule.PERSON,
            amount_minor=entry.amount_minor,
            reason=decision.reason[:500],
            matched_by=decision.by[:150],
            matched_at=decision.now,
        )
        _end(entry, BankEntry.State.SET_ASIDE, decision)
        return _told(entry, "bank_entry.set_aside", decision)

    return in_transaction(placed)


def paid_back(entry_id: UUID, partner_id: UUID, decision: Decision) -> BankEntry:
    """What went out gave back what a partner had paid too much: Dr 2890 / Cr 1800.

    :raises NotPlaceable: it came in, or the partner has less on 2890.
    """

    def placed() -> BankEntry:
        entry = _open_entry(entry_id)
        if entry.is_credit:
            raise NotPlaceable("Only what went out gives something back.")
        _take_from_unallocated(entry.environment, entry.currency, partner_id, entry.amount_minor)
        posted = _post(
            entry,
            Entry(
                event_key=f"bank:{entry.pk}:0",
                kind=Transfer.Kind.PAY_BACK,
                debit=Side(posting.UNALLOCATED, partner_id),
                credit=Side(posting.BANK, clearing_house().pk),
                amount_minor=entry.amount_minor,
                currency=entry.currency,
                environment=entry.environment,
                reason=decision.reason[:500],
            ),
            decision,
        )
        BankMatch.objects.create(
            id=uuid7_at(decision.now),
            entry=entry,
            purpose=BankMatch.Purpose.PAY_BACK,
            rule=BankMatch.Rule.PERSON,
            partner_id=partner_id,
            amount_minor=entry.amount_minor,
            transfer=posted,
            reason=decision.reason[:500],
            matched_by=decision.by[:150],
            matched_at=decision.now,
        )
        _end(entry, BankEntry.State.MATCHED, decision)
        account = unallocated.account_of(entry.environment, entry.currency, partner_id)
        if account is not None:
            unallocated.end_tasks(
                account, by=decision.by, resolution=decision.reason, now=decision.now
            )
        return _told(entry, "bank_entry.paid_back", decision)

    return in_transaction(placed)


def close_task(exception_id: UUID, decision: Decision) -> BankException:
    """What a booked payment still asked for is done: given back, or the bank data asked for.

    :raises NotPlaceable: the payment still waits to be placed, or the task is done.
    """

    def closed() -> BankException:
        row = BankException.objects.select_for_update().get(pk=exception_id)
        if row.resolved_at is not None:
            raise NotPlaceable(f"It is done: {row.resolution}.")
        if row.code not in _TASKS:
            raise NotPlaceable("The payment is not placed yet: decide what it is for.")
        row.resolution, row.resolved_by = decision.reason[:500], decision.by[:150]
        row.resolved_at = decision.now
        row.save(update_fields=["resolution", "resolved_by", "resolved_at"])
        audit.record(
            "bank_exception.done", row, actor=decision.by, at=decision.now, reason=decision.reason
        )
        return row

    return in_transaction(closed)


def _take_from_unallocated(environment: str, currency: str, partner_id: UUID, minor: int) -> None:
    account = unallocated.account_of(environment, currency, partner_id)
    free = 0
    if account is not None:
        unallocated.lock_account(account)
        free = unallocated.free_minor(account)
    if minor > free:
        name = Partner.objects.get(pk=partner_id)
        raise NotPlaceable(f"2890 holds {free} minor units for {name}, {minor} went out.")


def _open_entry(entry_id: UUID) -> BankEntry:
    environment = BankEntry.objects.values_list("environment", flat=True).get(pk=entry_id)
    lock_bank(environment)
    entry = BankEntry.objects.select_for_update().get(pk=entry_id)
    if entry.state not in (BankEntry.State.NEW, BankEntry.State.EXCEPTION):
        raise NotPlaceable(f"The payment is placed already ({entry.get_state_display()}).")
    return entry


def _post(entry: BankEntry, row: Entry, decision: Decision) -> Transfer:
    if not is_account_of_house(entry.account, entry.currency):
        raise NotPlaceable(f"{entry.account} is no bank account of the clearing house.")
    return post([row], now=decision.now)[0]


def _end(entry: BankEntry, state: str, decision: Decision) -> None:
    entry.state = state
    entry.save(update_fields=["state"])
    BankException.objects.filter(entry=entry, resolved_at__isnull=True).update(
        resolution=decision.reason[:500], resolved_by=decision.by[:150], resolved_at=decision.now
    )


def _told(entry: BankEntry, action: str, decision: Decision) -> BankEntry:
    audit.record(action, entry, actor=decision.by, at=decision.now, reason=decision.reason)
    return entry


def open_positions(environment: str, currency: str, *, now: datetime) -> list[tuple[Position, int]]:
    """Debts that a payment can be for, with what is open of each, the longest due first."""
    ledgered = open_books(environment, currency, now=now)
    debts = sorted(ledgered.books.debts, key=lambda one: (one.due_on, one.key))
    return [(ledgered.positions[one.key], one.open_minor) for one in debts if one.open_minor]
