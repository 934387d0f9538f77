"""Nobody is paid or debited more than is due, and who proposed a file never approves it."""

from django.db import migrations

# The lock on the state of the position is held until the commit: two proposals follow each other.
_AT_MOST = """
CREATE FUNCTION billing_check_payment_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint;
    live numeric;
BEGIN
    SELECT abs(due_minor) INTO due
      FROM billing_positionstate WHERE position_id = NEW.position_id FOR UPDATE;
    SELECT coalesce(sum(amount_minor), 0) INTO live
      FROM billing_payment
     WHERE position_id = NEW.position_id
       AND state NOT IN ('REJECTED', 'RETURNED', 'CANCELLED');
    IF due IS NULL OR live + NEW.amount_minor > due THEN
        RAISE EXCEPTION 'position % is due %, payments would be %', NEW.position_id, due,
                        live + NEW.amount_minor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_are_at_most_what_is_due';
    END IF;
    RETURN NEW;
END $$
"""
_FILE = """
CREATE OR REPLACE FUNCTION billing_check_payment_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('DRAFT', 'APPROVED'), ('DRAFT', 'CANCELLED'), ('APPROVED', 'EXPORTED'),
        ('APPROVED', 'CANCELLED'), ('EXPORTED', 'ACKNOWLEDGED'), ('EXPORTED', 'PART_REJECTED'),
        ('EXPORTED', 'FAILED'), ('EXPORTED', 'BOOKED'), ('ACKNOWLEDGED', 'PART_REJECTED'),
        ('ACKNOWLEDGED', 'FAILED'), ('ACKNOWLEDGED', 'BOOKED'), ('PART_REJECTED', 'BOOKED'),
        ('PART_REJECTED', 'FAILED')
    ) THEN
        RAISE EXCEPTION 'payment file % is %: it does not become %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_file_is_exported_once';
    END IF;
    IF OLD.state = 'DRAFT' AND NEW.state = 'APPROVED' AND NOT EXISTS (
        SELECT FROM partners_approval AS approval
          JOIN partners_user AS checker ON checker.id = approval.checker_id
         WHERE approval.id = NEW.approval_id AND approval.state = 'APPROVED'
           AND approval.object_id = NEW.id::text AND approval.content_sha256 = NEW.content_sha256
           AND checker.username <> NEW.proposed_by
    ) THEN
        RAISE EXCEPTION 'payment file % is not what a second person approved', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_file_leaves_as_approved';
    END IF;
    RETURN NEW;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_evidence_of_part_four"),
        ("partners", "0005_evidence_of_part_four"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="paymentfile",
            options={"permissions": [("approve_paymentfile", "Can approve payment file")]},
        ),
        migrations.RunSQL(
            [
                _AT_MOST,
                "CREATE TRIGGER payments_are_at_most_what_is_due BEFORE INSERT ON billing_payment"
                " FOR EACH ROW WHEN (NEW.position_id IS NOT NULL)"
                " EXECUTE FUNCTION billing_check_payment_due()",
            ],
            [
                "DROP TRIGGER payments_are_at_most_what_is_due ON billing_payment",
                "DROP FUNCTION billing_check_payment_due()",
            ],
        ),
        migrations.RunSQL(_FILE, migrations.RunSQL.noop),
    ]
