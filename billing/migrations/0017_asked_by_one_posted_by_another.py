"""What one person asked for is what another posts: its figures stay, and it is decided once."""

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION billing_refuse_change_of_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ends constant text[] := '{state,posted_at}';
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'REQUESTED'
       AND to_jsonb(NEW) - ends = to_jsonb(OLD) - ends THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of % was decided, or other figures were asked for', TG_ARGV[0], OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
END $$
"""
_TABLES = {
    "billing_manualadjustment": "adjustment_is_posted_as_it_was_asked_for",
    "billing_coverbooking": "cover_is_posted_as_it_was_asked_for",
}


def _guard(table: str, name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION billing_refuse_change_of_request('{name}')",
            f"CREATE TRIGGER {name}_by_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
        ],
        [
            f"DROP TRIGGER {name} ON {table}",
            f"DROP TRIGGER {name}_by_truncate ON {table}",
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0016_accounts_of_a_transfer")]

    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION billing_refuse_change_of_request()"),
        *(_guard(table, name) for table, name in _TABLES.items()),
    ]
