"""The right to release a settlement is apart from the right to ask for it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_balance_is_answered_once")]

    operations = [
        migrations.AlterModelOptions(
            name="settlement",
            options={"permissions": [("approve_settlement", "Can release settlement")]},
        ),
    ]
