"""Append-only evidence, personal data that only an erasure deletes, states' one-way street, roles."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("roaming_sdr", "sdr_is_append_only"),
    ("roaming_sdrevent", "sdr_event_is_append_only"),
    ("roaming_finding", "finding_is_append_only"),
    ("roaming_intaketally", "intake_tally_is_append_only"),
    ("roaming_rejectedkey", "rejected_key_is_append_only"),
    ("roaming_erasure", "erasure_is_append_only"),
    ("roaming_counterrecord", "counter_record_is_append_only"),
    ("roaming_countertally", "counter_tally_is_append_only"),
    ("roaming_rejectedcounterkey", "counter_refusal_is_append_only"),
    ("roaming_signedvalue", "signed_value_is_append_only"),
    ("roaming_sdrlink", "sdr_link_is_append_only"),
    ("roaming_disputeevent", "dispute_event_is_append_only"),
    ("roaming_disputeattachment", "dispute_attachment_is_append_only"),
    ("roaming_ageingstep", "ageing_step_is_append_only"),
    ("roaming_manifest", "manifest_is_append_only"),
    ("roaming_batchreceipt", "batch_receipt_is_append_only"),
    ("roaming_holdcorrection", "hold_correction_is_append_only"),
    ("roaming_healing", "healing_is_append_only"),
    ("roaming_tariffversion", "tariff_version_is_append_only"),
    ("roaming_sdrrating", "sdr_rating_is_append_only"),
)
_PARTITIONED = (
    "roaming_rawrecord",
    "roaming_sdr",
    "roaming_sdrstate",
    "roaming_sdrevent",
    "roaming_finding",
    "roaming_counterrecord",
    "roaming_signedvalue",
)

# An erasure deletes in the transaction that wrote it, and never again: only the erasure service
# sets clearinghouse.erasure_id, for its own transaction.
# A row that we see and whose transaction is in progress is our own. The upper half of the id, which
# xmin lacks, is that of our transaction; where that is wrong the deletion is refused.
_ERASURE = """
CREATE FUNCTION roaming_refuse_change_of_personal_data() RETURNS trigger LANGUAGE plpgsql AS $$
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
_PERSONAL = (
    ("roaming_rawrecord", "raw_record_is_deleted_by_erasure_only"),
    ("roaming_contractidentity", "contract_identity_is_deleted_by_erasure_only"),
)

# The transition table lives in rules/lifecycle.py; the database holds its shape: final is final,
# and each change is one version further.
_ONE_WAY = """
CREATE FUNCTION roaming_guard_sdr_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a state moves by one version' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'sdr_state_moves_by_one_version';
    END IF;
    IF OLD.state IN ('REJECTED', 'ACCEPTED', 'WITHDRAWN', 'SUPERSEDED')
       AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION '% is final', OLD.state USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'final_sdr_state_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdr_state_moves_by_one_version BEFORE UPDATE ON roaming_sdrstate FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.version IS DISTINCT FROM NEW.version)
    EXECUTE FUNCTION roaming_guard_sdr_state();
"""
_MATCH_STAYS = """
CREATE FUNCTION roaming_guard_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.is_current AND NOT NEW.is_current
       AND to_jsonb(OLD) - 'is_current' = to_jsonb(NEW) - 'is_current' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a match is evidence: only a newer one takes its place'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'match_is_evidence';
END $$;
CREATE TRIGGER match_is_evidence BEFORE UPDATE OR DELETE ON roaming_match FOR EACH ROW
    EXECUTE FUNCTION roaming_guard_match();
"""

# What requests of partners may do with each table of roaming.
_READ = (
    "ageingstep alert authorization batchreceipt contractidentity counterkey counterrecord"
    " countertally credential delivery deliverycounter dispute disputeattachment disputeevent"
    " erasure evse evseoutage finding healing hold intakebatch intaketally manifest match"
    " matchingrun meterkey receiveroutage rejectedcounterkey rejectedkey ruleoverride sdr sdrevent"
    " sdrkey sdrlink sdrrating sdrstate sequencegap sessionkey signedvalue tariff tariffnotice"
    " tariffversion webhooksubscription"
).split()
_ADD = (
    "alert authorization batchreceipt contractidentity counterkey counterrecord countertally"
    " credential delivery deliverycounter dispute disputeattachment disputeevent evse evseoutage"
    " finding hold intakebatch intaketally manifest meterkey rawrecord rejectedcounterkey"
    " rejectedkey sdr sdrevent sdrkey sdrlink sdrrating sdrstate sequencegap sessionkey signedvalue"
    " tariff tariffnotice tariffversion webhooksubscription"
).split()
_CHANGE = (
    "alert authorization counterkey credential deliverycounter dispute evse evseoutage hold"
    " meterkey sdrstate sequencegap tariffnotice webhooksubscription"
).split()
_REMOVE = "hold sessionkey webhooksubscription".split()


def _named(names: list[str]) -> str:
    return ", ".join(f"roaming_{name}" for name in names)


_GRANTS = [
    f"GRANT SELECT ON {_named(_READ)} TO clearinghouse_partner",
    f"GRANT INSERT ON {_named(_ADD)} TO clearinghouse_partner",
    f"GRANT UPDATE ON {_named(_CHANGE)} TO clearinghouse_partner",
    f"GRANT DELETE ON {_named(_REMOVE)} TO clearinghouse_partner",
    # To number, to confirm and to ask again for what it was sent.
    "GRANT UPDATE (sequence, confirmed_at, attempts, next_attempt_at, dead_at, last_error)"
    " ON roaming_delivery TO clearinghouse_partner",
    "GRANT UPDATE (working_until_at) ON roaming_intakebatch TO clearinghouse_partner",
    # Taking its webhook away ends the outage.
    "GRANT UPDATE (ends_at) ON roaming_receiveroutage TO clearinghouse_partner",
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
    # Of before the first release; a database that has them all needs nothing.
    replaces = [
        ("roaming", "0002_evidence_and_roles"),
        ("roaming", "0003_erasure_holds_in_its_own_transaction"),
        ("roaming", "0004_raw_record_needs_no_sender_index"),
        ("roaming", "0005_label_imports"),
        ("roaming", "0006_part_two"),
        ("roaming", "0007_counter_records_and_signed_values"),
        ("roaming", "0008_evidence_of_part_two"),
        ("roaming", "0009_partners_confirm_and_redeliver"),
        ("roaming", "0010_evidence_is_kept_once"),
        ("roaming", "0011_disputes_have_owners"),
        ("roaming", "0012_completeness"),
        ("roaming", "0013_counter_tallies_and_refusals"),
        ("roaming", "0014_corrections_and_healings"),
        ("roaming", "0015_find_neighbours_by_their_end"),
        ("roaming", "0016_part_three"),
        ("roaming", "0017_tariffs_are_evidence"),
        ("roaming", "0018_partners_publish_tariffs"),
        ("roaming", "0019_statements_before_they_are_final"),
        ("roaming", "0020_objections_are_answered"),
    ]

    dependencies = [
        ("roaming", "0001_initial"),
        ("partners", "0003_evidence"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        migrations.RunSQL(_ERASURE, "DROP FUNCTION roaming_refuse_change_of_personal_data()"),
        *(_protect(table, name) for table, name in _PERSONAL),
        migrations.RunSQL(
            _ONE_WAY,
            "DROP TRIGGER sdr_state_moves_by_one_version ON roaming_sdrstate;"
            " DROP FUNCTION roaming_guard_sdr_state()",
        ),
        migrations.RunSQL(
            _MATCH_STAYS,
            "DROP TRIGGER match_is_evidence ON roaming_match; DROP FUNCTION roaming_guard_match()",
        ),
        *(
            tables.guarded_default(table, name)
            for table, name in (*_APPEND_ONLY, *_PERSONAL)
            if table in _PARTITIONED
        ),
        tables.first_partitions(*_PARTITIONED),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    ]
