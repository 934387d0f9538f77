"""Sessions that nobody billed in time are prepared figures too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0022_agreement_offers"),
        ("roaming", "0023_sandbox"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="dayfigure",
            name="day_figure_kind_is_known",
        ),
        migrations.AlterField(
            model_name="dayfigure",
            name="kind",
            field=models.CharField(
                choices=[
                    ("STATE", "Records by state and currency"),
                    ("REFUSED", "Records refused, by code"),
                    ("HELD", "Records held, by code"),
                    ("DELAY", "Records by the time from their end to their receipt"),
                    ("MISSING", "Sessions without a record, by the day on which they were over"),
                ],
                max_length=7,
            ),
        ),
        migrations.AddConstraint(
            model_name="dayfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["STATE", "REFUSED", "HELD", "DELAY", "MISSING"])),
                name="day_figure_kind_is_known",
            ),
        ),
    ]
