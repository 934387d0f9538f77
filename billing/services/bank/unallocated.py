"""What 2890 holds for a partner pays a later debt of it; a person decides, the clock suggests."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum

from billing.models import (
    Account,
    Allocation,
    BankException,
    BankMatch,
    DunningCharge,
    Payment,
    Position,
    Transfer,
)
from billing.rules.bank_facts import Debt
from billing.rules.unallocated import offered, pays
from billing.services.bank.books import claims_accounts, open_books
from billing.services.bank.importing import lock_bank
from billing.services.ledger import Entry, Side, post
from billing.services.payments.states import local_date, refresh
from clearinghouse import locks
from clearinghouse.locks import Lock
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.services import audit

UNALLOCATED = Account.Code.UNALLOCATED
OVERPAID, OWES_SINCE = "OVERPAID", "OVERPAID_AND_OWES"


class NotAllocatable(Exception):
    """Nothing is free on 2890, or nothing of the debt is open; the text says which."""


def held_minor(account: Account) -> int:
    """What an account of 2890 holds."""
    credits_, debits = (
        rows.aggregate(minor=Sum("amount_minor"))["minor"] or 0
        for rows in (account.credits.all(), account.debits.all())
    )
    return int(credits_ - debits)


def promised_minor(account: Account) -> int:
    """What was proposed to go back, and is not posted yet."""
    proposed = Payment.objects.filter(
        purpose=Payment.Purpose.PAY_BACK,
        state=Payment.State.PROPOSED,
        partner=account.partner_id,
        currency=account.currency,
        environment=account.environment,
    )
    return int(proposed.aggregate(minor=Sum("amount_minor"))["minor"] or 0)


def free_minor(account: Account) -> int:
    """What of it can pay a debt or go back."""
    return held_minor(account) - promised_minor(account)


def account_of(environment: str, currency: str, partner_id: UUID) -> Account | None:
    """The partner's 2890, where something ever stood on it."""
    return Account.objects.filter(
        code=UNALLOCATED, partner=partner_id, currency=currency, environment=environment
    ).first()


def lock_account(account: Account) -> None:
    """Whoever takes from it does so alone until the commit, and waits for no other row then."""
    locks.take(
        connection,
        Lock.COVER,
        account.partner_id,
        UNALLOCATED,
        account.currency,
        account.environment,
    )


def open_debts(account: Account, *, now: datetime) -> list[tuple[Position, Debt]]:
    """What the account's partner owes, the longest due first; holds the settlements."""
    ledgered = open_books(account.environment, account.currency, now=now)
    debts = sorted(ledgered.books.debts, key=lambda one: (one.due_on, one.key))
    return [
        (ledgered.positions[one.key], one)
        for one in debts
        if one.partner == account.partner_id and one.open_minor
    ]


def allocate(
    account_id: UUID, position_id: UUID, *, by: str, reason: str, now: datetime
) -> Allocation:
    """Pay the debt from what is free on 2890, as far as it reaches: Dr 2890 / Cr 1300 or 1200.

    :raises NotAllocatable: nothing is free, or nothing of the debt is open any more.
    """
    return in_transaction(lambda: _allocate(account_id, position_id, by, reason, now))


def _allocate(
    account_id: UUID, position_id: UUID, by: str, reason: str, now: datetime
) -> Allocation:
    account = Account.objects.select_related("partner").get(pk=account_id)
    lock_bank(account.environment)
    found = {row.pk: (row, debt) for row, debt in open_debts(account, now=now)}
    lock_account(account)
    if position_id not in found:
        raise NotAllocatable("Nothing of that debt is open any more. Choose another.")
    position, debt = found[position_id]
    minor = pays(free_minor(account), debt.open_minor)
    if not minor:
        raise NotAllocatable("Nothing is free on 2890: it paid a debt, or is on its way back.")
    allocation = _posted(account, _What(position, minor), by=by, reason=reason, now=now)
    refresh(position.settlement, cause="set against 2890", now=now)
    _follow(account, by=by, resolution=reason, now=now)
    audit.record(
        "unallocated.allocated",
        position,
        actor=by,
        at=now,
        reason=reason,
        after={"amount_minor": minor, "account": str(account.pk)},
    )
    return allocation


def open_charges(account: Account) -> list[DunningCharge]:
    """What the account's partner was charged for paying late and has not paid, oldest first."""
    rows = DunningCharge.objects.filter(
        allocation__isnull=True,
        position__partner=account.partner_id,
        position__settlement__currency=account.currency,
        position__settlement__environment=account.environment,
    )
    return list(rows.select_related("position__settlement__window__group").order_by("pk"))


def pay_charge(
    account_id: UUID, charge_id: UUID, *, by: str, reason: str, now: datetime
) -> Allocation:
    """Pay interest or a lump sum from what is free on 2890: whole, and once.

    :raises NotAllocatable: less is free, or it is paid.
    """
    return in_transaction(lambda: _pay_charge(account_id, charge_id, by, reason, now))


def _pay_charge(
    account_id: UUID, charge_id: UUID, by: str, reason: str, now: datetime
) -> Allocation:
    account = Account.objects.select_related("partner").get(pk=account_id)
    lock_bank(account.environment)
    lock_account(account)
    charge = next((one for one in open_charges(account) if one.pk == charge_id), None)
    if charge is None:
        raise NotAllocatable("That charge is paid. Choose another.")
    if charge.amount_minor > free_minor(account):
        raise NotAllocatable("A charge is paid whole, and less than that is free on 2890.")
    what = _What(charge.position, charge.amount_minor, charge)
    allocation = _posted(account, what, by=by, reason=reason, now=now)
    end_tasks(account, by=by, resolution=reason, now=now)
    audit.record(
        "unallocated.allocated",
        charge.position,
        actor=by,
        at=now,
        reason=reason,
        after={"amount_minor": charge.amount_minor, "charge": str(charge.pk)},
    )
    return allocation


@dataclass(frozen=True, slots=True)
class _What:
    """What is paid: so much of a position's debt, or a charge of it."""

    position: Position
    minor: int
    charge: DunningCharge | None = None


def _posted(account: Account, what: _What, *, by: str, reason: str, now: datetime) -> Allocation:
    allocation_id = uuid7_at(now)
    owed, _ = claims_accounts(what.position)
    [transfer] = post(
        [
            Entry(
                event_key=f"allocation:{allocation_id}",
                kind=Transfer.Kind.UNALLOCATED,
                debit=Side(UNALLOCATED, account.partner_id),
                credit=Side(owed, account.partner_id),
                amount_minor=what.minor,
                currency=account.currency,
                environment=account.environment,
                window_id=what.position.settlement.window_id,
                reason=reason[:500],
            )
        ],
        now=now,
    )
    return Allocation.objects.create(
        id=allocation_id,
        position=what.position,
        charge=what.charge,
        amount_minor=what.minor,
        transfer=transfer,
        reason=reason[:500],
        allocated_by=by[:150],
        allocated_at=now,
    )


def suggest(environment: str, *, now: datetime) -> int:
    """Offer what 2890 holds for the debts that fell due; how many tasks ask for it.

    A task that a person ended asks again only where a debt fell due since.
    """
    accounts = Account.objects.filter(
        code=UNALLOCATED, environment=environment, partner__is_clearing_house=False
    )
    return sum(
        in_transaction(partial(_suggest, account, now)) for account in accounts.order_by("pk")
    )


def _suggest(account: Account, now: datetime) -> int:
    free = free_minor(account)
    due = _due(account, free, now) if free > 0 else []
    task = _task(account, now, is_wanted=bool(due))
    if task is None:
        return 0
    if task.resolved_at is None and task.code not in (OVERPAID, OWES_SINCE):
        return 0
    if task.resolved_at is not None:
        if not any(debt.due_on >= task.resolved_at.date() for debt, _ in due):
            return 0
        task.resolution, task.resolved_by, task.resolved_at = "", "", None
    task.code = OWES_SINCE if due else OVERPAID
    task.suggestions = [_told(debt, minor) for debt, minor in due]
    task.save(update_fields=["code", "suggestions", "resolution", "resolved_by", "resolved_at"])
    return int(bool(due))


def _due(account: Account, free: int, now: datetime) -> list[tuple[Debt, int]]:
    debts = open_debts(account, now=now)
    if not debts:
        return []
    today = local_date(debts[0][0].settlement, now)
    return offered(free, (debt for _, debt in debts), today=today)


def _task(account: Account, now: datetime, *, is_wanted: bool) -> BankException | None:
    """The task of the newest payment that stands there; made where it is wanted and missing."""
    matches = BankMatch.objects.filter(
        purpose=BankMatch.Purpose.UNALLOCATED,
        partner=account.partner_id,
        entry__currency=account.currency,
        entry__environment=account.environment,
    )
    newest = matches.order_by("-pk").first()
    if newest is None:
        return None
    task = BankException.objects.filter(entry=newest.entry_id).first()
    if task is None and is_wanted:
        task = BankException.objects.create(
            id=uuid7_at(now), entry_id=newest.entry_id, code=OWES_SINCE, opened_at=now
        )
    return task


def _told(debt: Debt, minor: int) -> dict[str, object]:
    return {
        "kind": "position",
        "target": str(debt.key),
        "partner": str(debt.partner),
        "amount_minor": minor,
        "reasons": ["DUE"],
    }


def end_tasks(account: Account, *, by: str, resolution: str, now: datetime) -> None:
    """Where nothing is left on 2890, nobody has to care for it any more."""
    if held_minor(account) == 0:
        _tasks_of(account).update(
            resolution=resolution[:500], resolved_by=by[:150], resolved_at=now
        )


def _follow(account: Account, *, by: str, resolution: str, now: datetime) -> None:
    end_tasks(account, by=by, resolution=resolution, now=now)
    _suggest(account, now)


def _tasks_of(account: Account) -> QuerySet[BankException]:
    ids: Iterable[UUID] = BankException.objects.filter(
        code__in=[OVERPAID, OWES_SINCE],
        resolved_at__isnull=True,
        entry__environment=account.environment,
        entry__currency=account.currency,
        entry__matches__purpose=BankMatch.Purpose.UNALLOCATED,
        entry__matches__partner=account.partner_id,
    ).values_list("pk", flat=True)
    return BankException.objects.filter(pk__in=list(ids))
