"""An erasure deletes in the transaction that wrote it, and never again; defaults are guarded too.

An id of an old erasure was good for deleting anybody's personal data for ever. The DEFAULT
partitions were made before the triggers of their parents and had none against TRUNCATE. What makes
partitions runs with its owner's rights, and a partner's request may not call it.
"""

from django.db import migrations

from clearinghouse import tables

# A row that we see and whose transaction is in progress is our own. The upper half of the id, which
# xmin lacks, is that of our transaction; where that is wrong the deletion is refused.
_ONCE = """
CREATE OR REPLACE FUNCTION roaming_refuse_change_of_personal_data() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE epoch bigint := pg_current_xact_id()::text::bigint >> 32 << 32;
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM roaming_erasure
         WHERE id::text = current_setting('clearinghouse.erasure_id', true)
           AND pg_xact_status((epoch + xmin::text::bigint)::text::xid8) = 'in progress') THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% changes by an erasure only, in the erasure''s own transaction', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
END $$
"""
_FOR_EVER = """
CREATE OR REPLACE FUNCTION roaming_refuse_change_of_personal_data() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM roaming_erasure
         WHERE id::text = current_setting('clearinghouse.erasure_id', true)) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% changes by an erasure only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
END $$
"""
_ENSURE = "FUNCTION clearinghouse_ensure_partition(text, date)"
_GUARDED = (
    ("roaming_sdr", "sdr_is_append_only"),
    ("roaming_sdrevent", "sdr_event_is_append_only"),
    ("roaming_finding", "finding_is_append_only"),
    ("roaming_rawrecord", "raw_record_is_deleted_by_erasure_only"),
)


class Migration(migrations.Migration):
    dependencies = [("roaming", "0002_evidence_and_roles")]

    operations = [
        migrations.RunSQL(_ONCE, _FOR_EVER),
        *(tables.guarded_default(table, name) for table, name in _GUARDED),
        migrations.RunSQL(
            [
                f"REVOKE EXECUTE ON {_ENSURE} FROM PUBLIC",
                f"GRANT EXECUTE ON {_ENSURE} TO clearinghouse_app",
            ],
            [
                f"REVOKE EXECUTE ON {_ENSURE} FROM clearinghouse_app",
                f"GRANT EXECUTE ON {_ENSURE} TO PUBLIC",
            ],
        ),
    ]
