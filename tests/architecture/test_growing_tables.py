"""Tables that grow: partitioned, with their sender in every unique key, like their models."""

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

GROWING = (
    "roaming_rawrecord",
    "roaming_sdr",
    "roaming_sdrstate",
    "roaming_sdrevent",
    "roaming_finding",
    "roaming_counterrecord",
    "roaming_signedvalue",
    "roaming_authorizationrequest",
    "billing_clearedsdr",
)
UNPARTITIONED_KEYS = ("roaming_sdrkey", "roaming_sessionkey", "roaming_rejectedkey")


def rows(statement: str, *parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


@pytest.mark.parametrize("table", GROWING)
def test_lies_in_monthly_partitions_with_a_default(table):
    children = rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", table
    )

    names = {name for (name,) in children}
    assert f"{table}_default" in names
    assert len(names) >= 4


@pytest.mark.parametrize("table", [*GROWING, *UNPARTITIONED_KEYS])
def test_has_its_sender_in_every_unique_key(table):
    keys = rows(
        "SELECT i.indexrelid::regclass::text, array_agg(a.attname::text) FROM pg_index AS i"
        " JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = %s::regclass AND i.indisunique GROUP BY 1",
        table,
    )

    assert keys
    senderless = [
        name
        for name, columns in keys
        if not {"sender_id", "seller_id", "cso_id", "record_id"} & set(columns)
    ]
    assert not senderless


@pytest.mark.parametrize("table", GROWING)
def test_has_exactly_the_columns_of_its_model(table):
    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    columns = rows(
        "SELECT attname::text, attnotnull FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        table,
    )

    wanted = {f.column: not f.null for f in model._meta.local_concrete_fields if f.column}
    assert dict(columns) == wanted


@pytest.mark.parametrize("table", GROWING)
def test_refuses_truncate_on_each_partition_where_it_is_evidence(table):
    if table == "roaming_sdrstate":
        pytest.skip("a state is the one thing that changes")
    unprotected = rows(
        "SELECT c.relname FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid"
        " WHERE inhparent = %s::regclass AND c.relname NOT LIKE '%%default' AND NOT EXISTS"
        " (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 32 = 32)",
        table,
    )

    assert not unprotected


def test_a_month_is_made_once_and_takes_its_records():
    first = rows("SELECT clearinghouse_ensure_partition('roaming_sdr', date '2031-05-17')")
    second = rows("SELECT clearinghouse_ensure_partition('roaming_sdr', date '2031-05-01')")

    assert (first, second) == ([(True,)], [(False,)])


def test_the_app_role_owns_no_table_and_may_not_truncate_any():
    owned = rows("SELECT relname FROM pg_class WHERE relowner = current_user::regrole")
    truncatable = rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ="
        " 'public'::regnamespace AND has_table_privilege(current_user, oid, 'TRUNCATE')"
    )
    superuser = rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")

    assert not owned
    assert not truncatable
    assert superuser == [(False,)]
