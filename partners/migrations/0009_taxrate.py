"""Rates of VAT belong to partners, where roaming reads them too; the table stays as billing made it.

State only: billing's 0005 makes ``billing_taxrate``. Whoever changes the table here later must
depend on billing's ``0013_tax_rates_are_partners``.
"""

import django.contrib.postgres.constraints
from django.db import migrations, models

import clearinghouse.uuid7
import partners.models.exclusions

_NO_OVERLAP = django.contrib.postgres.constraints.ExclusionConstraint(
    expressions=[
        (
            partners.models.exclusions._TextRange(
                models.F("country_code"), models.F("country_code"), models.Value("[]")
            ),
            "&&",
        ),
        (
            partners.models.exclusions._TextRange(
                models.F("kind"), models.F("kind"), models.Value("[]")
            ),
            "&&",
        ),
        (
            partners.models.exclusions._DayRange(
                models.F("from_date"), models.F("until_date"), models.Value("[)")
            ),
            "&&",
        ),
    ],
    name="tax_rates_do_not_overlap",
)
_KINDS = [
    ("ELECTRICITY", "Electricity with what belongs to it"),
    ("PARKING", "Parking or blocking"),
    ("RESERVATION", "Reservation"),
    ("SERVICE", "Service of the clearing house"),
]
_TAX_RATE = migrations.CreateModel(
    name="TaxRate",
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
        ("country_code", models.CharField(max_length=2)),
        ("from_date", models.DateField()),
        ("until_date", models.DateField(blank=True, null=True)),
        (
            "source",
            models.CharField(help_text="law, notice or table it comes from", max_length=200),
        ),
        (
            "kind",
            models.CharField(choices=_KINDS, default="ELECTRICITY", max_length=11),
        ),
        ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
    ],
    options={
        "db_table": "billing_taxrate",
        "constraints": [
            _NO_OVERLAP,
            models.CheckConstraint(
                condition=models.Q(
                    ("until_date__isnull", True),
                    ("until_date__gt", models.F("from_date")),
                    _connector="OR",
                ),
                name="tax_rate_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(("rate__gt", 0), ("rate__lt", 1)), name="tax_rate_is_a_fraction"
            ),
        ],
    },
)


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0008_split_fee_has_a_share"),
    ]

    operations = [migrations.SeparateDatabaseAndState(state_operations=[_TAX_RATE])]
