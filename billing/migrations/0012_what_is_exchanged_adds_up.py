"""What was exchanged is evidence, adds up in both currencies, and is held by one settlement."""

from django.db import migrations

# Only who holds it may change: taken in by a settlement that is being calculated, given back when
# that is cancelled.
_GUARD = """
CREATE FUNCTION billing_refuse_change_of_exchange() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'taken_in_id' = to_jsonb(OLD) - 'taken_in_id' THEN
        IF OLD.taken_in_id IS NULL AND EXISTS (
               SELECT FROM billing_settlement AS taking
                 JOIN billing_clearingwindow AS win ON win.id = taking.window_id
                WHERE taking.id = NEW.taken_in_id AND taking.state = 'CALCULATED'
                  AND win.group_id = NEW.to_group_id)
           OR NEW.taken_in_id IS NULL AND EXISTS (
               SELECT FROM billing_settlement
                WHERE id = OLD.taken_in_id AND state = 'CALCULATED') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'exchange % is evidence: what is wrong goes into the next window', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'exchange_is_held_once';
END $$
"""
_GUARD_TRIGGERS = [
    "CREATE TRIGGER exchange_is_held_once BEFORE UPDATE OR DELETE ON billing_currencyexchange"
    " FOR EACH ROW EXECUTE FUNCTION billing_refuse_change_of_exchange()",
    "CREATE TRIGGER exchange_is_held_once_by_truncate BEFORE TRUNCATE ON billing_currencyexchange"
    " FOR EACH STATEMENT EXECUTE FUNCTION clearinghouse_refuse_change('exchange_is_held_once')",
]
_ADDS_UP = """
CREATE FUNCTION billing_exchange_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE given numeric; got numeric; differing bigint;
BEGIN
    SELECT sum(row.from_minor), sum(row.to_minor + row.residue_minor),
           count(*) FILTER (WHERE row.from_minor IS DISTINCT FROM position.exchanged_on_minor)
      INTO given, got, differing
      FROM billing_currencyexchange AS row
      LEFT JOIN billing_position AS position
        ON position.settlement_id = row.settlement_id AND position.partner_id = row.partner_id
     WHERE row.settlement_id = NEW.settlement_id;
    IF given <> 0 OR got <> 0 OR differing <> 0 THEN
        RAISE EXCEPTION 'settlement % gives % and gets % by exchange, % rows are not its positions',
                        NEW.settlement_id, given, got, differing
            USING ERRCODE = 'check_violation', CONSTRAINT = 'exchange_adds_up_to_nothing';
    END IF;
    RETURN NULL;
END $$
"""
_ADDS_UP_TRIGGER = """
CREATE CONSTRAINT TRIGGER exchange_adds_up_to_nothing
AFTER INSERT ON billing_currencyexchange DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION billing_exchange_adds_up()
"""
_POSITIONS = """
CREATE OR REPLACE FUNCTION billing_positions_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE net numeric; carried numeric; exchanged numeric;
BEGIN
    SELECT sum(net_minor), sum(carried_on_minor), sum(exchanged_on_minor)
      INTO net, carried, exchanged
      FROM billing_position WHERE settlement_id = NEW.settlement_id;
    IF net <> 0 THEN
        RAISE EXCEPTION 'the positions of settlement % sum to %', NEW.settlement_id, net
            USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_of_a_settlement_sum_to_zero';
    END IF;
    IF carried <> 0 THEN
        RAISE EXCEPTION 'settlement % carries % on', NEW.settlement_id, carried
            USING ERRCODE = 'check_violation', CONSTRAINT = 'carried_amounts_sum_to_zero';
    END IF;
    IF exchanged <> 0 THEN
        RAISE EXCEPTION 'settlement % exchanges % on', NEW.settlement_id, exchanged
            USING ERRCODE = 'check_violation', CONSTRAINT = 'exchanged_amounts_sum_to_zero';
    END IF;
    IF NEW.exchanged_minor <> (
           SELECT coalesce(sum(to_minor + residue_minor), 0) FROM billing_currencyexchange
            WHERE taken_in_id = NEW.settlement_id AND partner_id = NEW.partner_id)
       AND EXISTS (SELECT FROM billing_settlement
                    WHERE id = NEW.settlement_id AND state <> 'CANCELLED') THEN
        RAISE EXCEPTION 'position % does not hold what was exchanged for it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'position_holds_what_was_exchanged';
    END IF;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_positions_in_one_currency")]

    operations = [
        migrations.RunSQL(_GUARD, "DROP FUNCTION billing_refuse_change_of_exchange()"),
        migrations.RunSQL(
            _GUARD_TRIGGERS,
            [
                "DROP TRIGGER exchange_is_held_once ON billing_currencyexchange",
                "DROP TRIGGER exchange_is_held_once_by_truncate ON billing_currencyexchange",
            ],
        ),
        migrations.RunSQL(_ADDS_UP, "DROP FUNCTION billing_exchange_adds_up()"),
        migrations.RunSQL(
            _ADDS_UP_TRIGGER,
            "DROP TRIGGER exchange_adds_up_to_nothing ON billing_currencyexchange",
        ),
        migrations.RunSQL(_POSITIONS, migrations.RunSQL.noop),
        migrations.RunSQL(
            "GRANT SELECT ON billing_currencyexchange TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
