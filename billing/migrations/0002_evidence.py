"""What the models cannot say of money: evidence, sums, windows, objections, taxes, the partner role."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("billing_clearedsdr", "cleared_sdr_is_append_only"),
    ("billing_account", "account_is_append_only"),
    ("billing_transfer", "transfer_is_append_only"),
    ("billing_position", "position_is_append_only"),
    ("billing_document", "document_is_append_only"),
    ("billing_documentfile", "document_file_is_append_only"),
    ("billing_conservationproof", "conservation_proof_is_append_only"),
    ("billing_taxedsupply", "taxed_supply_is_append_only"),
    ("billing_taxrateuse", "tax_rate_use_is_append_only"),
    ("billing_feeline", "fee_line_is_append_only"),
    ("billing_instruction", "instruction_is_append_only"),
    ("billing_ledgerseal", "ledger_seal_is_append_only"),
    ("billing_exposurereading", "exposure_reading_is_append_only"),
    ("billing_defaultcase", "default_case_is_append_only"),
    ("billing_fxrate", "fx_rate_is_append_only"),
)

_POSITIONS = """
CREATE FUNCTION billing_positions_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
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
_POSITIONS_TRIGGER = """
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

# Once per statement, over the windows it names: a batch of thousands names one or two.
_OPEN_WINDOW = """
CREATE FUNCTION billing_refuse_closed_window() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT window_id FROM added) AS named
                 JOIN billing_clearingwindow AS w ON w.id = named.window_id
                WHERE w.state <> 'OPEN') THEN
        RAISE EXCEPTION 'a closed window takes no record: it goes into the next open one'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'cleared_sdr_goes_into_an_open_window';
    END IF;
    RETURN NULL;
END $$
"""
_OPEN_WINDOW_TRIGGER = """
CREATE TRIGGER cleared_sdr_goes_into_an_open_window
AFTER INSERT ON billing_clearedsdr REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_closed_window()
"""

# A calculated settlement gets its hash once; it is then issued or cancelled, once; nothing else.
_SETTLED = """
CREATE FUNCTION billing_refuse_change_of_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
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

_NEVER_BACK = """
CREATE FUNCTION billing_refuse_moving_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.complete_until_at > OLD.complete_until_at
       AND NEW.seals >= OLD.seals THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the books were read as of % already', OLD.complete_until_at
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_horizon_never_moves_back';
END $$
"""
_NEVER_BACK_TRIGGER = """
CREATE TRIGGER ledger_horizon_never_moves_back
BEFORE UPDATE OR DELETE ON billing_ledgerhorizon
FOR EACH ROW EXECUTE FUNCTION billing_refuse_moving_back()
"""

_KEEP_USED = """
CREATE FUNCTION billing_keep_used_tax_rate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last_used date;
BEGIN
    SELECT max(used.last_tax_date) INTO last_used
      FROM billing_taxrateuse AS used
      JOIN billing_settlement AS settlement ON settlement.id = used.settlement_id
     WHERE used.tax_rate_id = OLD.id AND settlement.state <> 'CANCELLED';
    IF last_used IS NULL THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'until_date' = to_jsonb(OLD) - 'until_date'
       AND (NEW.until_date IS NULL OR NEW.until_date > last_used) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the rate of % from % was used until %: end it after that day, add the next row',
        OLD.country_code, OLD.from_date, last_used
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tax_rate_that_was_used_is_kept';
END $$
"""
# The row is locked, so that nobody changes it between the reading of its rate and this use.
_TELL_RATE = """
CREATE FUNCTION billing_check_tax_rate_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_taxrate
      WHERE id = NEW.tax_rate_id AND rate = NEW.rate AND from_date <= NEW.last_tax_date
        AND (until_date IS NULL OR until_date > NEW.last_tax_date)
        FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tax rate % is not % on %', NEW.tax_rate_id, NEW.rate, NEW.last_tax_date
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'tax_rate_use_tells_the_rate_of_its_row';
    END IF;
    RETURN NEW;
END $$
"""
_KNOW_RATE = """
CREATE FUNCTION billing_check_self_assessed_rate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM partners_partner WHERE id = NEW.customer_id AND is_clearing_house) THEN
        RAISE EXCEPTION 'the house owes the tax of this supply, at no rate'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'house_knows_the_rate_it_owes';
    END IF;
    RETURN NEW;
END $$
"""
_TAX_TRIGGERS = [
    "CREATE TRIGGER tax_rate_that_was_used_is_kept BEFORE UPDATE OR DELETE ON billing_taxrate"
    " FOR EACH ROW EXECUTE FUNCTION billing_keep_used_tax_rate()",
    "CREATE TRIGGER tax_rate_use_tells_the_rate_of_its_row BEFORE INSERT ON billing_taxrateuse"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_tax_rate_use()",
    "CREATE TRIGGER house_knows_the_rate_it_owes BEFORE INSERT ON billing_taxedsupply"
    " FOR EACH ROW WHEN (NEW.category = 'AE' AND NEW.self_assessed_rate = 0)"
    " EXECUTE FUNCTION billing_check_self_assessed_rate()",
]

# The partner role raises objections and may lock nothing: the function runs as its owner. The lock
# on the settlement makes a release and an objection follow each other.
_RAISED = """
CREATE FUNCTION billing_check_objection() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    about record;
BEGIN
    SELECT document.kind, document.partner_id, settlement.state,
           coalesce(
               (document.content ->> 'objection_until_at')::timestamptz,
               ((document.content ->> 'objection_until_date')::date + 1)::timestamp
                   AT TIME ZONE settled.time_zone - interval '1 microsecond'
           ) AS until_at
      INTO about
      FROM billing_document AS document
      JOIN billing_settlement AS settlement ON settlement.id = document.settlement_id
      JOIN billing_clearingwindow AS closed ON closed.id = settlement.window_id
      JOIN partners_settlementgroup AS settled ON settled.id = closed.group_id
     WHERE document.id = NEW.document_id
       FOR SHARE OF settlement;
    IF about.partner_id IS DISTINCT FROM NEW.partner_id THEN
        RAISE EXCEPTION 'objection_is_of_the_statements_own_partner'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'objection_is_of_the_statements_own_partner';
    END IF;
    IF about.state = 'CANCELLED' OR (about.kind = 'PROVISIONAL' AND about.state <> 'CALCULATED') THEN
        RAISE EXCEPTION 'objection_is_to_a_statement_that_counts'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'objection_is_to_a_statement_that_counts';
    END IF;
    IF NEW.raised_at > about.until_at THEN
        RAISE EXCEPTION 'objection_is_raised_in_time'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'objection_is_raised_in_time';
    END IF;
    RETURN NEW;
END $$
"""
_ANSWERED = """
CREATE FUNCTION billing_refuse_change_of_objection() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answer constant text[] :=
        '{state,answer,answered_by,answered_at,remedy,adjustment_id,correction_run_id}';
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'OPEN'
       OR to_jsonb(NEW) - answer IS DISTINCT FROM to_jsonb(OLD) - answer THEN
        RAISE EXCEPTION 'objection % is answered once and never changed', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'objection_is_answered_once';
    END IF;
    IF NEW.remedy = 'CANCELLATION' AND NOT EXISTS (
        SELECT FROM billing_document AS document
          JOIN billing_settlement AS settlement ON settlement.id = document.settlement_id
         WHERE document.id = NEW.document_id AND settlement.state = 'CANCELLED'
    ) THEN
        RAISE EXCEPTION 'objection % is not mended: its settlement is not cancelled', OLD.id
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'objection_mended_by_cancelling_is_cancelled';
    END IF;
    RETURN NEW;
END $$
"""
_ISSUED = """
CREATE FUNCTION billing_refuse_issue_over_objections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM billing_objection AS objection
          JOIN billing_document AS document ON document.id = objection.document_id
          JOIN billing_settlement AS settlement ON settlement.id = document.settlement_id
         WHERE settlement.window_id = NEW.window_id
           AND document.kind = 'PROVISIONAL' AND objection.state = 'OPEN'
    ) THEN
        RAISE EXCEPTION 'settlement % waits: an objection to it is not answered', NEW.id
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'settlement_is_issued_once_objections_are_answered';
    END IF;
    RETURN NEW;
END $$
"""
_OBJECTION_TRIGGERS = [
    "CREATE TRIGGER objection_is_raised_in_time BEFORE INSERT ON billing_objection"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_objection()",
    "CREATE TRIGGER settlement_is_issued_once_objections_are_answered"
    " BEFORE UPDATE ON billing_settlement FOR EACH ROW"
    " WHEN (OLD.state <> 'ISSUED' AND NEW.state = 'ISSUED')"
    " EXECUTE FUNCTION billing_refuse_issue_over_objections()",
    "REVOKE DELETE ON billing_objection FROM clearinghouse_app",
]

# Only who holds it may change: taken in by a settlement that is being calculated, given back when
# that is cancelled.
_EXCHANGE = """
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

# One check per statement in place of two foreign keys per row: posting is faster, and the currency
# is held too, which the keys would not.
_ACCOUNTS = """
CREATE FUNCTION billing_check_accounts_of_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong uuid;
BEGIN
    SELECT posted.id INTO wrong
      FROM posted
      LEFT JOIN billing_account AS debit
        ON debit.id = posted.debit_account_id AND debit.currency = posted.currency
       AND debit.environment = posted.environment
      LEFT JOIN billing_account AS credit
        ON credit.id = posted.credit_account_id AND credit.currency = posted.currency
       AND credit.environment = posted.environment
     WHERE debit.id IS NULL OR credit.id IS NULL
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transfer % names an account that is not of its currency', wrong
            USING ERRCODE = 'foreign_key_violation',
                  CONSTRAINT = 'transfer_is_between_accounts_of_its_currency';
    END IF;
    RETURN NULL;
END $$
"""
_ACCOUNTS_TRIGGER = """
CREATE TRIGGER transfer_is_between_accounts_of_its_currency AFTER INSERT ON billing_transfer
REFERENCING NEW TABLE AS posted
FOR EACH STATEMENT EXECUTE FUNCTION billing_check_accounts_of_transfers()
"""

# What one person asked for is what another posts: its figures stay, and it is decided once.
_ASKED = """
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
_AS_ASKED = {
    "billing_manualadjustment": "adjustment_is_posted_as_it_was_asked_for",
    "billing_coverbooking": "cover_is_posted_as_it_was_asked_for",
}

_READ = (
    "account clearedsdr clearingwindow currencyexchange document documentfile exposureblock feeline"
    " fxrate instruction ledgerhorizon ledgerseal objection position settlement taxedsupply taxrate"
    " transfer"
).split()
_GRANTS = [
    f"GRANT SELECT ON {', '.join(f'billing_{name}' for name in _READ)} TO clearinghouse_partner",
    "GRANT INSERT ON billing_objection TO clearinghouse_partner",
    # What mends an objection is told to its partner by its amount, by nothing else of the row.
    "GRANT SELECT (id, amount_minor) ON billing_manualadjustment TO clearinghouse_partner",
]


def _guard(table: str, name: str, function: str) -> migrations.RunSQL:
    """Let ``function`` decide on each UPDATE and DELETE; refuse TRUNCATE."""
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION {function}",
            f"CREATE TRIGGER {name}_by_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION clearinghouse_refuse_change('{name}')",
        ],
        [f"DROP TRIGGER {name} ON {table}", f"DROP TRIGGER {name}_by_truncate ON {table}"],
    )


def _made(function: str, *more: str, name: str) -> migrations.RunSQL:
    """A function and its triggers, which go with it."""
    return migrations.RunSQL([function, *more], f"DROP FUNCTION {name}() CASCADE")


class Migration(migrations.Migration):
    # Of before the first release; a database that has them all needs nothing.
    replaces = [
        ("billing", "0002_evidence_and_roles"),
        ("billing", "0003_settlement_is_hashed_once"),
        ("billing", "0004_cleared_sdr_goes_into_an_open_window"),
        ("billing", "0005_part_three"),
        ("billing", "0006_evidence_of_part_three"),
        ("billing", "0007_ledger_horizon"),
        ("billing", "0008_statements_before_they_are_final"),
        ("billing", "0009_frozen_tax_rates"),
        ("billing", "0010_objections_are_evidence"),
        ("billing", "0011_positions_in_one_currency"),
        ("billing", "0012_what_is_exchanged_adds_up"),
        ("billing", "0013_tax_rates_are_partners"),
        ("billing", "0014_partners_read_exposure_blocks"),
        ("billing", "0015_cover_by_two_persons"),
        ("billing", "0016_accounts_of_a_transfer"),
        ("billing", "0017_asked_by_one_posted_by_another"),
    ]

    dependencies = [
        ("billing", "0001_initial"),
        ("roaming", "0002_evidence"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        _made(_POSITIONS, _POSITIONS_TRIGGER, name="billing_positions_sum_to_zero"),
        _made(_NO_REOPENING, _NO_REOPENING_TRIGGER, name="billing_refuse_reopening"),
        _made(_OPEN_WINDOW, _OPEN_WINDOW_TRIGGER, name="billing_refuse_closed_window"),
        _made(_NEVER_BACK, _NEVER_BACK_TRIGGER, name="billing_refuse_moving_back"),
        _made(_SETTLED, name="billing_refuse_change_of_settlement"),
        _guard(
            "billing_settlement",
            "settlement_is_hashed_once",
            "billing_refuse_change_of_settlement()",
        ),
        _made(_KEEP_USED, name="billing_keep_used_tax_rate"),
        _made(_TELL_RATE, name="billing_check_tax_rate_use"),
        _made(_KNOW_RATE, name="billing_check_self_assessed_rate"),
        migrations.RunSQL(_TAX_TRIGGERS, migrations.RunSQL.noop),
        _made(_RAISED, name="billing_check_objection"),
        _made(_ISSUED, name="billing_refuse_issue_over_objections"),
        _made(_ANSWERED, name="billing_refuse_change_of_objection"),
        _guard(
            "billing_objection",
            "objection_is_answered_once",
            "billing_refuse_change_of_objection()",
        ),
        migrations.RunSQL(_OBJECTION_TRIGGERS, migrations.RunSQL.noop),
        _made(_EXCHANGE, name="billing_refuse_change_of_exchange"),
        _guard(
            "billing_currencyexchange",
            "exchange_is_held_once",
            "billing_refuse_change_of_exchange()",
        ),
        _made(_ADDS_UP, _ADDS_UP_TRIGGER, name="billing_exchange_adds_up"),
        _made(_ACCOUNTS, _ACCOUNTS_TRIGGER, name="billing_check_accounts_of_transfers"),
        _made(_ASKED, name="billing_refuse_change_of_request"),
        *(
            _guard(table, name, f"billing_refuse_change_of_request('{name}')")
            for table, name in _AS_ASKED.items()
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
        tables.guarded_default("billing_clearedsdr", "cleared_sdr_is_append_only"),
        tables.first_partitions("billing_clearedsdr"),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    ]
