"""Requests of partners make a client beside one of their own, and revoke their own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0019_invitations")]

    operations = [
        migrations.RunSQL(
            "GRANT INSERT, UPDATE (scopes) ON partners_apiclient TO clearinghouse_partner",
            migrations.RunSQL.noop,
        )
    ]
