"""A partner is closed once nothing is owed, held or disputed on its accounts (J7)."""

from django.db import migrations

_GUARD = """
CREATE FUNCTION billing_guard_closed_partner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    open_account text;
BEGIN
    SELECT account.code || ' ' || account.currency INTO open_account
      FROM billing_account AS account
     WHERE account.partner_id = NEW.partner_id AND account.environment = 'LIVE'
       AND account.code IN ('1200', '1300', '1390', '1500', '2100', '2390', '2400', '2410', '2890')
       AND (SELECT coalesce(sum(amount_minor), 0) FROM billing_transfer
             WHERE debit_account_id = account.id)
           <> (SELECT coalesce(sum(amount_minor), 0) FROM billing_transfer
                WHERE credit_account_id = account.id)
     LIMIT 1;
    IF open_account IS NOT NULL THEN
        RAISE EXCEPTION 'something stands on its account %', open_account
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'closed_partner_has_no_balance';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER closed_partner_has_no_balance AFTER INSERT ON partners_partnerstate
    FOR EACH ROW WHEN (NEW.state = 'CLOSED') EXECUTE FUNCTION billing_guard_closed_partner();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0014_posting_waits_for_the_lock"),
        ("partners", "0015_life"),
    ]

    operations = [
        migrations.RunSQL(
            _GUARD,
            "DROP TRIGGER closed_partner_has_no_balance ON partners_partnerstate;"
            " DROP FUNCTION billing_guard_closed_partner()",
        ),
    ]
