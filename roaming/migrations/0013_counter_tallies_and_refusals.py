"""Count counter-records at the door, keep what is refused once, name what a duplicate repeats."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables

_EVIDENCE = (
    ("roaming_countertally", "counter_tally_is_append_only"),
    ("roaming_rejectedcounterkey", "counter_refusal_is_append_only"),
)
_GRANTS = (
    "GRANT SELECT, INSERT ON roaming_countertally, roaming_rejectedcounterkey"
    " TO clearinghouse_partner"
)


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0006_part_two"),
        ("roaming", "0012_completeness"),
    ]

    operations = [
        migrations.CreateModel(
            name="CounterTally",
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
                        choices=[("TEST", "Test"), ("LIVE", "Live")], default="LIVE", max_length=4
                    ),
                ),
                ("day", models.DateField(help_text="day of receipt, UTC")),
                ("received", models.PositiveIntegerField()),
                ("taken", models.PositiveIntegerField()),
                ("rejected", models.PositiveIntegerField()),
                ("repeated", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name_plural": "counter tallies",
            },
        ),
        migrations.CreateModel(
            name="RejectedCounterKey",
            fields=[
                ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "environment",
                    models.CharField(
                        choices=[("TEST", "Test"), ("LIVE", "Live")], default="LIVE", max_length=4
                    ),
                ),
                ("counter_id", models.CharField(blank=True, max_length=100)),
                ("raw_sha256", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="match",
            name="duplicate_of_id",
            field=models.UUIDField(help_text="the counter-record that said it first", null=True),
        ),
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("SILENCE", "A CSO fell silent"),
                    ("SEQUENCE_GAP", "A batch is missing"),
                    ("REJECT_RATE", "Many records are rejected"),
                    ("MANIFEST", "A manifest differs"),
                    ("DEAD_LETTER", "A message could not be delivered"),
                    ("ESCALATION", "Many records of a pair are in dispute"),
                    ("OUTAGE", "A receiver is away too long"),
                    ("ONE_SIDED", "A CSP's sessions have no record"),
                    ("CONSERVATION", "What came in is not all there"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("duplicate_of_id__isnull", True), ("outcome", "DUPLICATE"), _connector="OR"
                ),
                name="only_a_duplicate_repeats_another",
            ),
        ),
        migrations.AddField(
            model_name="countertally",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="counter_tallies",
                to="roaming.intakebatch",
            ),
        ),
        migrations.AddField(
            model_name="countertally",
            name="sender",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.partner",
            ),
        ),
        migrations.AddField(
            model_name="rejectedcounterkey",
            name="sender",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.partner",
            ),
        ),
        migrations.AddIndex(
            model_name="countertally",
            index=models.Index(fields=["sender", "day"], name="counter_tally_of_day"),
        ),
        migrations.AddConstraint(
            model_name="countertally",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "received",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("taken"), "+", models.F("rejected")
                            ),
                            "+",
                            models.F("repeated"),
                        ),
                    )
                ),
                name="counter_tally_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="rejectedcounterkey",
            constraint=models.UniqueConstraint(
                fields=("sender", "environment", "raw_sha256"),
                name="counter_record_is_refused_once",
            ),
        ),
        *(tables.append_only(table, name) for table, name in _EVIDENCE),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    ]
