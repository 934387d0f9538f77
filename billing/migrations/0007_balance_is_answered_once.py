"""What a partner answered to a balance confirmation stands, whoever asks for another answer."""

from django.db import migrations

_ANSWERED = """
CREATE FUNCTION billing_refuse_second_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'balance confirmation % was answered: an answer stands', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'balance_is_answered_once';
END $$
"""
_TRIGGER = (
    "CREATE TRIGGER balance_is_answered_once BEFORE UPDATE ON billing_balanceconfirmation"
    " FOR EACH ROW WHEN (OLD.state <> 'ASKED') EXECUTE FUNCTION billing_refuse_second_answer()"
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_bank_entry_parts")]

    operations = [
        migrations.RunSQL(_ANSWERED, "DROP FUNCTION billing_refuse_second_answer()"),
        migrations.RunSQL(
            _TRIGGER, "DROP TRIGGER balance_is_answered_once ON billing_balanceconfirmation"
        ),
    ]
