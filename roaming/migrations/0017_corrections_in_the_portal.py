"""Records that their sender corrected in the portal: their door, and which were corrected."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roaming", "0016_records_are_found")]

    operations = [
        migrations.AlterField(
            model_name="intakebatch",
            name="door",
            field=models.CharField(
                choices=[
                    ("API", "Api"),
                    ("COMMAND", "Command line"),
                    ("ADMIN", "Upload in the admin"),
                    ("PORTAL", "Corrections in the portal"),
                    ("DEMO", "Demo world"),
                    ("DISPUTE", "Outcome of a dispute"),
                    ("OCPI", "OCPI connection"),
                ],
                max_length=7,
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT (record_id, new_record_id) ON roaming_holdcorrection"
            " TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
