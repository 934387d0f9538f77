"""What the models cannot say: immutable agreements, shared environments, the partner role."""

from django.db import migrations

from clearinghouse import tables
from clearinghouse.uuid7 import new_uuid7

# A version in force may only have its open end closed, when the next version takes over.
_AGREEMENT = """
CREATE FUNCTION partners_agreement_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.in_force_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.ends_at IS NULL
       AND to_jsonb(NEW) - 'ends_at' = to_jsonb(OLD) - 'ends_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'agreement % v% is in force: make a new version', OLD.number, OLD.version
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'agreement_in_force_is_immutable';
END $$
"""
_AGREEMENT_TRIGGER = """
CREATE TRIGGER agreement_in_force_is_immutable
BEFORE UPDATE OR DELETE ON partners_roamingagreement
FOR EACH ROW EXECUTE FUNCTION partners_agreement_refuse_change()
"""

_READ = [
    "partners_partner",
    "partners_partnerfacts",
    "partners_partnerstate",
    "partners_party",
    "partners_partyownership",
    "partners_mandate",
    "partners_mandate_parties",
    "partners_settlementgroup",
    "partners_participationcontract",
    "partners_groupmembership",
    "partners_roamingagreement",
    "partners_roamingendpoint",
    "partners_roamingendpoint_parties",
    "partners_apiclient",
    "partners_job",
    "partners_user",
    "partners_user_groups",
    "partners_user_user_permissions",
    "partners_refreshtoken",
    "partners_idtoken",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "oauth2_provider_grant",
]
_WRITE = ["django_session", "partners_accesstoken", "partners_idempotencykey"]
_GRANTS = [
    f"GRANT SELECT ON {', '.join(_READ)} TO clearinghouse_partner",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(_WRITE)} TO clearinghouse_partner",
    "GRANT INSERT ON partners_auditevent TO clearinghouse_partner",
    "GRANT UPDATE (last_login, password) ON partners_user TO clearinghouse_partner",
    # A client may revoke its own token (RFC 7009): deleting a token sets the reference of its
    # refresh token, of which there is none, to null.
    "GRANT UPDATE (access_token_id) ON partners_refreshtoken TO clearinghouse_partner",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clearinghouse_partner",
    # No device asks for a token.
    "REVOKE USAGE ON SEQUENCE oauth2_provider_devicegrant_id_seq FROM clearinghouse_partner",
    # What makes partitions runs with its owner's rights: a partner's request may not call it.
    "REVOKE EXECUTE ON FUNCTION clearinghouse_ensure_partition(text, date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION clearinghouse_ensure_partition(text, date) TO clearinghouse_app",
]
_ENVIRONMENTS = (
    ("seller_id", "partners_party", "agreement_and_seller_share_environment"),
    ("buyer_id", "partners_party", "agreement_and_buyer_share_environment"),
    ("group_id", "partners_settlementgroup", "agreement_and_group_share_environment"),
)


def seed_clearing_house(apps, schema_editor):
    partner = apps.get_model("partners", "Partner")
    partner.objects.create(id=new_uuid7(), name="Clearing house", is_clearing_house=True)


class Migration(migrations.Migration):
    # Of before the first release; a database that has them all needs nothing.
    replaces = [("partners", "0009_taxrate")]

    dependencies = [
        ("partners", "0002_participants"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        tables.append_only("partners_auditevent", "audit_event_is_append_only"),
        migrations.RunSQL(_AGREEMENT, "DROP FUNCTION partners_agreement_refuse_change()"),
        migrations.RunSQL(
            _AGREEMENT_TRIGGER,
            "DROP TRIGGER agreement_in_force_is_immutable ON partners_roamingagreement",
        ),
        *(
            tables.shared_environment(
                table="partners_roamingagreement", column=column, other=other, name=name
            )
            for column, other, name in _ENVIRONMENTS
        ),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
        migrations.RunPython(seed_clearing_house, migrations.RunPython.noop),
    ]
