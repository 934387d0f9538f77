"""Invitations; and what a request of a partner may change of logins: those of partners' people."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables

# As who asks, not as the owner: it is about requests of partners.
_WITHIN = """
CREATE FUNCTION partners_keep_within_companies() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    company uuid;
    loses_admin boolean := false;
BEGIN
    IF current_user <> 'clearinghouse_partner' THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'partners_user' THEN
        company := NEW.partner_id;
        loses_admin := TG_OP = 'UPDATE' AND NOT NEW.is_active AND OLD.is_active AND EXISTS (
            SELECT 1 FROM partners_user_groups AS ug JOIN auth_group AS g ON g.id = ug.group_id
             WHERE ug.user_id = NEW.id AND g.name = 'partner-admin');
    ELSIF TG_OP = 'INSERT' THEN
        SELECT partner_id INTO company FROM partners_user WHERE id = NEW.user_id;
    ELSE
        SELECT partner_id INTO company FROM partners_user WHERE id = OLD.user_id;
        loses_admin := EXISTS (
            SELECT 1 FROM auth_group WHERE id = OLD.group_id AND name = 'partner-admin');
    END IF;
    IF company IS NULL THEN
        RAISE EXCEPTION 'a request of a partner changes no login of staff'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'request_of_a_partner_changes_no_staff';
    END IF;
    IF loses_admin THEN
        PERFORM 1 FROM partners_user WHERE partner_id = company ORDER BY id FOR NO KEY UPDATE;
        IF NOT EXISTS (
            SELECT 1 FROM partners_user AS u
              JOIN partners_user_groups AS ug ON ug.user_id = u.id
              JOIN auth_group AS g ON g.id = ug.group_id
             WHERE u.partner_id = company AND u.is_active AND g.name = 'partner-admin') THEN
            RAISE EXCEPTION 'a company keeps an administrator of its logins'
                USING ERRCODE = 'restrict_violation',
                      CONSTRAINT = 'company_keeps_an_administrator';
        END IF;
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = [
    "CREATE TRIGGER request_of_a_partner_changes_no_staff AFTER INSERT OR UPDATE OF is_active,"
    " partner_id, is_staff, is_superuser, username, email ON partners_user"
    " FOR EACH ROW EXECUTE FUNCTION partners_keep_within_companies()",
    "CREATE TRIGGER request_of_a_partner_changes_no_staff AFTER INSERT OR UPDATE OR DELETE"
    " ON partners_user_groups"
    " FOR EACH ROW EXECUTE FUNCTION partners_keep_within_companies()",
]
_NO_TRIGGERS = [
    f"DROP TRIGGER request_of_a_partner_changes_no_staff ON {table}"
    for table in ("partners_user", "partners_user_groups")
]
_ROLES = ["partner-admin", "partner-operations", "partner-finance", "partner-read-only"]


class Migration(migrations.Migration):
    dependencies = [("partners", "0018_logins")]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clearinghouse.uuid7.new_uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("role", models.CharField(max_length=40)),
                ("invited_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="partners.partner",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitation",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("role__in", _ROLES)),
                        name="invitation_is_for_a_partners_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("invited_at"))),
                        name="invitation_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at__isnull", True), ("user__isnull", True)),
                            models.Q(("accepted_at__isnull", False), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="accepted_invitation_names_its_login",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("withdrawn_at__isnull", True),
                            _connector="OR",
                        ),
                        name="accepted_invitation_is_not_withdrawn",
                    ),
                    models.UniqueConstraint(
                        models.F("partner"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(
                            ("accepted_at__isnull", True), ("withdrawn_at__isnull", True)
                        ),
                        name="person_is_invited_once_at_a_time",
                    ),
                ],
            },
        ),
        tables.kept_but(
            "partners_invitation",
            "invitation_keeps_what_it_said",
            "withdrawn_at",
            "accepted_at",
            "user_id",
        ),
        migrations.RunSQL(_WITHIN, "DROP FUNCTION partners_keep_within_companies()"),
        migrations.RunSQL(_TRIGGERS, _NO_TRIGGERS),
        migrations.RunSQL(
            [
                "GRANT SELECT, INSERT ON partners_invitation TO clearinghouse_partner",
                "GRANT UPDATE (withdrawn_at, accepted_at, user_id) ON partners_invitation"
                " TO clearinghouse_partner",
                "GRANT INSERT, UPDATE (is_active) ON partners_user TO clearinghouse_partner",
                "GRANT INSERT, DELETE ON partners_user_groups TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
