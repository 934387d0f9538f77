"""Notices of maintenance and incidents, which the portal reads; who looks at it as a partner."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import clearinghouse.uuid7


class Migration(migrations.Migration):
    dependencies = [("partners", "0015_life")]

    operations = [
        migrations.AlterModelOptions(
            name="partner",
            options={"permissions": [("look_as_partner", "Can look at the portal as a partner")]},
        ),
        migrations.CreateModel(
            name="Notice",
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
                    "kind",
                    models.CharField(
                        choices=[("MAINTENANCE", "Maintenance"), ("INCIDENT", "Incident")],
                        max_length=11,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "text",
                    models.TextField(
                        help_text="what it means for partners, and what they should do",
                        max_length=2000,
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("EVERYBODY", "Every partner"),
                            ("CSOS", "Operators of stations"),
                            ("CSPS", "Providers of drivers"),
                            ("PARTNER", "One partner"),
                        ],
                        default="EVERYBODY",
                        max_length=9,
                    ),
                ),
                ("shown_from_at", models.DateTimeField()),
                (
                    "shown_until_at",
                    models.DateTimeField(
                        blank=True, help_text="of an incident that goes on: empty", null=True
                    ),
                ),
                ("created_by", models.CharField(editable=False, max_length=150)),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        help_text="only where the audience is one partner",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-shown_from_at"], name="notice_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(kind="INCIDENT")
                        | Q(kind="MAINTENANCE", shown_until_at__isnull=False),
                        name="maintenance_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=Q(shown_until_at__isnull=True)
                        | Q(shown_until_at__gt=F("shown_from_at")),
                        name="notice_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=Q(audience="PARTNER", partner__isnull=False)
                        | Q(audience__in=["EVERYBODY", "CSOS", "CSPS"], partner__isnull=True),
                        name="notice_names_a_partner_where_it_is_for_one",
                    ),
                    models.CheckConstraint(
                        condition=~Q(title="") & ~Q(text="") & ~Q(created_by=""),
                        name="notice_says_something_and_by_whom",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "GRANT SELECT ON partners_notice TO clearinghouse_partner", migrations.RunSQL.noop
        ),
    ]
