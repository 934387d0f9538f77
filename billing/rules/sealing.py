"""How a ledger row is hashed and chained; the readable twin of ``sql/unsealed_transfers.sql``.

An auditor can redo both with a text editor and ``sha256sum``: the row is one line of text, and the
chain is the hash of two hashes.
"""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

# What the chain of an empty ledger ends in.
FIRST_CHAIN = "0" * 64


class LedgerRow(NamedTuple):
    """A transfer as it is spelled for its hash, in this order."""

    id: UUID
    event_key: str
    kind: str
    window_id: UUID | None
    debit_account_id: UUID
    credit_account_id: UUID
    currency: str
    environment: str
    amount_minor: int
    sdrs: int
    reverses_id: UUID | None
    reason: str
    posted_at: datetime


def spelled(row: LedgerRow) -> str:
    """One line, parts divided by ``|``; nothing for null, instants as UTC with microseconds."""
    parts = [*row[:-1], _utc(row.posted_at)]
    return "|".join("" if part is None else str(part) for part in parts)


def row_sha256(row: LedgerRow) -> str:
    """Hash one transfer."""
    return hashlib.sha256(spelled(row).encode()).hexdigest()


def chain_sha256(previous: str, row: str) -> str:
    """Hash the chain so far and the next row, both as 64 hex digits."""
    return hashlib.sha256(f"{previous}{row}".encode("ascii")).hexdigest()


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
