"""Who ran at an EVSE in a window: by the end, however long ago they began."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roaming", "0014_corrections_and_healings")]

    operations = [
        migrations.RemoveIndex(model_name="sdr", name="sdr_by_evse"),
        migrations.AddIndex(
            model_name="sdr",
            index=models.Index(
                fields=["evse_id", "ended_at"],
                condition=~models.Q(evse_id=""),
                name="sdr_by_evse",
            ),
        ),
    ]
