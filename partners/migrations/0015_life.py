"""A partner's life: its steps follow a table (partners/rules/life.py), and none is rewritten."""

from django.db import migrations, models

from clearinghouse import tables

_GUARD = """
CREATE FUNCTION partners_guard_life() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before partners_partnerstate%ROWTYPE;
    has_left boolean;
BEGIN
    -- Two steps at once wait for each other; what the first one wrote is read below.
    PERFORM FROM partners_partner WHERE id = NEW.partner_id FOR NO KEY UPDATE;
    SELECT * INTO before FROM partners_partnerstate
     WHERE partner_id = NEW.partner_id AND id <> NEW.id
     ORDER BY starts_at DESC LIMIT 1;
    IF before.starts_at >= NEW.starts_at THEN
        RAISE EXCEPTION 'a later step of this life is known'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'partner_life_goes_forward';
    END IF;
    has_left := coalesce(before.service_ends_at <= NEW.starts_at, false);
    IF (coalesce(before.state, ''), NEW.state) NOT IN (
           ('', 'PROSPECT'), ('', 'ONBOARDING'), ('', 'ACTIVE'),
           ('PROSPECT', 'ONBOARDING'), ('PROSPECT', 'CLOSED'),
           ('ONBOARDING', 'ACTIVE'), ('ONBOARDING', 'CLOSED'),
           ('ACTIVE', 'SUSPENDED'), ('ACTIVE', 'LEAVING'),
           ('SUSPENDED', 'ACTIVE'), ('SUSPENDED', 'LEAVING'),
           ('LEAVING', 'LEAVING'), ('LEAVING', 'ACTIVE'), ('LEAVING', 'CLOSED'))
       OR before.state = 'LEAVING' AND has_left <> (NEW.state = 'CLOSED')
       OR NEW.state = 'CLOSED' AND NEW.service_ends_at IS DISTINCT FROM before.service_ends_at THEN
        RAISE EXCEPTION '% does not become % now', coalesce(before.state, 'nothing'), NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'partner_step_follows';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER partner_step_follows AFTER INSERT ON partners_partnerstate
    FOR EACH ROW EXECUTE FUNCTION partners_guard_life();
"""
# Until now nobody was asked when a service ends.
_OF_BEFORE = """
UPDATE partners_partnerstate
   SET service_ends_at = CASE WHEN state = 'LEAVING' THEN starts_at END,
       reason = coalesce(nullif(reason, ''), 'not noted'),
       actor = coalesce(nullif(actor, ''), 'not noted')
 WHERE state = 'LEAVING' OR reason = '' OR actor = ''
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0014_roles")]

    operations = [
        migrations.AddField(
            model_name="partnerstate",
            name="service_ends_at",
            field=models.DateTimeField(
                blank=True,
                help_text="of who leaves: the first instant that is not served",
                null=True,
            ),
        ),
        migrations.RunSQL(_OF_BEFORE, migrations.RunSQL.noop),
        tables.Together(
            [
                migrations.AddConstraint(
                    model_name="partnerstate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("actor", ""), _negated=True),
                        ),
                        name="partner_state_has_reason_and_author",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="partnerstate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("service_ends_at__gte", models.F("starts_at")),
                                ("service_ends_at__isnull", False),
                                ("state", "LEAVING"),
                            ),
                            models.Q(("service_ends_at__isnull", True), ("state", "CLOSED")),
                            models.Q(
                                ("service_ends_at__lte", models.F("starts_at")),
                                ("state", "CLOSED"),
                            ),
                            models.Q(
                                models.Q(("state__in", ["LEAVING", "CLOSED"]), _negated=True),
                                ("service_ends_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="end_of_service_is_of_who_leaves",
                    ),
                ),
            ]
        ),
        tables.append_only("partners_partnerstate", "partner_state_is_append_only"),
        migrations.RunSQL(
            _GUARD,
            "DROP TRIGGER partner_step_follows ON partners_partnerstate;"
            " DROP FUNCTION partners_guard_life()",
        ),
    ]
