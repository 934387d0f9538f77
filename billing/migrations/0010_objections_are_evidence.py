"""Objections name what they are about and what mends them; raised in time, answered once.

A settlement with an open objection to its window's provisional statements is not issued.
"""

from django.db import migrations, models

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
_NAME = "objection_is_answered_once"
_TRIGGERS = [
    "CREATE TRIGGER objection_is_raised_in_time BEFORE INSERT ON billing_objection"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_objection()",
    f"CREATE TRIGGER {_NAME} BEFORE UPDATE OR DELETE ON billing_objection"
    " FOR EACH ROW EXECUTE FUNCTION billing_refuse_change_of_objection()",
    f"CREATE TRIGGER {_NAME}_by_truncate BEFORE TRUNCATE ON billing_objection"
    f" FOR EACH STATEMENT EXECUTE FUNCTION clearinghouse_refuse_change('{_NAME}')",
    "CREATE TRIGGER settlement_is_issued_once_objections_are_answered"
    " BEFORE UPDATE ON billing_settlement FOR EACH ROW"
    " WHEN (OLD.state <> 'ISSUED' AND NEW.state = 'ISSUED')"
    " EXECUTE FUNCTION billing_refuse_issue_over_objections()",
    "REVOKE DELETE ON billing_objection FROM clearinghouse_app",
    # What mends an objection is told to its partner by its amount, by nothing else of the row.
    "GRANT SELECT (id, amount_minor) ON billing_manualadjustment TO clearinghouse_partner",
]
_UNDONE = [
    "DROP TRIGGER settlement_is_issued_once_objections_are_answered ON billing_settlement",
    f"DROP TRIGGER {_NAME}_by_truncate ON billing_objection",
    f"DROP TRIGGER {_NAME} ON billing_objection",
    "DROP TRIGGER objection_is_raised_in_time ON billing_objection",
    "GRANT DELETE ON billing_objection TO clearinghouse_app",
    "REVOKE SELECT (id, amount_minor) ON billing_manualadjustment FROM clearinghouse_partner",
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0009_frozen_tax_rates"),
    ]

    operations = [
        migrations.AddField(
            model_name="objection",
            name="adjustment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.PROTECT,
                related_name="objections",
                to="billing.manualadjustment",
            ),
        ),
        migrations.AddField(
            model_name="objection",
            name="correction_run",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.PROTECT,
                related_name="objections",
                to="billing.correctionrun",
            ),
        ),
        migrations.AddField(
            model_name="objection",
            name="counterparty",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="objection",
            name="record_id",
            field=models.UUIDField(blank=True, help_text="the ClearedSdr of sdr_id", null=True),
        ),
        migrations.AddField(
            model_name="objection",
            name="remedy",
            field=models.CharField(
                blank=True,
                choices=[
                    ("CANCELLATION", "The calculation was cancelled and is made anew"),
                    ("ADJUSTMENT", "A manual adjustment"),
                    ("CORRECTION", "A correction run"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="objection",
            name="sdr_id",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="objection_has_grounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount_minor__isnull", True), ("amount_minor__gt", 0), _connector="OR"
                ),
                name="objection_amount_is_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "UPHELD"), models.Q(("remedy", ""), _negated=True)),
                    models.Q(models.Q(("state", "UPHELD"), _negated=True), ("remedy", "")),
                    _connector="OR",
                ),
                name="upheld_objection_says_what_mends_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("adjustment__isnull", False),
                        ("correction_run__isnull", True),
                        ("remedy", "ADJUSTMENT"),
                    ),
                    models.Q(
                        ("adjustment__isnull", True),
                        ("correction_run__isnull", False),
                        ("remedy", "CORRECTION"),
                    ),
                    models.Q(
                        ("adjustment__isnull", True),
                        ("correction_run__isnull", True),
                        ("remedy__in", ["", "CANCELLATION"]),
                    ),
                    _connector="OR",
                ),
                name="objection_names_the_remedy_it_says",
            ),
        ),
        migrations.RunSQL(_RAISED, "DROP FUNCTION billing_check_objection()"),
        migrations.RunSQL(_ANSWERED, "DROP FUNCTION billing_refuse_change_of_objection()"),
        migrations.RunSQL(_ISSUED, "DROP FUNCTION billing_refuse_issue_over_objections()"),
        migrations.RunSQL(_TRIGGERS, _UNDONE),
    ]
