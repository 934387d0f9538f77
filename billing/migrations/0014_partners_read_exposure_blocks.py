"""*Where is my record?* tells a partner why clearing waits, so its role reads the blocks."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_tax_rates_are_partners")]

    operations = [
        migrations.RunSQL(
            "GRANT SELECT ON billing_exposureblock TO clearinghouse_partner",
            "REVOKE SELECT ON billing_exposureblock FROM clearinghouse_partner",
        )
    ]
