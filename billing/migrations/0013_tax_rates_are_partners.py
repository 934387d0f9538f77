"""Rates of VAT belong to partners now. State only: table, rows and keys stay as they are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0012_what_is_exchanged_adds_up"),
        ("partners", "0009_taxrate"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="taxrateuse",
                    name="tax_rate",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="partners.taxrate",
                    ),
                ),
                migrations.DeleteModel(name="TaxRate"),
            ]
        )
    ]
