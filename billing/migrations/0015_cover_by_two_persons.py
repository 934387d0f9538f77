"""Cover is booked by two persons; a partner is blocked by hand, with a reason."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0014_partners_read_exposure_blocks"),
        ("partners", "0008_split_fee_has_a_share"),
    ]

    operations = [
        migrations.CreateModel(
            name="CoverBooking",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clearinghouse.uuid7.new_uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[("TEST", "Test"), ("LIVE", "Live")], default="LIVE", max_length=4
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "account",
                    models.CharField(
                        help_text="2410 prefund, 2400 deposit, 2450 default fund", max_length=4
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("IN", "Came in"), ("OUT", "Is paid back")], max_length=3
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("reference", models.CharField(help_text="the bank's", max_length=100)),
                ("reason", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("REQUESTED", "Requested"),
                            ("POSTED", "Posted"),
                            ("REFUSED", "Refused"),
                        ],
                        default="REQUESTED",
                        max_length=9,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("posted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="exposureblock",
            name="block_reason",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="exposureblock",
            name="blocked_by",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddConstraint(
            model_name="exposureblock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("block_reason", ""), ("blocked_by", "")),
                    models.Q(
                        models.Q(("blocked_by", ""), _negated=True),
                        models.Q(("block_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="block_by_hand_has_author_and_reason",
            ),
        ),
        migrations.AddField(
            model_name="coverbooking",
            name="approval",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.approval",
            ),
        ),
        migrations.AddField(
            model_name="coverbooking",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cover_bookings",
                to="partners.partner",
            ),
        ),
        migrations.AddConstraint(
            model_name="coverbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="cover_amount_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="coverbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(("account__in", ["2400", "2410", "2450"])),
                name="cover_is_booked_on_an_account_of_cover",
            ),
        ),
        migrations.AddConstraint(
            model_name="coverbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", ""), _negated=True),
                    models.Q(("reference", ""), _negated=True),
                ),
                name="cover_has_reason_and_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="coverbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("posted_at__isnull", False), ("state", "POSTED")),
                    models.Q(
                        models.Q(("state", "POSTED"), _negated=True), ("posted_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="posted_cover_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="coverbooking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["REQUESTED", "POSTED"])),
                fields=("reference",),
                name="cover_reference_is_asked_for_once",
            ),
        ),
    ]
