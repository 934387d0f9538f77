"""Deliveries tell of tariffs, contents keep their decimals, and intake keeps ratings."""

from django.db import migrations, models

import roaming.rules.rating.stored


class Migration(migrations.Migration):
    dependencies = [("roaming", "0017_tariffs_are_evidence")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("SDR", "Service detail record"),
                    ("STATEMENT", "Settlement statement"),
                    ("SDR_STATE", "A record changed its state"),
                    ("DISPUTE", "A dispute moved"),
                    ("MATCH", "Both sides were compared"),
                    ("HEALED", "Held records were released by new master data"),
                    ("REMINDER", "Something is due"),
                    ("MANIFEST", "Daily manifest"),
                    ("ALERT", "Something of yours wants a look"),
                    ("TARIFF", "A tariff changes, or a change was answered"),
                ],
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="tariffversion",
            name="content",
            field=models.JSONField(
                decoder=roaming.rules.rating.stored.ExactDecoder,
                encoder=roaming.rules.rating.stored.ExactEncoder,
            ),
        ),
        migrations.RunSQL(
            "GRANT INSERT ON roaming_sdrrating TO clearinghouse_partner", migrations.RunSQL.noop
        ),
    ]
