"""Until when the books are complete, so that what was read as of an instant never changes."""

from django.db import migrations, models

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
_READ = ["billing_account", "billing_transfer", "billing_ledgerseal", "billing_ledgerhorizon"]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_evidence_of_part_three"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerHorizon",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("complete_until_at", models.DateTimeField()),
                ("seals", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="ledger_has_one_horizon"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            [_NEVER_BACK, _NEVER_BACK_TRIGGER],
            ["DROP FUNCTION billing_refuse_moving_back() CASCADE"],
        ),
        # What was sealed before counts as complete until its last seal.
        migrations.RunSQL(
            "INSERT INTO billing_ledgerhorizon (id, complete_until_at, seals)"
            " SELECT 1, max(sealed_at), count(*) FROM billing_ledgerseal HAVING count(*) > 0",
            migrations.RunSQL.noop,
        ),
        # Partners read their own positions and open items.
        migrations.RunSQL(
            f"GRANT SELECT ON {', '.join(_READ)} TO clearinghouse_partner", migrations.RunSQL.noop
        ),
    ]
