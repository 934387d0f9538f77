"""A client may have every scope, of which there are more than one line holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0008_evidence_of_part_five"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apiclient",
            name="scopes",
            field=models.CharField(
                default="sdr:write sdr:read settlement:read",
                help_text="what this client may ask for",
                max_length=1000,
            ),
        ),
    ]
