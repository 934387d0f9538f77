"""Figures of days, prepared for the pages that show them; and events are found by their instant."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse.tables import Together


class Migration(migrations.Migration):
    dependencies = [("partners", "0013_lab"), ("roaming", "0014_outcomes_are_told")]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="DayFigure",
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
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("day", models.DateField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("STATE", "Records by state and currency"),
                                    ("REFUSED", "Records refused, by code"),
                                    ("HELD", "Records held, by code"),
                                    (
                                        "DELAY",
                                        "Records by the time from their end to their receipt",
                                    ),
                                ],
                                max_length=7,
                            ),
                        ),
                        (
                            "key",
                            models.CharField(
                                help_text="state, rule code, or bucket", max_length=12
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(blank=True, help_text="of STATE alone", max_length=3),
                        ),
                        ("records", models.PositiveIntegerField()),
                        (
                            "energy_kwh",
                            models.DecimalField(decimal_places=6, default=0, max_digits=24),
                        ),
                        (
                            "claim_amount",
                            models.DecimalField(decimal_places=6, default=0, max_digits=24),
                        ),
                        ("prepared_at", models.DateTimeField()),
                        (
                            "sender",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["day"], name="day_figure_by_day")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=(
                                    "environment",
                                    "day",
                                    "sender",
                                    "kind",
                                    "key",
                                    "currency",
                                ),
                                name="day_figure_is_told_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["STATE", "REFUSED", "HELD", "DELAY"])
                                ),
                                name="day_figure_kind_is_known",
                            ),
                        ],
                    },
                ),
                migrations.AddIndex(
                    model_name="sdrevent",
                    index=django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["at"], name="sdr_event_by_time"
                    ),
                ),
            ]
        ),
    ]
