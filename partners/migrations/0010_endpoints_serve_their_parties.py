"""A connection speaks for parties of its environment, its owner's or mandated ones, alone."""

from django.db import migrations

_GUARD = """
CREATE FUNCTION partners_guard_endpoint_party() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    served partners_roamingendpoint%ROWTYPE;
BEGIN
    SELECT * INTO served FROM partners_roamingendpoint WHERE id = NEW.roamingendpoint_id;
    IF NOT EXISTS (SELECT FROM partners_party
                    WHERE id = NEW.party_id AND environment = served.environment) THEN
        RAISE EXCEPTION 'the connection is of another environment than the party'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'endpoint_serves_parties_of_its_environment';
    END IF;
    IF NOT EXISTS (SELECT FROM partners_partyownership
                    WHERE party_id = NEW.party_id AND partner_id = served.owner_id
                      AND (ends_at IS NULL OR ends_at > now()))
       AND NOT EXISTS (SELECT FROM partners_mandate AS mandate
                         JOIN partners_mandate_parties AS named ON named.mandate_id = mandate.id
                        WHERE named.party_id = NEW.party_id AND mandate.agent_id = served.owner_id
                          AND (mandate.ends_at IS NULL OR mandate.ends_at > now())) THEN
        RAISE EXCEPTION 'the party belongs to another partner, which gave no mandate'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'endpoint_serves_parties_that_let_it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER endpoint_serves_parties_that_let_it
    BEFORE INSERT OR UPDATE ON partners_roamingendpoint_parties
    FOR EACH ROW EXECUTE FUNCTION partners_guard_endpoint_party();
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0009_more_scopes")]

    operations = [
        migrations.RunSQL(
            _GUARD,
            "DROP TRIGGER endpoint_serves_parties_that_let_it ON partners_roamingendpoint_parties;"
            " DROP FUNCTION partners_guard_endpoint_party()",
        ),
    ]
