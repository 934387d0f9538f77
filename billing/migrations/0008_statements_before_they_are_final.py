"""A provisional statement has a marking of its own, no number of the gapless series."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_ledger_horizon"),
        ("partners", "0008_split_fee_has_a_share"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "PROVISIONAL"),
                        ("number__startswith", "PROV-"),
                        ("settlement__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "PROVISIONAL"), _negated=True),
                        models.Q(("number__startswith", "PROV-"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="provisional_statement_is_marked_as_such",
            ),
        ),
    ]
