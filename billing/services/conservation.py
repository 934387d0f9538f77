"""Prove that nothing was lost: what came in through the door equals where it is now."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection

from billing.models import ConservationProof
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at

BUCKETS = ("rejected", "held", "open", "disputed", "withdrawn", "cleared", "credited")

_SQL = Path(__file__).resolve().parent.parent / "sql"
_Key = tuple[UUID, str, date, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sender, environment, UTC day of receipt and currency; amounts are claims.

    ``counts`` and ``amounts`` (decimal strings) have every bucket. ``holds``: both sums agree.
    """

    sender_id: UUID
    environment: str
    day: date
    currency: str
    received: int
    received_amount: Decimal
    counts: dict[str, int]
    amounts: dict[str, str]
    holds: bool

    @property
    def key(self) -> _Key:
        return self.sender_id, self.environment, self.day, self.currency

    def __str__(self) -> str:
        stands = sum(self.counts.values())
        amount = sum(map(Decimal, self.amounts.values()), Decimal(0))
        return (
            f"sender {self.sender_id}, {self.day}, {self.currency or 'no currency'}: "
            f"{self.received} records of {self.received_amount.normalize():f} received, "
            f"{stands} of {amount.normalize():f} found"
        )


def lines(
    *, sender_ids: Collection[UUID] | None = None, from_day: date | None = None
) -> list[Line]:
    """Compare tallies and tables now. ``from_day``: only what was received on it or later."""
    parameters = {
        "sender_ids": None if sender_ids is None else sorted(sender_ids),
        "from_day": from_day,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "prove_conservation.sql"), parameters)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [_line(row) for row in rows]


def prove(
    *,
    now: datetime,
    sender_ids: Collection[UUID] | None = None,
    from_day: date | None = None,
) -> list[Line]:
    """Write a proof for every line that changed since its newest proof, or that fails.

    Returns the lines that do not hold; an empty list is good news.
    """
    found = lines(sender_ids=sender_ids, from_day=from_day)
    known = _newest_proofs({line.sender_id for line in found}, from_day=from_day)
    ConservationProof.objects.bulk_create(
        [
            ConservationProof(
                id=uuid7_at(now),
                proved_at=now,
                sender_id=line.sender_id,
                environment=line.environment,
                day=line.day,
                currency=line.currency,
                received=line.received,
                received_amount=line.received_amount,
                counts=line.counts,
                amounts=line.amounts,
                holds=line.holds,
            )
            for line in found
            if not line.holds or known.get(line.key) != _content(line)
        ],
        batch_size=5_000,
    )
    return [line for line in found if not line.holds]


def _line(row: dict) -> Line:
    """Fill the empty buckets. Django hands jsonb over as text."""
    counts, amounts = json.loads(row.pop("counts")), json.loads(row.pop("amounts"))
    return Line(
        counts={bucket: counts.get(bucket, 0) for bucket in BUCKETS},
        amounts={bucket: amounts.get(bucket, "0") for bucket in BUCKETS},
        **row,
    )


def _content(line: Line | ConservationProof) -> tuple:
    return line.received, line.received_amount, line.counts, line.amounts, line.holds


def _newest_proofs(sender_ids: Iterable[UUID], *, from_day: date | None) -> dict[_Key, tuple]:
    line_of_proof = ("sender", "environment", "day", "currency")
    proofs = ConservationProof.objects.filter(sender__in=list(sender_ids))
    if from_day is not None:
        proofs = proofs.filter(day__gte=from_day)
    newest = proofs.order_by(*line_of_proof, "-proved_at", "-id").distinct(*line_of_proof)
    return {
        (proof.sender_id, proof.environment, proof.day, proof.currency): _content(proof)
        for proof in newest
    }
