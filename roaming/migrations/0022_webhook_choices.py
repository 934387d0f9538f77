"""Companies leave messages out of their webhooks that no limit runs from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0022_agreement_offers"),
        ("roaming", "0021_refused_records_are_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhooksubscription",
            name="muted_kinds",
            field=models.JSONField(blank=True, default=list, help_text="messages not wanted"),
        ),
        migrations.AddConstraint(
            model_name="webhooksubscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "muted_kinds__contained_by",
                        ["MATCH", "HEALED", "REMINDER", "MANIFEST", "ALERT", "AGREEMENT"],
                    )
                ),
                name="webhook_gets_what_limits_run_from",
            ),
        ),
    ]
