"""Two that ask the same at once are told apart by the database alone.

Each of their statements saw that nobody had asked. A constraint cannot say it: on a partitioned
table it would have to name the key of the partitions.
"""

from django.db import migrations

# 14: Lock.QUESTIONS. Statements of a trigger see what was committed while it waited.
_GUARD = """
CREATE FUNCTION roaming_answer_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(14, hashtext(NEW.question_hash));
    IF EXISTS (SELECT FROM roaming_authorizationrequest AS r
                WHERE r.question_hash = NEW.question_hash AND r.cso_id = NEW.cso_id
                  AND r.decision <> 'NOT_REACHED'
                  AND r.asked_at > NEW.asked_at - interval '30 s'
                  AND r.asked_at < NEW.asked_at + interval '30 s') THEN
        RAISE EXCEPTION 'the same question was answered less than 30 seconds before'
            USING ERRCODE = 'exclusion_violation',
                  CONSTRAINT = 'the_same_question_is_answered_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER the_same_question_is_answered_once BEFORE INSERT ON roaming_authorizationrequest
FOR EACH ROW WHEN (NEW.question_hash <> '' AND NEW.decision <> 'NOT_REACHED')
EXECUTE FUNCTION roaming_answer_once();
"""


class Migration(migrations.Migration):
    dependencies = [("roaming", "0018_own_webhooks")]

    operations = [
        migrations.RunSQL(
            _GUARD,
            "DROP TRIGGER the_same_question_is_answered_once ON roaming_authorizationrequest;"
            "DROP FUNCTION roaming_answer_once()",
        ),
    ]
