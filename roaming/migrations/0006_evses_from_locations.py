"""An EVSE's entry may be read off its operator's locations, and gives way to the CSO's own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roaming", "0005_evidence_of_part_five")]

    operations = [
        migrations.AddField(
            model_name="evse",
            name="is_from_location",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="read off the CSO's locations; the CSO's own entry takes its place",
            ),
        ),
    ]
