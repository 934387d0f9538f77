"""Append-only ledger and documents, positions that sum to zero, and the partner role."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("billing_clearedsdr", "cleared_sdr_is_append_only"),
    ("billing_transfer", "transfer_is_append_only"),
    ("billing_position", "position_is_append_only"),
    ("billing_document", "document_is_append_only"),
    ("billing_documentfile", "document_file_is_append_only"),
    ("billing_conservationproof", "conservation_proof_is_append_only"),
)

_ZERO_SUM = """
CREATE FUNCTION billing_positions_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE difference numeric;
BEGIN
    SELECT sum(net_minor) INTO difference
      FROM billing_position WHERE settlement_id = NEW.settlement_id;
    IF difference <> 0 THEN
        RAISE EXCEPTION 'the positions of settlement % sum to %', NEW.settlement_id, difference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_of_a_settlement_sum_to_zero';
    END IF;
    RETURN NULL;
END $$
"""
_ZERO_SUM_TRIGGER = """
CREATE CONSTRAINT TRIGGER positions_of_a_settlement_sum_to_zero
AFTER INSERT ON billing_position DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION billing_positions_sum_to_zero()
"""

# CLOSED never goes back to OPEN: a wrong close is answered in the next window.
_NO_REOPENING = """
CREATE FUNCTION billing_refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'OPEN' AND NEW.state = 'OPEN' THEN
        RAISE EXCEPTION 'a closed window is never reopened: what comes later goes into the next'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'closed_window_is_never_reopened';
    END IF;
    RETURN NEW;
END $$
"""
_NO_REOPENING_TRIGGER = """
CREATE TRIGGER closed_window_is_never_reopened BEFORE UPDATE ON billing_clearingwindow
FOR EACH ROW EXECUTE FUNCTION billing_refuse_reopening()
"""

_READ = [
    "billing_clearingwindow",
    "billing_clearedsdr",
    "billing_settlement",
    "billing_position",
    "billing_document",
    "billing_documentfile",
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_initial"),
        ("roaming", "0002_evidence_and_roles"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        migrations.RunSQL(_ZERO_SUM, "DROP FUNCTION billing_positions_sum_to_zero()"),
        migrations.RunSQL(
            _ZERO_SUM_TRIGGER,
            "DROP TRIGGER positions_of_a_settlement_sum_to_zero ON billing_position",
        ),
        migrations.RunSQL(_NO_REOPENING, "DROP FUNCTION billing_refuse_reopening()"),
        migrations.RunSQL(
            _NO_REOPENING_TRIGGER,
            "DROP TRIGGER closed_window_is_never_reopened ON billing_clearingwindow",
        ),
        tables.shared_environment(
            table="billing_clearingwindow",
            column="group_id",
            other="partners_settlementgroup",
            name="window_and_group_share_environment",
        ),
        tables.shared_environment(
            table="billing_clearedsdr",
            column="window_id",
            other="billing_clearingwindow",
            name="cleared_sdr_and_window_share_environment",
        ),
        tables.shared_environment(
            table="billing_settlement",
            column="window_id",
            other="billing_clearingwindow",
            name="settlement_and_window_share_environment",
        ),
        tables.first_partitions("billing_clearedsdr"),
        migrations.RunSQL(
            f"GRANT SELECT ON {', '.join(_READ)} TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
