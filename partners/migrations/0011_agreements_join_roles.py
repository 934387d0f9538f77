"""An agreement joins parties of the roles that its mode is for (partners/rules/modes.py)."""

from django.db import migrations

_GUARD = """
CREATE FUNCTION partners_guard_agreement_mode() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seller_role text := (SELECT role FROM partners_party WHERE id = NEW.seller_id);
    buyer_role text := (SELECT role FROM partners_party WHERE id = NEW.buyer_id);
BEGIN
    IF buyer_role = 'CSP' AND (
           NEW.mode IN ('CLEARED_PO', 'MIXED') AND seller_role = 'CSO'
        OR NEW.mode = 'CLEARED_PP' AND seller_role = 'CSP'
        OR NEW.mode = 'DIRECT' AND seller_role IN ('CSO', 'CSP')) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'an agreement of mode % does not join a % with a %',
                    NEW.mode, seller_role, buyer_role
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'agreement_mode_fits_its_sides';
END $$;
CREATE TRIGGER agreement_mode_fits_its_sides
    AFTER INSERT OR UPDATE OF mode, seller_id, buyer_id ON partners_roamingagreement
    FOR EACH ROW EXECUTE FUNCTION partners_guard_agreement_mode();
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0010_endpoints_serve_their_parties")]

    operations = [
        migrations.RunSQL(
            _GUARD,
            "DROP TRIGGER agreement_mode_fits_its_sides ON partners_roamingagreement;"
            " DROP FUNCTION partners_guard_agreement_mode()",
        ),
    ]
