"""Tables that hold evidence: append-only triggers and monthly partitions, as migration steps.

Ground: knows Django's migrations, nothing of ours.
"""

from django.db import migrations
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import (
    AddConstraint,
    AddIndex,
    CreateModel,
    ModelOperation,
    RemoveConstraint,
    RemoveIndex,
)

_OfAModel = (
    ModelOperation | FieldOperation | AddConstraint | RemoveConstraint | AddIndex | RemoveIndex
)

_REFUSE_CHANGE = """
CREATE FUNCTION clearinghouse_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: what is wrong is answered by a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
END $$
"""

_KEEP = """
CREATE FUNCTION clearinghouse_keep_but() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free constant text[] := TG_ARGV[1]::text[];
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION '% keeps what was said: only where it stands may change', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$
"""

# A partition holds one month of receipts: bounds are the smallest UUIDv7 of each month, so an id
# alone finds its partition and the primary key needs no second column. SECURITY DEFINER: the
# jobs run as clearinghouse_app, which may not create tables.
_ENSURE_PARTITION = """
CREATE FUNCTION clearinghouse_ensure_partition(parent text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_of_month timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    next_month timestamptz := (date_trunc('month', month::timestamp) + interval '1 month')
                              AT TIME ZONE 'UTC';
    child text := parent || to_char(month, '"_y"YYYY"m"MM');
    trigger_name text;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_partitioned_table
                    WHERE partrelid = to_regclass(quote_ident(parent))) THEN
        RAISE EXCEPTION '% is not a partitioned table', parent;
    END IF;
    IF to_regclass(quote_ident(child)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) '
        'WITH (autovacuum_vacuum_insert_threshold = 100000, '
        'autovacuum_vacuum_insert_scale_factor = 0.02)',
        child, parent,
        clearinghouse_uuid_floor(first_of_month), clearinghouse_uuid_floor(next_month));
    -- Row triggers come with the parent; TRUNCATE triggers do not.
    FOR trigger_name IN SELECT tgname FROM pg_trigger
                         WHERE tgrelid = to_regclass(quote_ident(parent))
                           AND tgtype & 32 = 32 AND NOT tgisinternal LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                       'EXECUTE FUNCTION clearinghouse_refuse_change(%L)',
                       trigger_name, child, replace(trigger_name, '_by_truncate', ''));
    END LOOP;
    RETURN true;
END $$
"""

_UUID_FLOOR = """
CREATE FUNCTION clearinghouse_uuid_floor(instant timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0')
            || repeat('0', 20))::uuid
$$
"""


def evidence_functions() -> list[migrations.RunSQL]:
    """Create the functions that the other steps of this module use; once, in the first app."""
    return [
        migrations.RunSQL(_REFUSE_CHANGE, "DROP FUNCTION clearinghouse_refuse_change()"),
        migrations.RunSQL(_UUID_FLOOR, "DROP FUNCTION clearinghouse_uuid_floor(timestamptz)"),
        migrations.RunSQL(
            _ENSURE_PARTITION, "DROP FUNCTION clearinghouse_ensure_partition(text, date)"
        ),
    ]


def append_only(table: str, name: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on ``table``, by triggers called ``name``."""
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
            f"CREATE TRIGGER {name}_by_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
            f"REVOKE UPDATE, DELETE ON {table} FROM clearinghouse_app",
        ],
        [
            f"DROP TRIGGER {name} ON {table}",
            f"DROP TRIGGER {name}_by_truncate ON {table}",
            f"GRANT UPDATE, DELETE ON {table} TO clearinghouse_app",
        ],
    )


def keeping_function() -> migrations.RunSQL:
    """Create the function that ``kept_but`` uses; once, in the first app."""
    return migrations.RunSQL(_KEEP, "DROP FUNCTION clearinghouse_keep_but()")


def kept_but(table: str, name: str, *columns: str) -> migrations.RunSQL:
    """Let only ``columns`` of a row change, and refuse DELETE and TRUNCATE, by triggers ``name``.

    What was said is evidence; the columns say where it stands.
    """
    free = "{" + ",".join(columns) + "}"
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION clearinghouse_keep_but('{name}', '{free}')",
            f"CREATE TRIGGER {name}_by_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
            f"REVOKE DELETE ON {table} FROM clearinghouse_app",
        ],
        [
            f"DROP TRIGGER {name} ON {table}",
            f"DROP TRIGGER {name}_by_truncate ON {table}",
            f"GRANT DELETE ON {table} TO clearinghouse_app",
        ],
    )


def guarded_default(table: str, name: str) -> migrations.RunSQL:
    """Refuse TRUNCATE on the DEFAULT partition of ``table``, as ``append_only`` does on it.

    Row triggers come with the parent; those of TRUNCATE do not.
    """
    return migrations.RunSQL(
        f"CREATE TRIGGER {name}_by_truncate BEFORE TRUNCATE ON {table}_default FOR EACH STATEMENT"
        f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
        f"DROP TRIGGER {name}_by_truncate ON {table}_default",
    )


class Together(Operation):
    """Carry out many steps of a migration between the models before them and those after them.

    Django renders all models anew after each step, which takes minutes where they are many; here it
    renders them twice. The steps are as ``makemigrations`` writes them, each of another field or
    constraint. A table is made as the steps leave it: those that go on about it have nothing to do.

    :raises TypeError: a step is not about a model, as ``RunSQL``
    """

    atomic = True

    def __init__(self, operations: list[_OfAModel]):
        for operation in operations:
            if not isinstance(operation, _OfAModel):
                raise TypeError(f"{operation} is not about a model")
        self.operations = operations

    def deconstruct(self):
        return self.__class__.__qualname__, [self.operations], {}

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # what is not rendered is not rendered anew
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self._carried_out():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self._carried_out()):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def _carried_out(self) -> list[_OfAModel]:
        made = {each.name_lower for each in self.operations if isinstance(each, CreateModel)}
        return [
            each
            for each in self.operations
            if isinstance(each, CreateModel) or _model_of(each) not in made
        ]

    def describe(self):
        return f"{len(self.operations)} steps together"


def _model_of(operation: _OfAModel) -> str:
    if isinstance(operation, ModelOperation):
        return operation.name_lower
    return operation.model_name.lower()


class CreatePartitionedModel(CreateModel):
    """Create a model's table in monthly partitions of a UUIDv7 column, with a DEFAULT one.

    The primary key in the database is (``id``, ``partner_column``), or the model's own composite
    one: what grows carries its sender in every unique key, so that it can be distributed later;
    the id comes first, so that an id alone is looked up.
    """

    partner_column = "sender_id"
    partition_column = "id"

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.name)
        sql, parameters = schema_editor.table_sql(model)
        table = model._meta.db_table
        single_key = '"id" uuid NOT NULL PRIMARY KEY'
        if single_key in sql:
            head, _, tail = sql.replace(single_key, '"id" uuid NOT NULL', 1).rpartition(")")
            sql = f'{head}, PRIMARY KEY ("id", "{self.partner_column}")){tail}'
        schema_editor.execute(f"{sql} PARTITION BY RANGE ({self.partition_column})", parameters)
        schema_editor.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))


class CreateModelPartitionedByRecord(CreatePartitionedModel):
    """The same by the id of the record that a row tells of."""

    partition_column = "record_id"


class CreateModelPartitionedForSeller(CreatePartitionedModel):
    """The same with the seller party in the key: a cleared row belongs to one seller."""

    partner_column = "seller_id"


class CreateModelPartitionedForCso(CreatePartitionedModel):
    """The same with the CSO in the key: a decision was asked for by one CSO."""

    partner_column = "cso_id"


def first_partitions(*tables: str) -> migrations.RunSQL:
    """Create the partitions from this month to the third after it; a job makes the later ones."""
    return migrations.RunSQL(
        [
            f"SELECT clearinghouse_ensure_partition('{table}',"  # noqa: S608 names of ours
            " (now() + n * interval '1 month')::date) FROM generate_series(0, 3) AS n"
            for table in tables
        ],
        migrations.RunSQL.noop,
    )


def shared_environment(*, table: str, column: str, other: str, name: str) -> migrations.RunSQL:
    """Hold a row and the row it points at in the same environment (TEST or LIVE)."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, environment)"
        f" REFERENCES {other} (id, environment)",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
