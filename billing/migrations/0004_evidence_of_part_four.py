"""What was invoiced, paid, received and booked is evidence; partners read and answer their own."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("billing_documentissuer", "document_issuer_is_append_only"),
    ("billing_invoice", "invoice_is_append_only"),
    ("billing_precedinginvoice", "preceding_invoice_is_append_only"),
    ("billing_invoicesupply", "invoice_supply_is_append_only"),
    ("billing_reportedinvoice", "reported_invoice_is_append_only"),
    ("billing_invoiceobjection", "invoice_objection_is_append_only"),
    ("billing_validationreport", "validation_report_is_append_only"),
    ("billing_positionevent", "position_event_is_append_only"),
    ("billing_paymentevent", "payment_event_is_append_only"),
    ("billing_paymentstatusreport", "payment_status_report_is_append_only"),
    ("billing_bankfile", "bank_file_is_append_only"),
    ("billing_bankstatement", "bank_statement_is_append_only"),
    ("billing_bankmatch", "bank_match_is_append_only"),
    ("billing_writeoff", "write_off_is_append_only"),
    ("billing_dunningstep", "dunning_step_is_append_only"),
    ("billing_postingexport", "posting_export_is_append_only"),
    ("billing_mailattempt", "mail_attempt_is_append_only"),
)
_KEPT = (
    ("billing_invoicingterms", "invoicing_terms_keeps_what_it_said", "until_date"),
    ("billing_invoicedsdr", "invoiced_sdr_keeps_what_it_said", "released_at"),
    ("billing_issuingblock", "issuing_block_keeps_what_it_said", "resolved_by_id resolved_at"),
    (
        "billing_positionstate",
        "position_state_keeps_what_it_said",
        "state settled_minor due_date version changed_at",
    ),
    (
        "billing_debitmandate",
        "debit_mandate_keeps_what_it_said",
        "registered_date last_used_date cancelled_date cancel_reason",
    ),
    (
        "billing_paymentfile",
        "payment_file_keeps_what_it_said",
        "state approval_id exported_by exported_at cancel_reason",
    ),
    ("billing_payment", "payment_keeps_what_it_said", "state reason_code"),
    ("billing_bankentry", "bank_entry_keeps_what_it_said", "state"),
    (
        "billing_bankexception",
        "bank_exception_keeps_what_it_said",
        "code suggestions resolution resolved_by resolved_at",
    ),
    (
        "billing_statementgap",
        "statement_gap_keeps_what_it_said",
        "ended_at ended_by end_reason",
    ),
    (
        "billing_fiscalperiod",
        "fiscal_period_keeps_what_it_said",
        "state approval_id locked_at",
    ),
    (
        "billing_balanceconfirmation",
        "balance_confirmation_keeps_what_it_said",
        "state answered_by answered_at own_balance_minor answer",
    ),
    (
        "billing_documentmail",
        "document_mail_keeps_what_it_said",
        "state attempts next_attempt_at",
    ),
)

# What a maker and a checker approved is what leaves, once; a file never goes back.
_FILE = """
CREATE FUNCTION billing_check_payment_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('DRAFT', 'APPROVED'), ('DRAFT', 'CANCELLED'), ('APPROVED', 'EXPORTED'),
        ('APPROVED', 'CANCELLED'), ('EXPORTED', 'ACKNOWLEDGED'), ('EXPORTED', 'PART_REJECTED'),
        ('EXPORTED', 'FAILED'), ('EXPORTED', 'BOOKED'), ('ACKNOWLEDGED', 'PART_REJECTED'),
        ('ACKNOWLEDGED', 'FAILED'), ('ACKNOWLEDGED', 'BOOKED'), ('PART_REJECTED', 'BOOKED')
    ) THEN
        RAISE EXCEPTION 'payment file % is %: it does not become %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_file_is_exported_once';
    END IF;
    IF OLD.state = 'DRAFT' AND NEW.state = 'APPROVED' AND NOT EXISTS (
        SELECT FROM partners_approval AS approval
         WHERE approval.id = NEW.approval_id AND approval.state = 'APPROVED'
           AND approval.object_id = NEW.id::text AND approval.content_sha256 = NEW.content_sha256
    ) THEN
        RAISE EXCEPTION 'payment file % is not what was approved', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_file_leaves_as_approved';
    END IF;
    RETURN NEW;
END $$
"""
# Two matchers of one entry follow each other: the lock on the entry is held until the commit.
_MATCHES = """
CREATE FUNCTION billing_check_bank_match() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    whole bigint;
    matched numeric;
BEGIN
    SELECT amount_minor INTO whole FROM billing_bankentry WHERE id = NEW.entry_id FOR UPDATE;
    SELECT coalesce(sum(amount_minor), 0) INTO matched
      FROM billing_bankmatch WHERE entry_id = NEW.entry_id;
    IF matched + NEW.amount_minor > whole THEN
        RAISE EXCEPTION 'entry % has % and % would be matched', NEW.entry_id, whole,
                        matched + NEW.amount_minor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_matches_are_at_most_the_entry';
    END IF;
    RETURN NEW;
END $$
"""
_INVOICE = """
CREATE FUNCTION billing_check_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    net numeric;
    vat numeric;
    sign integer := CASE WHEN NEW.type_code IN ('381', '261') THEN -1 ELSE 1 END;
BEGIN
    SELECT coalesce(sum(supply.net_minor), 0) * sign, coalesce(sum(supply.vat_minor), 0) * sign
      INTO net, vat
      FROM billing_invoicesupply AS stands
      JOIN billing_taxedsupply AS supply ON supply.id = stands.supply_id
     WHERE stands.invoice_id = NEW.id;
    IF (net, vat) IS DISTINCT FROM (NEW.net_minor::numeric, NEW.vat_minor::numeric) THEN
        RAISE EXCEPTION 'invoice % states % + %, its supplies are % + %', NEW.number,
                        NEW.net_minor, NEW.vat_minor, net, vat
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_sums_its_supplies';
    END IF;
    RETURN NULL;
END $$
"""
_LOCKED = """
CREATE FUNCTION billing_refuse_posting_into_locked_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM billing_fiscalperiod AS period
          JOIN posted ON posted.environment = period.environment
           AND posted.posted_at >= period.starts_at AND posted.posted_at < period.ends_at
         WHERE period.state = 'LOCKED'
    ) THEN
        RAISE EXCEPTION 'the period is locked: post into the open one'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'transfer_is_not_posted_into_a_locked_period';
    END IF;
    RETURN NULL;
END $$
"""
_UNLOCKED = """
CREATE FUNCTION billing_refuse_unlocking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a locked period stays locked: what is wrong goes into the open one'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'locked_period_stays_locked';
END $$
"""
_TRIGGERS = [
    "CREATE TRIGGER payment_file_is_exported_once BEFORE UPDATE ON billing_paymentfile"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_payment_file()",
    "CREATE TRIGGER bank_matches_are_at_most_the_entry BEFORE INSERT ON billing_bankmatch"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_bank_match()",
    "CREATE CONSTRAINT TRIGGER invoice_sums_its_supplies AFTER INSERT ON billing_invoice"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_check_invoice()",
    "CREATE TRIGGER transfer_is_not_posted_into_a_locked_period AFTER INSERT ON billing_transfer"
    " REFERENCING NEW TABLE AS posted FOR EACH STATEMENT"
    " EXECUTE FUNCTION billing_refuse_posting_into_locked_period()",
    "CREATE TRIGGER locked_period_stays_locked BEFORE UPDATE ON billing_fiscalperiod"
    " FOR EACH ROW WHEN (OLD.state = 'LOCKED') EXECUTE FUNCTION billing_refuse_unlocking()",
]
_UNDONE = [
    "DROP TRIGGER locked_period_stays_locked ON billing_fiscalperiod",
    "DROP TRIGGER transfer_is_not_posted_into_a_locked_period ON billing_transfer",
    "DROP TRIGGER invoice_sums_its_supplies ON billing_invoice",
    "DROP TRIGGER bank_matches_are_at_most_the_entry ON billing_bankmatch",
    "DROP TRIGGER payment_file_is_exported_once ON billing_paymentfile",
]

_READ = (
    "documentissuer invoicingterms invoice precedinginvoice invoicesupply invoicedsdr"
    " reportedinvoice issuingblock invoiceobjection validationreport positionstate positionevent"
    " debitmandate payment paymentevent bankmatch writeoff dunningstep balanceconfirmation"
).split()
# What a file or an entry says of others stays with the staff.
_GRANTS = [
    f"GRANT SELECT ON {', '.join(f'billing_{name}' for name in _READ)} TO clearinghouse_partner",
    "GRANT SELECT (id, settlement_id, environment, kind, currency, state, message_id,"
    " execution_date, exported_at) ON billing_paymentfile TO clearinghouse_partner",
    "GRANT SELECT (id, environment, currency, amount_minor, is_credit, booked_date, value_date)"
    " ON billing_bankentry TO clearinghouse_partner",
    "GRANT INSERT ON billing_invoice, billing_precedinginvoice, billing_invoicesupply,"
    " billing_invoicedsdr, billing_reportedinvoice, billing_invoiceobjection"
    " TO clearinghouse_partner",
    "GRANT UPDATE (released_at) ON billing_invoicedsdr TO clearinghouse_partner",
    "GRANT UPDATE (resolved_by_id, resolved_at) ON billing_issuingblock TO clearinghouse_partner",
    "GRANT UPDATE (state, answered_by, answered_at, own_balance_minor, answer)"
    " ON billing_balanceconfirmation TO clearinghouse_partner",
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_part_four"),
        ("partners", "0005_evidence_of_part_four"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        *(tables.kept_but(table, name, *columns.split()) for table, name, columns in _KEPT),
        migrations.RunSQL(_FILE, "DROP FUNCTION billing_check_payment_file()"),
        migrations.RunSQL(_MATCHES, "DROP FUNCTION billing_check_bank_match()"),
        migrations.RunSQL(_INVOICE, "DROP FUNCTION billing_check_invoice()"),
        migrations.RunSQL(_LOCKED, "DROP FUNCTION billing_refuse_posting_into_locked_period()"),
        migrations.RunSQL(_UNLOCKED, "DROP FUNCTION billing_refuse_unlocking()"),
        migrations.RunSQL(_TRIGGERS, _UNDONE),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    ]
