"""Monthly partitions of what grows, made before their month begins."""

from datetime import datetime

from django.db import connection

MONTHS_AHEAD = 3


def ensure_ahead(*, now: datetime) -> int:
    """Make the partitions of this month and the next three for every partitioned table.

    A month that already has rows in the DEFAULT partition stays there.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_partitioned_table JOIN pg_class ON oid = partrelid")
        tables = [name for (name,) in cursor.fetchall()]
        made = 0
        for table in tables:
            for month in range(MONTHS_AHEAD + 1):
                cursor.execute(
                    "SELECT clearinghouse_ensure_partition("
                    "%s, (%s + %s * interval '1 month')::date)",
                    [table, now, month],
                )
                made += int(cursor.fetchone()[0])
    return made
