"""Chain what was posted, after it was committed; and prove that nothing was changed since.

One task seals at a time. Posting never waits for it: a transfer is sealed by anti-join, minutes
later, and the day of its seal is the day on which the books show it. Each sealing moves the
horizon of the books on and dates its seals there, later than whatever was read before: so a book
of any instant up to the horizon never changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from billing.models import LedgerHorizon, LedgerSeal, Transfer
from billing.rules.sealing import FIRST_CHAIN, chain_sha256
from clearinghouse.locks import Lock, take
from clearinghouse.statements import load_statement

_SQL = Path(__file__).resolve().parent.parent / "sql"
_AT_ONCE = 10_000
_AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that does not fit its proof."""

    table: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``checked`` seals were redone; ``unsealed`` transfers wait for the next sealing."""

    checked: int
    unsealed: int
    first_broken: Broken | None

    @property
    def ok(self) -> bool:
        return self.first_broken is None


def seal(*, now: datetime) -> int:
    """Seal every committed transfer that has no seal; returns how many. Safe beside itself.

    The books are then complete until ``now``, also where nothing was to seal.
    """
    sealed = 0
    while done := _seal_some(now):
        sealed += done
    return sealed


@transaction.atomic
def _seal_some(now: datetime) -> int:
    take(connection, Lock.SEALING)
    horizon = _moved_horizon(now)
    last = LedgerSeal.objects.order_by("-sequence").first()
    sequence, chain = (last.sequence, last.chain_sha256) if last else (0, FIRST_CHAIN)
    seals = []
    for transfer_id, row_hash in _rows("unsealed_transfers.sql", {"limit": _AT_ONCE}):
        sequence, chain = sequence + 1, chain_sha256(chain, row_hash)
        seals.append(
            LedgerSeal(
                sequence=sequence,
                transfer_id=transfer_id,
                row_sha256=row_hash,
                chain_sha256=chain,
                sealed_at=horizon.complete_until_at,
            )
        )
    LedgerSeal.objects.bulk_create(seals, batch_size=2_000)
    horizon.seals += len(seals)
    horizon.save()
    return len(seals)


def _moved_horizon(now: datetime) -> LedgerHorizon:
    """The horizon at this sealing, not saved: ``now``, or just after it where clocks differ.

    The caller's clock was read before it waited for the lock, so ``now`` may lie before an instant
    for which the books were read meanwhile.
    """
    horizon = LedgerHorizon.objects.first()
    if horizon is None:
        return LedgerHorizon(complete_until_at=now)
    horizon.complete_until_at = max(now, horizon.complete_until_at + _AN_INSTANT)
    return horizon


@transaction.atomic
def verify() -> Verdict:
    """Redo every hash, the chain and its sequence, and re-add each transfer from its records."""
    take(connection, Lock.SEALING)
    checked, first = 0, None
    expected, chain = 1, FIRST_CHAIN
    for sequence, transfer_id, stored, stored_chain, found in _rows("sealed_transfers.sql", {}):
        reason = _reason(sequence, expected, stored, found)
        chain = chain_sha256(chain, stored)
        if not reason and chain != stored_chain:
            reason = f"the chain of seal {sequence} does not follow from the one before"
        if reason:
            first = Broken("billing_transfer", str(transfer_id), reason)
            break
        checked, expected = checked + 1, sequence + 1
    return Verdict(checked, _unsealed(), first or _taken_out(checked) or _not_readded())


def _taken_out(checked: int) -> Broken | None:
    """The newest seals are gone; those that are left fit each other."""
    horizon = LedgerHorizon.objects.first()
    if horizon is None or horizon.seals <= checked:
        return None
    reason = f"seals after {checked} are missing: {horizon.seals} were written"
    return Broken("billing_ledgerseal", str(checked + 1), reason)


def _reason(sequence: int, expected: int, stored: str, found: str | None) -> str:
    if sequence != expected:
        return f"seal {expected} is missing"
    if found is None:
        return "the sealed transfer is gone"
    if found != stored:
        return "the transfer was changed after it was sealed"
    return ""


def _not_readded() -> Broken | None:
    for transfer_id, amount, added in _rows("transfers_not_readded.sql", {}):
        reason = f"{amount} minor units are posted, its cleared records add up to {added}"
        return Broken("billing_transfer", str(transfer_id), reason)
    return None


def _unsealed() -> int:
    return Transfer.objects.filter(seal__isnull=True).count()


def _rows(file_name: str, parameters: dict[str, Any]) -> Iterator[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / file_name), parameters)
        while rows := cursor.fetchmany(5_000):
            yield from rows
