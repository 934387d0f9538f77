"""Who decides as the second person has a right of their own, apart from the right to ask."""

from django.db import migrations

from clearinghouse import tables

_RIGHTS = {
    "correctionrun": "Can approve correction run",
    "coverbooking": "Can post cover booking",
    "defaultcase": "Can confirm default case",
    "fiscalperiod": "Can lock fiscal period",
    "manualadjustment": "Can post manual adjustment",
}


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_reconciliation")]

    operations = [
        tables.Together(
            [
                migrations.AlterModelOptions(
                    name=name, options={"permissions": [(f"approve_{name}", told)]}
                )
                for name, told in _RIGHTS.items()
            ]
        ),
    ]
