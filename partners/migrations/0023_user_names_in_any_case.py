"""No two logins have names that differ in case alone: people log in in any case.

Where this finds two, rename one of them first: neither could log in.
"""

from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("partners", "0022_agreement_offers")]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                Upper("username"),
                name="user_name_is_one_in_any_case",
                violation_error_message="Somebody has this user name, in whatever case.",
            ),
        ),
    ]
