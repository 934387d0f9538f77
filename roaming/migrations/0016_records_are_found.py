"""What no key of a record tells is looked up too: rejected sessions, EVSE ids that are none."""

from django.db import migrations, models

from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [("roaming", "0015_day_figures")]

    operations = [
        tables.Together(
            [
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(
                        condition=models.Q(("rejected_at_intake", True)),
                        fields=["service_session_id"],
                        name="sdr_rejected_by_session",
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(
                        condition=models.Q(("evse_id", "")),
                        fields=["evse_id_received"],
                        name="sdr_by_malformed_evse",
                    ),
                ),
            ]
        )
    ]
