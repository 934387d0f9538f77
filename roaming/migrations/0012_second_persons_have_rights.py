"""Who decides as the second person has a right of their own, apart from the right to ask."""

from django.db import migrations

from clearinghouse import tables

_RIGHTS = {
    "hold": "Can agree to the release of a hold",
    "ruleoverride": "Can agree to a rule override",
}


class Migration(migrations.Migration):
    dependencies = [("roaming", "0011_tariffs_of_a_seller")]

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
