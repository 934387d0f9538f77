"""What 2890 holds for a partner pays a debt of it, or goes back: never more than is there."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables

# Free is what 2890 holds less what was proposed to go back and is not posted yet. Whoever takes
# from it holds the advisory lock COVER of the account; this is the second look.
_UNALLOCATED = """
CREATE FUNCTION billing_check_unallocated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose uuid;
    of_currency text;
    of_environment text;
    free numeric;
    moved bigint;
BEGIN
    IF TG_TABLE_NAME = 'billing_payment' THEN
        whose := NEW.partner_id;
        of_currency := NEW.currency;
        of_environment := NEW.environment;
    ELSE
        SELECT debt.partner_id, settlement.currency, settlement.environment
          INTO whose, of_currency, of_environment
          FROM billing_position AS debt
          JOIN billing_settlement AS settlement ON settlement.id = debt.settlement_id
         WHERE debt.id = NEW.position_id;
        SELECT transfer.amount_minor INTO moved
          FROM billing_transfer AS transfer
          JOIN billing_account AS taken ON taken.id = transfer.debit_account_id
         WHERE transfer.id = NEW.transfer_id AND taken.code = '2890'
           AND (taken.partner_id, taken.currency, taken.environment)
               = (whose, of_currency, of_environment);
        IF moved IS DISTINCT FROM NEW.amount_minor THEN
            RAISE EXCEPTION 'allocation % is not what its transfer took from 2890', NEW.id
                USING ERRCODE = 'check_violation',
                      CONSTRAINT = 'allocation_is_what_its_transfer_took';
        END IF;
    END IF;
    SELECT coalesce(sum(CASE WHEN transfer.credit_account_id = account.id
                             THEN transfer.amount_minor ELSE -transfer.amount_minor END), 0)
      INTO free
      FROM billing_account AS account
      JOIN billing_transfer AS transfer
        ON account.id IN (transfer.credit_account_id, transfer.debit_account_id)
     WHERE account.code = '2890'
       AND (account.partner_id, account.currency, account.environment)
           = (whose, of_currency, of_environment);
    SELECT free - coalesce(sum(amount_minor), 0) INTO free
      FROM billing_payment
     WHERE purpose = 'PAY_BACK' AND state = 'PROPOSED'
       AND (partner_id, currency, environment) = (whose, of_currency, of_environment);
    IF free < 0 THEN
        RAISE EXCEPTION '2890 of partner % would be % short', whose, -free
            USING ERRCODE = 'check_violation', CONSTRAINT = 'unallocated_is_not_overdrawn';
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = [
    "CREATE TRIGGER unallocated_is_not_overdrawn AFTER INSERT ON billing_allocation"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_unallocated()",
    "CREATE TRIGGER unallocated_is_not_overdrawn AFTER INSERT ON billing_payment"
    " FOR EACH ROW WHEN (NEW.purpose = 'PAY_BACK') EXECUTE FUNCTION billing_check_unallocated()",
]
_UNDONE = [
    "DROP TRIGGER unallocated_is_not_overdrawn ON billing_payment",
    "DROP TRIGGER unallocated_is_not_overdrawn ON billing_allocation",
]


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_supplies_are_released")]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="Allocation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=clearinghouse.uuid7.new_uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("reason", models.CharField(max_length=500)),
                        ("allocated_by", models.CharField(max_length=150)),
                        ("allocated_at", models.DateTimeField()),
                        (
                            "position",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.position",
                            ),
                        ),
                        (
                            "transfer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.transfer",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="allocation_has_a_reason",
                            )
                        ],
                    },
                ),
            ]
        ),
        tables.append_only("billing_allocation", "allocation_is_append_only"),
        migrations.RunSQL(_UNALLOCATED, "DROP FUNCTION billing_check_unallocated()"),
        migrations.RunSQL(_TRIGGERS, _UNDONE),
        migrations.RunSQL(
            "GRANT SELECT ON billing_allocation TO clearinghouse_partner", migrations.RunSQL.noop
        ),
    ]
