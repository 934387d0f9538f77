"""A posting holds its period until it is committed, so that nobody locks it beside.

What was posted and not yet committed was seen by nobody: neither by the trigger, for the period was
still open, nor by who locked it, for the row was not there yet.
"""

from django.db import migrations

_LOCKED = """
CREATE OR REPLACE FUNCTION billing_refuse_posting_into_locked_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Waits for who is locking it; a statement of its own, so that the next one sees what came.
    PERFORM FROM billing_fiscalperiod AS period
      WHERE EXISTS (
        SELECT FROM posted
         WHERE posted.environment = period.environment
           AND posted.posted_at >= period.starts_at AND posted.posted_at < period.ends_at
      )
      ORDER BY period.id
        FOR SHARE;
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


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_second_persons_have_rights")]

    operations = [migrations.RunSQL(_LOCKED, migrations.RunSQL.noop)]
