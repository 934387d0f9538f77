"""Partners keep their own webhooks: rotation with an overlap, tests, messages sent again."""

from django.db import migrations, models

from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0020_partners_rotate_clients"),
        ("roaming", "0017_corrections_in_the_portal"),
    ]

    operations = [
        tables.Together(
            [
                migrations.AddField(
                    model_name="deliverycounter",
                    name="replays",
                    field=models.PositiveIntegerField(db_default=0, default=0),
                ),
                migrations.AddField(
                    model_name="deliverycounter",
                    name="replays_from_at",
                    field=models.DateTimeField(null=True),
                ),
                migrations.AddField(
                    model_name="webhooksubscription",
                    name="encrypted_former_secret",
                    field=models.BinaryField(null=True),
                ),
                migrations.AddField(
                    model_name="webhooksubscription",
                    name="former_until_at",
                    field=models.DateTimeField(null=True),
                ),
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
                            ("REMOTE", "What became of a remote request"),
                            ("TEST", "Test message that you asked for"),
                        ],
                        max_length=11,
                    ),
                ),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        condition=models.Q(("attempts__gt", 0), ("confirmed_at__isnull", True)),
                        fields=["receiver", "sequence"],
                        name="delivery_failed",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="deliverycounter",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("replays", 0), ("replays_from_at__isnull", False), _connector="OR"
                        ),
                        name="replays_are_counted_from_an_instant",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="webhooksubscription",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("encrypted_former_secret__isnull", True),
                                ("former_until_at__isnull", True),
                            ),
                            models.Q(
                                ("encrypted_former_secret__isnull", False),
                                ("former_until_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="former_webhook_secret_has_an_end",
                    ),
                ),
            ]
        )
    ]
