"""Approving a change of bank details is a right of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0005_evidence_of_part_four")]

    operations = [
        migrations.AlterModelOptions(
            name="bankdetailchange",
            options={
                "permissions": [("approve_bankdetailchange", "Can approve bank detail change")]
            },
        ),
    ]
