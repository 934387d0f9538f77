"""What pairs of partners have in open windows, counted after each clearing."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7

# What stands in open windows when the table is made; the next clearing counts anew.
_COUNTED = """
INSERT INTO billing_windowsum
      (id, window_id, seller_partner_id, buyer_partner_id, currency, claim_minor, records,
       counted_at)
SELECT gen_random_uuid(), cleared.window_id, cleared.seller_partner_id, cleared.buyer_partner_id,
       cleared.currency, sum(cleared.claim_minor), count(*), now()
  FROM billing_clearedsdr AS cleared
  JOIN billing_clearingwindow AS clearing ON clearing.id = cleared.window_id
 WHERE clearing.state = 'OPEN'
 GROUP BY 2, 3, 4, 5
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0016_money_is_found"),
        ("partners", "0020_partners_rotate_clients"),
    ]

    operations = [
        migrations.CreateModel(
            name="WindowSum",
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
                ("currency", models.CharField(max_length=3)),
                ("claim_minor", models.BigIntegerField()),
                ("records", models.PositiveBigIntegerField()),
                ("counted_at", models.DateTimeField()),
                (
                    "buyer_partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
                (
                    "seller_partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.clearingwindow",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("window", "seller_partner", "buyer_partner", "currency"),
                        name="window_is_summed_once_per_pair",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("records__gt", 0)),
                        name="window_sum_is_of_records_that_are_there",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "GRANT SELECT ON billing_windowsum TO clearinghouse_partner", migrations.RunSQL.noop
        ),
        migrations.RunSQL(_COUNTED, migrations.RunSQL.noop),
    ]
