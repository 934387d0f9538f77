"""What was taxed, charged, sealed and instructed is evidence; an issued settlement is final."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("billing_taxedsupply", "taxed_supply_is_append_only"),
    ("billing_feeline", "fee_line_is_append_only"),
    ("billing_instruction", "instruction_is_append_only"),
    ("billing_ledgerseal", "ledger_seal_is_append_only"),
    ("billing_exposurereading", "exposure_reading_is_append_only"),
    ("billing_defaultcase", "default_case_is_append_only"),
    ("billing_fxrate", "fx_rate_is_append_only"),
)

# A calculated settlement gets its hash once; it is then issued or cancelled, once; nothing else.
_FUNCTION = """
CREATE OR REPLACE FUNCTION billing_refuse_change_of_settlement() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    hashes constant text[] := '{positions_sha256,preview,preview_sha256}';
    ends constant text[] := '{state,approval_id,issued_at,cancelled_at,cancel_reason}';
    was jsonb := to_jsonb(OLD);
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'CALCULATED' THEN
        IF OLD.positions_sha256 = repeat('0', 64)
           AND to_jsonb(NEW) - hashes - ends = was - hashes - ends THEN
            RETURN NEW;
        END IF;
        IF to_jsonb(NEW) - ends = was - ends THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'settlement % is settled: what is wrong goes into the next window', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'settlement_is_hashed_once';
END $$
"""
_ZERO_SUM = """
CREATE OR REPLACE FUNCTION billing_positions_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE net numeric; carried numeric;
BEGIN
    SELECT sum(net_minor), sum(carried_on_minor) INTO net, carried
      FROM billing_position WHERE settlement_id = NEW.settlement_id;
    IF net <> 0 THEN
        RAISE EXCEPTION 'the positions of settlement % sum to %', NEW.settlement_id, net
            USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_of_a_settlement_sum_to_zero';
    END IF;
    IF carried <> 0 THEN
        RAISE EXCEPTION 'settlement % carries % on', NEW.settlement_id, carried
            USING ERRCODE = 'check_violation', CONSTRAINT = 'carried_amounts_sum_to_zero';
    END IF;
    RETURN NULL;
END $$
"""
_READ = [
    "billing_taxedsupply",
    "billing_feeline",
    "billing_instruction",
    "billing_fxrate",
    "billing_taxrate",
    "billing_objection",
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_part_three"),
        ("roaming", "0016_part_three"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        migrations.RunSQL(_FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(_ZERO_SUM, migrations.RunSQL.noop),
        migrations.RunSQL(
            [
                f"GRANT SELECT ON {', '.join(_READ)} TO clearinghouse_partner",
                "GRANT INSERT ON billing_objection TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
