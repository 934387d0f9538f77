"""Roles: the rights of the portal, and that a partner's person has one role of a partner's.

What the roles may do is written after ``migrate``, when all rights are there.
"""

from django.db import migrations

_ROLES = ("partner-admin", "partner-operations", "partner-finance", "partner-read-only")

# The row of the person is locked, so that two who give a role at once see each other's. It runs as
# the owner: at the end of a partner's request too.
_CHECK = """
CREATE FUNCTION partners_check_roles() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    person bigint;
    of_partner boolean;
    partner_roles integer;
    other_roles integer;
BEGIN
    IF TG_TABLE_NAME = 'partners_user' THEN
        person := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        person := OLD.user_id;
    ELSE
        person := NEW.user_id;
    END IF;
    SELECT partner_id IS NOT NULL INTO of_partner
      FROM partners_user WHERE id = person FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT count(*) FILTER (WHERE g.name LIKE 'partner-%'),
           count(*) FILTER (WHERE g.name NOT LIKE 'partner-%')
      INTO partner_roles, other_roles
      FROM partners_user_groups AS ug JOIN auth_group AS g ON g.id = ug.group_id
     WHERE ug.user_id = person;
    IF of_partner AND other_roles > 0 OR NOT of_partner AND partner_roles > 0 THEN
        RAISE EXCEPTION 'a role is of the side of its user'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'role_is_of_the_side_of_its_user';
    END IF;
    IF of_partner AND partner_roles <> 1 THEN
        RAISE EXCEPTION 'a person of a partner has one role'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'partner_user_has_one_role';
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = [
    "SET CONSTRAINTS ALL IMMEDIATE",
    "CREATE CONSTRAINT TRIGGER partner_user_has_one_role AFTER INSERT OR UPDATE OF partner_id"
    " ON partners_user DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION partners_check_roles()",
    "CREATE CONSTRAINT TRIGGER role_is_of_the_side_of_its_user AFTER INSERT OR UPDATE OR DELETE"
    " ON partners_user_groups DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION partners_check_roles()",
]
_NO_TRIGGERS = [
    "DROP TRIGGER partner_user_has_one_role ON partners_user",
    "DROP TRIGGER role_is_of_the_side_of_its_user ON partners_user_groups",
]


def make_admins(apps, schema_editor):
    """Who could do everything for a partner goes on to."""
    groups = apps.get_model("auth", "Group").objects
    admin, *_ = [groups.get_or_create(name=name)[0] for name in _ROLES]
    for user in apps.get_model("partners", "User").objects.filter(partner__isnull=False):
        user.groups.set([admin])


class Migration(migrations.Migration):
    dependencies = [("partners", "0013_lab")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [
                    ("portal_operate", "Can act on disputes, tariffs and records in the portal"),
                    (
                        "portal_see_finance",
                        "Can see statements, invoices and payments in the portal",
                    ),
                    (
                        "portal_finance",
                        "Can object, confirm and ask for bank details in the portal",
                    ),
                    (
                        "portal_administer",
                        "Can manage logins and systems of the company in the portal",
                    ),
                ],
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.RunPython(make_admins, migrations.RunPython.noop),
        migrations.RunSQL(_CHECK, "DROP FUNCTION partners_check_roles()"),
        migrations.RunSQL(_TRIGGERS, _NO_TRIGGERS),
    ]
