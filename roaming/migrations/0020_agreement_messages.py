"""Messages of offered agreements and of their answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0019_the_same_question_once"),
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
                    ("INVOICE", "Invoice or credit note"),
                    ("SDR_STATE", "A record changed its state"),
                    ("DISPUTE", "A dispute moved"),
                    ("MATCH", "Both sides were compared"),
                    ("HEALED", "Held records were released by new master data"),
                    ("REMINDER", "Something is due"),
                    ("MANIFEST", "Daily manifest"),
                    ("ALERT", "Something of yours wants a look"),
                    ("TARIFF", "A tariff changes, or a change was answered"),
                    ("OBJECTION", "An objection to a statement was answered"),
                    ("AGREEMENT", "An agreement was offered, or an offer was answered"),
                    ("REMOTE", "What became of a remote request"),
                    ("TEST", "Test message that you asked for"),
                ],
                max_length=11,
            ),
        ),
    ]
