"""A closed window takes no record, whoever writes: the group's lock has a second line."""

from django.db import migrations

# Once per statement, over the windows it names: a batch of thousands names one or two.
_FUNCTION = """
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
_TRIGGER = """
CREATE TRIGGER cleared_sdr_goes_into_an_open_window
AFTER INSERT ON billing_clearedsdr REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_closed_window()
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_settlement_is_hashed_once")]

    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION billing_refuse_closed_window()"),
        migrations.RunSQL(
            _TRIGGER,
            "DROP TRIGGER cleared_sdr_goes_into_an_open_window ON billing_clearedsdr",
        ),
    ]
