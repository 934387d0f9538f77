"""A transfer moves between accounts of its own currency and environment; accounts stay.

One check per statement in place of two foreign keys per row: posting is faster, and the currency is
held too, which the keys did not.
"""

import django.db.models.deletion
from django.db import migrations, models

from clearinghouse import tables

_CHECK = """
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
_TRIGGER = """
CREATE TRIGGER transfer_is_between_accounts_of_its_currency AFTER INSERT ON billing_transfer
REFERENCING NEW TABLE AS posted
FOR EACH STATEMENT EXECUTE FUNCTION billing_check_accounts_of_transfers()
"""


def _account(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name=name,
        to="billing.account",
        db_constraint=False,
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0015_cover_by_two_persons")]

    operations = [
        migrations.AlterField("transfer", "credit_account", _account("credits")),
        migrations.AlterField("transfer", "debit_account", _account("debits")),
        migrations.AlterField(
            "transfer",
            "reverses",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversed_by",
                to="billing.transfer",
            ),
        ),
        migrations.AddIndex(
            "transfer",
            models.Index(
                condition=models.Q(("reverses__isnull", False)),
                fields=["reverses"],
                name="transfer_that_reverses",
            ),
        ),
        migrations.RunSQL(_CHECK, "DROP FUNCTION billing_check_accounts_of_transfers()"),
        migrations.RunSQL(
            _TRIGGER,
            "DROP TRIGGER transfer_is_between_accounts_of_its_currency ON billing_transfer",
        ),
        tables.append_only("billing_account", "account_is_append_only"),
    ]
