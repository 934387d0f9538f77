"""Samples that a partner has sent in TEST have a door of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0022_webhook_choices"),
    ]

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
                    ("SANDBOX", "Sample in the sandbox"),
                ],
                max_length=7,
            ),
        ),
    ]
