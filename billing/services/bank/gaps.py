"""A statement that is missing stops the matching of its account until it is there or explained.

Numbers count the statements (053) of an account; some banks begin anew each year, so what counts is
the one received before. What a notification says is in a statement too, and has no number here.
"""

from datetime import datetime
from uuid import UUID

from billing.messages.bank_file import NotImportable
from billing.models import BankStatement, StatementGap
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.services import audit

# A jump over more is another series of numbers: its two ends are told, not each number.
MOST_TOLD = 60


class NotMissing(Exception):
    """The statement is there, or its absence was explained before."""


def check_follows(statement: BankStatement) -> None:
    """:raises NotImportable: it opens with another balance than the one before it closed with."""
    number = statement.number
    if statement.kind != BankStatement.Kind.STATEMENT or number is None:
        return
    before = list(_numbered(statement).filter(number=number - 1)[:2])
    if len(before) != 1 or None in (before[0].closing_minor, statement.opening_minor):
        return
    if before[0].closing_minor != statement.opening_minor:
        raise NotImportable(
            "BALANCE_DOES_NOT_FOLLOW",
            f"statement {statement.statement_id} opens with {statement.opening_minor} minor units,"
            f" number {number - 1} closed with {before[0].closing_minor}.",
        )


def note(statement: BankStatement, *, now: datetime) -> None:
    """End the gap that it fills, open those that it shows; call it after it is written."""
    number = statement.number
    if statement.kind != BankStatement.Kind.STATEMENT or number is None:
        return
    of_account = _of_account(statement)
    StatementGap.objects.filter(**of_account, number=number, ended_at__isnull=True).update(
        ended_at=now, ended_by="import", end_reason=f"received as {statement.statement_id}"
    )
    others = _numbered(statement).exclude(pk=statement.pk)
    last = others.order_by("-file__received_at", "-pk").first()
    if last is None or last.number is None:
        return
    missing = range(int(last.number) + 1, int(number))
    if len(missing) > MOST_TOLD:
        missing = range(int(number) - 1, int(number))
    known = set(others.filter(number__in=list(missing)).values_list("number", flat=True))
    StatementGap.objects.bulk_create(
        [
            StatementGap(id=uuid7_at(now), **of_account, number=one, opened_at=now)
            for one in missing
            if one not in known
        ],
        ignore_conflicts=True,
    )


def open_gaps(environment: str, account: str, currency: str) -> list[StatementGap]:
    """What is missing of an account; nothing of it is matched while there is one."""
    rows = StatementGap.objects.filter(
        environment=environment, account=account, currency=currency, ended_at__isnull=True
    )
    return list(rows.order_by("number"))


def explain(gap_id: UUID, *, reason: str, by: str, now: datetime) -> StatementGap:
    """Say why there is no such statement; matching of the account goes on.

    :raises NotMissing: it came, or was explained before.
    """

    def explained() -> StatementGap:
        gap = StatementGap.objects.select_for_update().get(pk=gap_id)
        if gap.ended_at is not None:
            raise NotMissing(f"Number {gap.number} is not missing: {gap.end_reason}.")
        gap.ended_at, gap.ended_by, gap.end_reason = now, by[:150], reason[:500]
        gap.save(update_fields=["ended_at", "ended_by", "end_reason"])
        audit.record("statement_gap.explained", gap, actor=by, at=now, reason=reason)
        return gap

    return in_transaction(explained)


def _of_account(statement: BankStatement) -> dict[str, str]:
    return {
        "environment": statement.environment,
        "account": statement.account,
        "currency": statement.currency,
    }


def _numbered(statement: BankStatement):
    return BankStatement.objects.filter(
        **_of_account(statement), kind=BankStatement.Kind.STATEMENT, number__isnull=False
    )
