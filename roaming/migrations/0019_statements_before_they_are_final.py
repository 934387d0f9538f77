"""A party is told of a provisional statement as one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0018_partners_publish_tariffs"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("SDR", "Service detail record"),
                    ("STATEMENT", "Settlement statement"),
                    ("PROVISIONAL", "Provisional statement"),
                    ("SDR_STATE", "A record changed its state"),
                    ("DISPUTE", "A dispute moved"),
                    ("MATCH", "Both sides were compared"),
                    ("HEALED", "Held records were released by new master data"),
                    ("REMINDER", "Something is due"),
                    ("MANIFEST", "Daily manifest"),
                    ("ALERT", "Something of yours wants a look"),
                    ("TARIFF", "A tariff changes, or a change was answered"),
                ],
                max_length=11,
            ),
        ),
    ]
