"""A settlement's hash is set once, by the closing; the DEFAULT partition refuses TRUNCATE too."""

from django.db import migrations

from clearinghouse import tables

_FUNCTION = """
CREATE FUNCTION billing_refuse_change_of_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.positions_sha256 = repeat('0', 64)
       AND to_jsonb(NEW) - 'positions_sha256' = to_jsonb(OLD) - 'positions_sha256' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'settlement % is settled: what is wrong goes into the next window', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'settlement_is_hashed_once';
END $$
"""
_NAME = "settlement_is_hashed_once"


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_evidence_and_roles"),
        ("partners", "0002_evidence_environments_and_roles"),
    ]

    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION billing_refuse_change_of_settlement()"),
        migrations.RunSQL(
            [
                f"CREATE TRIGGER {_NAME} BEFORE UPDATE OR DELETE ON billing_settlement"
                " FOR EACH ROW EXECUTE FUNCTION billing_refuse_change_of_settlement()",
                f"CREATE TRIGGER {_NAME}_by_truncate BEFORE TRUNCATE ON billing_settlement"
                f" FOR EACH STATEMENT EXECUTE FUNCTION clearinghouse_refuse_change('{_NAME}')",
            ],
            [
                f"DROP TRIGGER {_NAME} ON billing_settlement",
                f"DROP TRIGGER {_NAME}_by_truncate ON billing_settlement",
            ],
        ),
        tables.guarded_default("billing_clearedsdr", "cleared_sdr_is_append_only"),
    ]
