"""A house with as many records as wanted: those of a small one, copied inside the database."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from tests.clearinghouse.admin_world import House, a_house

# The copies of one record have its instant and a number of their own, so ids grow with ``n``.
_NUMBERED = "(left({column}::text, 24) || lpad(to_hex(n + {more}), 12, '0'))::uuid"


def a_large_house(records: int, *, held: int = 0) -> House:
    """``a_house`` and copies of its accepted and its held record, with what stands beside them."""
    house = a_house()
    # Records of one batch share their beginning: copies of the second get higher numbers.
    for state, count, more in ((house.accepted, records, 0), (house.held, held, records)):
        copy_record(state.pk, count, more=more, window_id=house.open_window.pk)
    return house


def copy_record(record_id: UUID, count: int, *, more: int, window_id: UUID) -> None:
    """``window_id``: the open window that their cleared rows go into."""
    own = numbered("id", more=more)
    of_record = numbered("record_id", more=more)
    sdr_id = {"sdr_id": "sdr_id || '-' || n"}
    session = {"service_session_id": "service_session_id || '-' || n"}
    copies("roaming_sdr", count, {"id": own} | sdr_id | session, id=record_id)
    copies("roaming_sdrstate", count, {"id": own}, id=record_id)
    copies("roaming_sdrkey", count, {"record_id": of_record} | sdr_id, record_id=record_id)
    copies(
        "roaming_sessionkey",
        count,
        {"record_id": of_record, "session_id": "session_id || '-' || n"},
        record_id=record_id,
    )
    copies("roaming_sdrevent", count, {"record_id": of_record}, record_id=record_id)
    copies("roaming_hold", count, {"record_id": of_record}, record_id=record_id)
    into = {"window_id": f"'{window_id}'::uuid"}
    copies("billing_clearedsdr", count, {"id": own} | into, id=record_id)
    copies("roaming_finding", count, {"id": own, "record_id": of_record}, record_id=record_id)
    copies(
        "roaming_delivery",
        count,
        {
            "id": own,
            "subject_id": numbered("subject_id", more=more),
            "sequence": f"{more + 1000} + n",
        },
        subject_id=record_id,
    )


def numbered(column: str, *, more: int = 0) -> str:
    return _NUMBERED.format(column=column, more=more)


def copies(table: str, count: int, changes: Mapping[str, str], **where: object) -> int:
    """Copy the rows of ``table`` that match ``count`` times, ``n`` from 1, with changed columns."""
    if not count:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        columns = cursor.fetchone()[0]
        read = ", ".join(changes.get(name, f'"{name}"') for name in columns)
        written = ", ".join(f'"{name}"' for name in columns)
        matching = " AND ".join(f'"{name}" = %s' for name in where)
        cursor.execute(
            f"INSERT INTO {table} ({written}) SELECT {read}"
            f" FROM (SELECT * FROM {table} WHERE {matching}) AS copied,"
            " generate_series(1, %s) AS n",
            [*where.values(), count],
        )
        return cursor.rowcount
