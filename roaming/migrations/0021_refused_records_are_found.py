"""Refused records of a sender are counted by when they were refused."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0020_partners_rotate_clients"),
        ("roaming", "0020_agreement_messages"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="sdrstate",
            index=models.Index(
                condition=models.Q(("state", "REJECTED")),
                fields=["sender", "changed_at"],
                name="state_refused",
            ),
        ),
    ]
