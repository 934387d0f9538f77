"""Append-only evidence, personal data that only an erasure deletes, and the partner role."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("roaming_sdr", "sdr_is_append_only"),
    ("roaming_sdrevent", "sdr_event_is_append_only"),
    ("roaming_finding", "finding_is_append_only"),
    ("roaming_intaketally", "intake_tally_is_append_only"),
    ("roaming_rejectedkey", "rejected_key_is_append_only"),
    ("roaming_erasure", "erasure_is_append_only"),
)
_PARTITIONED = (
    "roaming_rawrecord",
    "roaming_sdr",
    "roaming_sdrstate",
    "roaming_sdrevent",
    "roaming_finding",
)

# Only the erasure service sets clearinghouse.erasure_id, for its own transaction.
_ERASURE = """
CREATE FUNCTION roaming_refuse_change_of_personal_data() RETURNS trigger LANGUAGE plpgsql AS $$
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
_PERSONAL = (
    ("roaming_rawrecord", "raw_record_is_deleted_by_erasure_only"),
    ("roaming_contractidentity", "contract_identity_is_deleted_by_erasure_only"),
)

_READ = [
    "roaming_sdr",
    "roaming_sdrstate",
    "roaming_sdrevent",
    "roaming_finding",
    "roaming_sdrkey",
    "roaming_sessionkey",
    "roaming_rejectedkey",
    "roaming_intakebatch",
    "roaming_intaketally",
    "roaming_delivery",
    "roaming_deliverycounter",
    "roaming_contractidentity",
    "roaming_erasure",
]
_ADD = [
    "roaming_sdr",
    "roaming_sdrstate",
    "roaming_sdrevent",
    "roaming_finding",
    "roaming_sdrkey",
    "roaming_sessionkey",
    "roaming_rejectedkey",
    "roaming_intakebatch",
    "roaming_intaketally",
    "roaming_delivery",
    "roaming_deliverycounter",
    "roaming_contractidentity",
    "roaming_rawrecord",
]
_GRANTS = [
    f"GRANT SELECT ON {', '.join(_READ)} TO clearinghouse_partner",
    f"GRANT INSERT ON {', '.join(_ADD)} TO clearinghouse_partner",
    "GRANT UPDATE ON roaming_deliverycounter TO clearinghouse_partner",
    "GRANT UPDATE (sequence) ON roaming_delivery TO clearinghouse_partner",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clearinghouse_partner",
]


def _protect(table: str, name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION roaming_refuse_change_of_personal_data('{name}')",
            f"CREATE TRIGGER {name}_by_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
        ],
        [f"DROP TRIGGER {name} ON {table}", f"DROP TRIGGER {name}_by_truncate ON {table}"],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0001_initial"),
        ("partners", "0002_evidence_environments_and_roles"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        migrations.RunSQL(_ERASURE, "DROP FUNCTION roaming_refuse_change_of_personal_data()"),
        *(_protect(table, name) for table, name in _PERSONAL),
        tables.first_partitions(*_PARTITIONED),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    ]
