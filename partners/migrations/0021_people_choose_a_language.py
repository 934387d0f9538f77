"""People choose the language of the portal for themselves, in it or before they log in."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("partners", "0020_partners_rotate_clients")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                choices=[("en", "English"), ("de", "German"), ("fr", "French")],
                default="",
                help_text="of the portal and of letters to the person; empty: as the browser asks",
                max_length=2,
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=Q(language__in=["", "en", "de", "fr"]),
                name="user_reads_a_language_that_we_speak",
            ),
        ),
        migrations.RunSQL(
            "GRANT UPDATE (language) ON partners_user TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
