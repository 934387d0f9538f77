"""Documents, invoices and payments at the bank are looked up by what people have in hand."""

from django.db import migrations, models

import billing.models.document
from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [("billing", "0015_closed_partners_hold_nothing")]

    operations = [
        tables.Together(
            [
                migrations.AddIndex(
                    model_name="bankentry",
                    index=models.Index(
                        condition=models.Q(("end_to_end_id", ""), _negated=True),
                        fields=["end_to_end_id"],
                        name="bank_entry_by_end_to_end_id",
                    ),
                ),
                migrations.AddIndex(
                    model_name="bankentry",
                    index=models.Index(
                        condition=models.Q(("creditor_reference", ""), _negated=True),
                        fields=["creditor_reference"],
                        name="bank_entry_by_rf_reference",
                    ),
                ),
                migrations.AddIndex(
                    model_name="document",
                    index=models.Index(
                        billing.models.document.Signs("number"),
                        name="document_by_signs",
                    ),
                ),
                migrations.AddIndex(
                    model_name="invoice",
                    index=models.Index(fields=["number"], name="invoice_by_number"),
                ),
            ]
        )
    ]
