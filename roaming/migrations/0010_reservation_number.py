"""A number of each reservation that is unique at its CSO, for systems that know numbers alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0009_partners_read_their_bytes"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="number",
            field=models.PositiveIntegerField(
                help_text="as a CSO that knows numbers does", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.UniqueConstraint(
                fields=("cso", "number"), name="reservation_number_is_unique_per_cso"
            ),
        ),
    ]
