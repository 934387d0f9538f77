"""Alerts about sessions that are over and have no record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roaming", "0012_second_persons_have_rights")]

    operations = [
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
                    ("UNBILLED", "Sessions are over and have no record"),
                ],
                max_length=12,
            ),
        ),
    ]
