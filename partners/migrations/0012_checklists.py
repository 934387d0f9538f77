"""Checklists of parties, and who let them go live; the database counts the steps again."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables

_GUARD = """
CREATE FUNCTION partners_guard_live_activation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tried partners_party%ROWTYPE;
    live partners_party%ROWTYPE;
    lacking text;
BEGIN
    SELECT * INTO tried FROM partners_party WHERE id = NEW.test_party_id;
    SELECT * INTO live FROM partners_party WHERE id = NEW.live_party_id;
    IF tried.environment <> 'TEST' OR live.environment <> 'LIVE'
       OR (tried.country_code, tried.party_id, tried.role)
          IS DISTINCT FROM (live.country_code, live.party_id, live.role) THEN
        RAISE EXCEPTION 'a TEST party goes live as the LIVE party of its code and role'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'live_activation_is_of_one_party';
    END IF;
    IF NOT EXISTS (SELECT FROM partners_approval
                    WHERE id = NEW.approval_id AND verb = 'party.go_live'
                      AND object_id = tried.id::text AND state = 'APPROVED') THEN
        RAISE EXCEPTION 'no second person let it'
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'live_activation_is_let_by_a_second_person';
    END IF;
    WITH connection AS (
        SELECT endpoint.protocol, endpoint.owner_id FROM partners_roamingendpoint AS endpoint
          JOIN partners_roamingendpoint_parties AS served ON served.roamingendpoint_id = endpoint.id
         WHERE served.party_id = tried.id AND endpoint.environment = 'TEST'
           AND endpoint.state <> 'SUSPENDED'
    ), needed (item, is_needed) AS (
        VALUES ('REGISTER_EXTRACT', true),
               ('OWNERS_SCREENED', true),
               ('VAT_CHECKED', tried.role <> 'DATA'),
               ('CONTRACT_SIGNED', tried.role <> 'DATA'),
               ('BANK_ACCOUNT', tried.role <> 'DATA'),
               ('MANDATE_ON_FILE', EXISTS (
                   SELECT FROM connection WHERE owner_id NOT IN (
                       SELECT partner_id FROM partners_partyownership
                        WHERE party_id = tried.id AND ends_at IS NULL))),
               ('CERTIFIED', EXISTS (SELECT FROM connection WHERE protocol <> 'REST'))
    )
    SELECT string_agg(item, ', ') INTO lacking FROM needed
     WHERE is_needed AND NOT EXISTS (
         SELECT FROM partners_checkliststep AS step
          WHERE step.party_id = tried.id AND step.item = needed.item
            AND step.withdrawn_at IS NULL);
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'its checklist lacks %', lacking
            USING ERRCODE = 'restrict_violation',
                  CONSTRAINT = 'live_activation_has_every_step';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER live_activation_has_every_step
    BEFORE INSERT ON partners_liveactivation
    FOR EACH ROW EXECUTE FUNCTION partners_guard_live_activation();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0011_agreements_join_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="LiveActivation",
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
                ("activated_at", models.DateTimeField()),
                (
                    "approval",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.approval",
                    ),
                ),
                (
                    "live_party",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="came_live",
                        to="partners.party",
                    ),
                ),
                (
                    "test_party",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="going_live",
                        to="partners.party",
                    ),
                ),
            ],
            options={
                "permissions": [("approve_liveactivation", "Can approve that a party goes live")],
            },
        ),
        migrations.CreateModel(
            name="ChecklistStep",
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
                (
                    "item",
                    models.CharField(
                        choices=[
                            ("REGISTER_EXTRACT", "Extract of the register of companies"),
                            ("OWNERS_SCREENED", "Owners and sanction lists"),
                            ("VAT_CHECKED", "VAT registration check"),
                            ("CONTRACT_SIGNED", "Participation contract"),
                            ("BANK_ACCOUNT", "Bank account"),
                            ("MANDATE_ON_FILE", "Mandate for its backend supplier"),
                            ("CERTIFIED", "Certification of its test system"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "evidence",
                    models.CharField(
                        help_text="document, number and date, or where it is filed", max_length=500
                    ),
                ),
                ("confirmed_by", models.CharField(max_length=150)),
                ("confirmed_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=150)),
                ("withdraw_reason", models.CharField(blank=True, max_length=500)),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checklist",
                        to="partners.party",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("party", "item"),
                        name="checklist_step_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("evidence", ""), _negated=True),
                            models.Q(("confirmed_by", ""), _negated=True),
                        ),
                        name="checklist_step_has_evidence_and_a_witness",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("withdraw_reason", ""),
                                ("withdrawn_at__isnull", True),
                                ("withdrawn_by", ""),
                            ),
                            models.Q(
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawn_by", ""), _negated=True),
                                models.Q(("withdraw_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="checklist_step_is_withdrawn_with_a_reason",
                    ),
                ],
            },
        ),
        tables.append_only("partners_liveactivation", "live_activation_is_append_only"),
        tables.kept_but(
            "partners_checkliststep",
            "checklist_step_keeps_what_it_said",
            "withdrawn_at",
            "withdrawn_by",
            "withdraw_reason",
        ),
        migrations.RunSQL(
            _GUARD,
            "DROP TRIGGER live_activation_has_every_step ON partners_liveactivation;"
            " DROP FUNCTION partners_guard_live_activation()",
        ),
    ]
