"""Changes of a list are numbered; what we read off lists or relayed is told from what was sent."""

import django.db.models.deletion
from django.db import migrations, models

from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0008_evidence_of_part_five"),
        ("roaming", "0007_sessions"),
    ]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="WhitelistCounter",
                    fields=[
                        (
                            "csp",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="partners.party",
                            ),
                        ),
                        ("last_sequence", models.PositiveBigIntegerField(default=0)),
                        (
                            "complete_at",
                            models.DateTimeField(
                                help_text="when the whole list was last sent", null=True
                            ),
                        ),
                    ],
                ),
                migrations.AddField(
                    model_name="authorization",
                    name="is_relayed",
                    field=models.BooleanField(
                        db_default=False,
                        default=False,
                        editable=False,
                        help_text="we asked for it ourselves",
                    ),
                ),
                migrations.AddField(
                    model_name="authorizationrequest",
                    name="question_hash",
                    field=models.CharField(
                        blank=True,
                        db_default="",
                        help_text="the same question has the same one",
                        max_length=64,
                    ),
                ),
                migrations.AddField(
                    model_name="credential",
                    name="is_listed",
                    field=models.BooleanField(
                        db_default=False,
                        default=False,
                        editable=False,
                        help_text="we read it off the whitelist",
                    ),
                ),
                migrations.AddField(
                    model_name="whitelistentry",
                    name="sequence",
                    field=models.PositiveBigIntegerField(
                        default=0, help_text="of its last change, per CSP"
                    ),
                    preserve_default=False,
                ),
                migrations.AddIndex(
                    model_name="authorizationrequest",
                    index=models.Index(
                        condition=models.Q(("question_hash", ""), _negated=True),
                        fields=["question_hash"],
                        name="authorization_by_question",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="whitelistentry",
                    constraint=models.UniqueConstraint(
                        fields=("csp", "sequence"),
                        name="whitelist_changes_of_a_csp_are_numbered_once",
                    ),
                ),
            ]
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE ON roaming_whitelistcounter TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
