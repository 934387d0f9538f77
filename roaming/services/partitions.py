"""Monthly partitions of what grows, made before their month begins."""

import logging
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from clearinghouse.locks import Lock, take

MONTHS_AHEAD = 3

_log = logging.getLogger(__name__)


@transaction.atomic
def ensure_ahead(*, now: datetime) -> int:
    """Make the partitions of this month and the next three; return how many were missing.

    A month that already has rows in the DEFAULT partition stays there: they are evidence and do
    not move. It is logged, since somebody let the months run out.
    """
    take(connection, Lock.PARTITIONS)
    return sum(
        _ensure(table, now=now, months=months)
        for table in _partitioned_tables()
        for months in range(MONTHS_AHEAD + 1)
    )


def _partitioned_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_partitioned_table JOIN pg_class ON oid = partrelid"
            " ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


def _ensure(table: str, *, now: datetime, months: int) -> int:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT clearinghouse_ensure_partition(%s, (%s + %s * interval '1 month')::date)",
                [table, now, months],
            )
            return int(cursor.fetchone()[0])
    except IntegrityError:
        _log.warning(
            "roaming.partition.month_stays_in_default", extra={"table": table, "months": months}
        )
        return 0
