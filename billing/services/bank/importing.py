"""Take in what the bank sent: kept as received, each booked payment once, whatever repeats it.

The same money is in the day's notification (054), in the statement (053) and in a file that is sent
again. An entry is known by the account, the bank's reference and its amount; where the bank gives
no reference, by what it wrote. A contradiction is never resolved by dropping money.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection

from billing.messages import bank_file, camt
from billing.messages.bank_file import Entry, Movement, NotImportable
from billing.messages.xml_nodes import LARGEST_BYTES
from billing.models import BankEntry, BankException, BankFile, BankStatement
from billing.services.bank import gaps
from clearinghouse import locks
from clearinghouse.locks import Lock
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at

WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file as received by whom."""

    content: bytes
    name: str
    environment: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """``added`` and ``duplicates`` count payments, which are the parts of entries."""

    file: BankFile
    statements: list[BankStatement]
    added: int
    duplicates: int


def import_file(received: Received, *, now: datetime) -> Imported:
    """Take a file in, or keep it as refused; a second time changes nothing.

    :raises NotImportable: nothing of it was taken in; the file is kept with the reason.
    """
    try:
        read = camt.read_camt(received.content)
        return in_transaction(lambda: _import(received, read, now))
    except NotImportable as error:
        if len(received.content) <= LARGEST_BYTES:
            refusal = {"code": error.code, "detail": error.detail}
            in_transaction(lambda: _keep(received, now=now, refusal=refusal))
        raise


def _keep(received: Received, *, now: datetime, refusal: dict | None = None) -> BankFile:
    """The row of these bytes, made when they come for the first time."""
    file, _ = BankFile.objects.defer("content").get_or_create(
        environment=received.environment,
        sha256=sha256(received.content).hexdigest(),
        defaults={
            "id": uuid7_at(now),
            "file_name": received.name[-200:],
            "content": received.content,
            "received_by": received.by[:150],
            "received_at": now,
            "refusal": refusal,
        },
    )
    return file


def _import(received: Received, read: bank_file.BankFile, now: datetime) -> Imported:
    lock_bank(received.environment)
    file = _keep(received, now=now)
    known = list(file.statements.order_by("place"))
    if known:
        parts = sum(len(entry.movements) for one in read.statements for entry in _money(one))
        return Imported(file=file, statements=known, added=0, duplicates=parts)
    statements, added, duplicates = [], 0, 0
    for place, said in enumerate(read.statements, start=1):
        statement = _statement(file, place, read.kind, said, now)
        gaps.check_follows(statement)
        statement.save(force_insert=True)
        gaps.note(statement, now=now)
        new, repeated = _take(statement, said, now)
        statements.append(statement)
        added, duplicates = added + new, duplicates + repeated
    return Imported(file=file, statements=statements, added=added, duplicates=duplicates)


def lock_bank(environment: str) -> None:
    """One import or matching at a time; taken before any row."""
    locks.take(connection, Lock.BANK, environment)


def _money(statement: bank_file.BankStatement) -> Iterable[Entry]:
    return (entry for entry in statement.booked if entry.amount_minor)


def _statement(
    file: BankFile, place: int, kind: str, said: bank_file.BankStatement, now: datetime
) -> BankStatement:
    return BankStatement(
        id=uuid7_at(now),
        file=file,
        place=place,
        environment=file.environment,
        kind=kind.removeprefix("camt."),
        account=said.account,
        currency=said.currency,
        statement_id=said.identification[:70],
        number=said.legal_number if said.number is None else said.number,
        opening_minor=said.opening_minor,
        closing_minor=said.closing_minor,
        credit_minor=said.credit_minor,
        debit_minor=said.debit_minor,
        entries_count=len(said.entries),
    )


def _take(
    statement: BankStatement, said: bank_file.BankStatement, now: datetime
) -> tuple[int, int]:
    """Write the payments that are not known; how many were new, and how many repeated."""
    known = _known(statement, {entry.reference for entry in said.entries})
    new: list[BankEntry] = []
    duplicates = 0
    for entry in _money(said):
        rows = known.get(entry.reference, [])
        same = [row for row in rows if _is_same(row, rows, entry)]
        if not same:
            apart = f"{entry.reference}@{entry.booked_on}.{entry.amount_minor}" if rows else ""
            new += _rows(statement, entry, apart or entry.reference, now)
        elif _says_more(entry, same):
            _set_aside(same[0], statement, now)
            new += _rows(statement, entry, entry.reference, now)
        else:
            duplicates += len(entry.movements)
    BankEntry.objects.bulk_create(new)
    return len(new), duplicates


def _known(statement: BankStatement, references: set[str]) -> dict[str, list[BankEntry]]:
    rows = BankEntry.objects.select_related("statement").filter(
        environment=statement.environment,
        account=statement.account,
        currency=statement.currency,
        reference__in=[reference[:70] for reference in references],
    )
    found: dict[str, list[BankEntry]] = {}
    for row in rows.order_by("entry_key"):
        found.setdefault(row.reference, []).append(row)
    return found


def _is_same(row: BankEntry, rows: list[BankEntry], entry: Entry) -> bool:
    """The row is of the same entry: what it is part of has the same sum and day.

    A notification may come on another day than the statement; two statements may not.
    """
    whole = [one for one in rows if _entry_of(one) == _entry_of(row)]
    parts = [one for one in whole if one.is_itemised] or whole
    if sum(_signed(one) for one in parts) != entry.amount_minor:
        return False
    if None in (row.booked_date, entry.booked_on) or row.booked_date == entry.booked_on:
        return True
    return row.statement.kind != BankStatement.Kind.STATEMENT


def _entry_of(row: BankEntry) -> str:
    return row.entry_key.rpartition("/")[0]


def _signed(row: BankEntry) -> int:
    return row.amount_minor if row.is_credit else -row.amount_minor


def _says_more(entry: Entry, same: list[BankEntry]) -> bool:
    """The parts of a batch that was one sum until now, and that nobody has used."""
    only = same[0]
    is_open = only.state in (BankEntry.State.NEW, BankEntry.State.EXCEPTION)
    return entry.is_itemised and len(same) == 1 and not only.is_itemised and is_open


def _set_aside(row: BankEntry, statement: BankStatement, now: datetime) -> None:
    row.state = BankEntry.State.SET_ASIDE
    row.save(update_fields=["state"])
    told = {
        "resolution": f"itemised by {statement.kind} {statement.statement_id}",
        "resolved_by": "import",
        "resolved_at": now,
    }
    BankException.objects.filter(entry=row, resolved_at__isnull=True).update(**told)


def _rows(statement: BankStatement, entry: Entry, reference: str, now: datetime) -> list[BankEntry]:
    return [
        BankEntry(
            id=uuid7_at(now),
            statement=statement,
            environment=statement.environment,
            account=statement.account,
            currency=statement.currency,
            entry_key=f"{reference}/{part.index if entry.is_itemised else WHOLE}",
            reference=entry.reference[:70],
            amount_minor=abs(part.amount_minor),
            is_credit=part.amount_minor > 0,
            is_reversal=part.is_return,
            is_itemised=entry.is_itemised,
            booked_date=entry.booked_on,
            value_date=entry.value_on,
            bank_code=entry.bank_code[:40],
            charges_minor=part.charges_minor,
            **_said(part, entry),
        )
        for part in entry.movements
        if part.amount_minor
    ]


def _said(part: Movement, entry: Entry) -> dict[str, str]:
    """The words of the bank; structured references after the first go to the free text."""
    others = " ".join((*part.references[1:], part.remittance or entry.information))
    return {
        "end_to_end_id": part.end_to_end_id[:35],
        "payment_file_reference": part.payment_information_id[:35],
        "mandate_reference": part.mandate_id[:35],
        "creditor_reference": "".join(part.references[:1])[:35],
        "remittance": others[:1000],
        "counterparty_name": part.counterparty.name[:140],
        "counterparty_account": part.counterparty.account[:34],
        "return_reason": part.return_reason[:4],
    }
