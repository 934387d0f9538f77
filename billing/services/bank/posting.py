"""Post what matching found: a transfer and a match for each part of each payment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from billing.models import (
    BankEntry,
    BankException,
    BankMatch,
    Payment,
    PaymentFile,
    Position,
    Settlement,
    Transfer,
    WriteOff,
)
from billing.rules.bank_facts import Matched, Matching, Share, Step, Use, WrittenOff
from billing.services.bank import unallocated
from billing.services.bank.books import Ledgered, claims_accounts
from billing.services.bank.unallocated import OVERPAID
from billing.services.ledger import Entry, Side, post
from billing.services.payments.moving import follow, move_payment
from billing.services.payments.states import refresh
from clearinghouse.uuid7 import uuid7_at
from partners.queries import clearing_house

BANK, IN_TRANSIT, UNALLOCATED, CHARGES = "1800", "1810", "2890", "6900"
PAYOUT_RETURNED = "PAYOUT_RETURNED"
_RULES = {
    Step.END_TO_END: BankMatch.Rule.END_TO_END_ID,
    Step.PAYMENT_FILE: BankMatch.Rule.PAYMENT_FILE,
    Step.REFERENCE: BankMatch.Rule.REFERENCE,
    Step.ACCOUNT_AND_AMOUNT: BankMatch.Rule.AMOUNT_AND_IBAN,
    Step.RULE: BankMatch.Rule.HOUSE_RULE,
}
_PURPOSES = {
    Use.PAY_IN: BankMatch.Purpose.PAY_IN,
    Use.PAY_IN_RETURNED: BankMatch.Purpose.RETURN,
    Use.PAYOUT_BOOKED: BankMatch.Purpose.PAYOUT,
    Use.PAYOUT_RETURNED: BankMatch.Purpose.RETURN,
    Use.OVERPAID: BankMatch.Purpose.UNALLOCATED,
    Use.CHARGE: BankMatch.Purpose.CHARGES,
}
_KINDS = {
    Use.PAY_IN: Transfer.Kind.PAY_IN,
    Use.PAY_IN_RETURNED: Transfer.Kind.RETURN,
    Use.PAYOUT_BOOKED: Transfer.Kind.PAYOUT_BOOKED,
    Use.PAYOUT_RETURNED: Transfer.Kind.RETURN,
    Use.OVERPAID: Transfer.Kind.UNALLOCATED,
    Use.CHARGE: Transfer.Kind.CHARGES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who posts when, up to which limit rests are let go; a person says why."""

    by: str
    now: datetime
    limit_minor: int
    reason: str = ""


@dataclass(slots=True)
class _Posted:
    """What is to be written, in the order of its transfers."""

    entries: list[Entry] = field(default_factory=list)
    rows: list[BankMatch | WriteOff] = field(default_factory=list)
    settlements: dict[UUID, Settlement] = field(default_factory=dict)


def post_matched(
    found: Matching, entries: Mapping[UUID, BankEntry], ledgered: Ledgered, act: Act
) -> None:
    """Write all of it; call it inside the transaction that holds the entries.

    :raises billing.rules.payment_states.NoSuchMove: a payment is not where the bank says it was.
    """
    posted = _Posted()
    # What left comes before what came back, whichever the bank lists first.
    for one in sorted(found.matched, key=lambda one: one.shares[0].use != Use.PAYOUT_BOOKED):
        for place, share in enumerate(one.shares):
            _share(posted, entries[one.key], one, share, place, ledgered, act)
    for rest in found.written_off:
        _write_off(posted, rest, ledgered, act)
    transfers = post(posted.entries, now=act.now)
    for row, transfer in zip(posted.rows, transfers, strict=True):
        row.transfer = transfer
    BankMatch.objects.bulk_create([row for row in posted.rows if isinstance(row, BankMatch)])
    WriteOff.objects.bulk_create([row for row in posted.rows if isinstance(row, WriteOff)])
    _close(posted, found, entries, act)
    for settlement in sorted(posted.settlements.values(), key=lambda one: one.pk):
        refresh(settlement, cause="statement of account", now=act.now)


def _share(
    posted: _Posted,
    entry: BankEntry,
    one: Matched,
    share: Share,
    place: int,
    ledgered: Ledgered,
    act: Act,
) -> None:
    position = ledgered.position_of(share.target) if share.target else None
    payment = _move(entry, share, ledgered, act)
    debit, credit = _sides(share, position, payment)
    posted.entries.append(
        Entry(
            event_key=f"bank:{entry.pk}:{place}",
            kind=_KINDS[share.use],
            debit=debit,
            credit=credit,
            amount_minor=abs(share.amount_minor),
            currency=entry.currency,
            environment=entry.environment,
            window_id=position.settlement.window_id if position else None,
            reason=(act.reason or entry.reference)[:500],
        )
    )
    posted.rows.append(
        BankMatch(
            id=uuid7_at(act.now),
            entry=entry,
            purpose=_PURPOSES[share.use],
            rule=BankMatch.Rule.PERSON if act.reason else _RULES[one.step],
            partner_id=share.partner,
            position=position,
            payment=payment,
            amount_minor=abs(share.amount_minor),
            reason=act.reason,
            matched_by=act.by[:150],
            matched_at=act.now,
        )
    )
    if position is not None:
        posted.settlements[position.settlement_id] = position.settlement


def _move(entry: BankEntry, share: Share, ledgered: Ledgered, act: Act) -> Payment | None:
    """Let our payment become what the bank did with it."""
    payment: Payment | None = None
    if share.target in ledgered.payments:
        payment = ledgered.payments[share.target]
    elif share.use in (Use.PAY_IN, Use.PAY_IN_RETURNED) and entry.end_to_end_id:
        payment = ledgered.collections.get(entry.end_to_end_id)
    if payment is None or payment.position_id != _position_id(share, ledgered):
        return None
    is_back = share.use in (Use.PAYOUT_RETURNED, Use.PAY_IN_RETURNED)
    to = Payment.State.RETURNED if is_back else Payment.State.BOOKED
    if payment.state != to:
        move_payment(
            payment,
            to,
            source=f"bank {entry.reference}",
            now=act.now,
            reason_code=entry.return_reason if is_back else "",
        )
        follow(PaymentFile.objects.select_for_update().get(pk=payment.file_id))
    return payment


def _position_id(share: Share, ledgered: Ledgered) -> UUID | None:
    if share.target in ledgered.payments:
        return ledgered.payments[share.target].position_id
    return share.target


def _sides(share: Share, position: Position | None, payment: Payment | None) -> tuple[Side, Side]:
    """Debit and credit of a share."""
    house = clearing_house().pk
    bank = Side(BANK, house)
    owed, gets = claims_accounts(position) if position else (UNALLOCATED, UNALLOCATED)
    if share.use == Use.PAY_IN:
        return bank, Side(owed, share.partner)
    if share.use == Use.PAY_IN_RETURNED:
        return Side(owed, share.partner), bank
    if share.use == Use.PAYOUT_BOOKED:
        return Side(IN_TRANSIT, house), bank
    if share.use == Use.PAYOUT_RETURNED:
        return bank, Side(gets, share.partner)
    if share.use == Use.CHARGE:
        return Side(CHARGES, house), bank
    return bank, Side(UNALLOCATED, share.partner or house)


def _write_off(posted: _Posted, rest: WrittenOff, ledgered: Ledgered, act: Act) -> None:
    """Dr 6900 / Cr what the partner owes (or gets again, where the bank kept part of a return)."""
    position = ledgered.position_of(rest.target)
    if position is None:
        raise ValueError("Only a rest of a position is written off.")
    owed, gets = claims_accounts(position)
    account = owed if rest.target in ledgered.positions else gets
    posted.entries.append(
        Entry(
            event_key=f"write-off:{rest.target}:{act.now.isoformat()}",
            kind=Transfer.Kind.WRITE_OFF,
            debit=Side(CHARGES, clearing_house().pk),
            credit=Side(account, rest.partner),
            amount_minor=rest.amount_minor,
            currency=position.settlement.currency,
            environment=position.settlement.environment,
            window_id=position.settlement.window_id,
            reason="rest or charges up to the limit",
        )
    )
    posted.rows.append(
        WriteOff(
            id=uuid7_at(act.now),
            position=position,
            amount_minor=rest.amount_minor,
            rule_limit_minor=act.limit_minor,
            reason="paid short by no more than the limit; bank charges as a rule",
            written_off_at=act.now,
        )
    )
    posted.settlements[position.settlement_id] = position.settlement


def _close(posted: _Posted, found: Matching, entries: Mapping[UUID, BankEntry], act: Act) -> None:
    """End what waited, but for what still asks for a person though it is booked."""
    rows = [entries[one.key] for one in found.matched]
    for entry in rows:
        entry.state = BankEntry.State.MATCHED
    BankEntry.objects.bulk_update(rows, ["state"])
    matches = [row for row in posted.rows if isinstance(row, BankMatch)]
    tasks = {} if act.reason else _tasks(matches)
    waiting = BankException.objects.filter(entry__in=rows, resolved_at__isnull=True)
    _resolve(waiting.exclude(entry__in=tasks), act.reason or "matched by rule", act)
    known = {one.entry_id: one for one in waiting.filter(entry__in=tasks)}
    for entry_id, one in known.items():
        one.code, one.suggestions = tasks[entry_id], []
        one.save(update_fields=["code", "suggestions"])
    BankException.objects.bulk_create(
        BankException(id=uuid7_at(act.now), entry_id=entry_id, code=code, opened_at=act.now)
        for entry_id, code in tasks.items()
        if entry_id not in known
    )
    for row in matches:
        if row.purpose == BankMatch.Purpose.PAYOUT and row.position_id:
            again = row.entry.end_to_end_id or row.entry.reference
            _resolve(_returned(row.position_id), f"paid again as {again}", act)
        elif row.payment is not None and row.payment.purpose == Payment.Purpose.PAY_BACK:
            entry = row.entry
            account = unallocated.account_of(
                entry.environment, entry.currency, row.payment.partner_id
            )
            if account is not None:
                told = f"given back as {entry.end_to_end_id or entry.reference}"
                unallocated.end_tasks(account, by=act.by, resolution=told, now=act.now)


def _tasks(matches: Iterable[BankMatch]) -> dict[UUID, str]:
    """Money to give back, and bank data to ask for."""
    tasks: dict[UUID, str] = {}
    for row in matches:
        if row.purpose == BankMatch.Purpose.UNALLOCATED:
            tasks[row.entry_id] = OVERPAID
        elif row.purpose == BankMatch.Purpose.RETURN and row.entry.is_credit:
            tasks[row.entry_id] = PAYOUT_RETURNED
    return tasks


def _returned(position_id: UUID) -> QuerySet[BankException]:
    return BankException.objects.filter(
        code=PAYOUT_RETURNED, resolved_at__isnull=True, entry__matches__position=position_id
    )


def _resolve(rows: QuerySet[BankException], resolution: str, act: Act) -> None:
    ids = list(rows.values_list("pk", flat=True))
    BankException.objects.filter(pk__in=ids).update(
        resolution=resolution[:500], resolved_by=act.by[:150], resolved_at=act.now
    )
