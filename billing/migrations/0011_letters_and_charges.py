"""Dunning letters are documents; interest and the lump sum for late payment are charged."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import clearinghouse.uuid7
from clearinghouse import tables

_KINDS = [
    ("STATEMENT", "Settlement statement"),
    ("PROVISIONAL", "Provisional statement"),
    ("INVOICE", "Invoice or credit note"),
    ("BALANCE", "Balance confirmation"),
    ("DUNNING", "Dunning letter"),
]
_CHARGES = [
    ("INTEREST", "Interest for late payment"),
    ("LUMP_SUM", "Lump sum for the costs of collecting"),
]


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_overpayments_pay_debts")]

    operations = [
        tables.Together(
            [
                migrations.AlterField(
                    model_name="document",
                    name="kind",
                    field=models.CharField(choices=_KINDS, max_length=11),
                ),
                migrations.CreateModel(
                    name="DunningCharge",
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
                        ("kind", models.CharField(choices=_CHARGES, max_length=8)),
                        ("amount_minor", models.BigIntegerField()),
                        ("until_date", models.DateField()),
                        ("reason", models.CharField(max_length=500)),
                        ("charged_by", models.CharField(max_length=150)),
                        ("charged_at", models.DateTimeField()),
                        (
                            "position",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="charges",
                                to="billing.position",
                            ),
                        ),
                        (
                            "transfer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.transfer",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=Q(kind="LUMP_SUM"),
                                fields=("position",),
                                name="lump_sum_is_charged_once",
                            ),
                            models.UniqueConstraint(
                                condition=Q(kind="INTEREST"),
                                fields=("position", "until_date"),
                                name="interest_of_a_day_is_charged_once",
                            ),
                            models.CheckConstraint(
                                condition=Q(amount_minor__gt=0) & ~Q(reason=""),
                                name="dunning_charge_is_positive_and_has_a_reason",
                            ),
                        ],
                    },
                ),
                migrations.AddField(
                    model_name="allocation",
                    name="charge",
                    field=models.OneToOneField(
                        help_text="paid by it, whole; else what is due of the position is",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="billing.dunningcharge",
                    ),
                ),
            ]
        ),
        tables.append_only("billing_dunningcharge", "dunning_charge_is_append_only"),
        migrations.RunSQL(
            "GRANT SELECT ON billing_dunningcharge TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
