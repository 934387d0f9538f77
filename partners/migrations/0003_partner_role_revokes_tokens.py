"""A client may revoke its own token (RFC 7009).

Deleting a token sets the reference of its refresh token, of which there is none, to null.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_evidence_environments_and_roles")]

    operations = [
        migrations.RunSQL(
            "GRANT UPDATE (access_token_id) ON partners_refreshtoken TO clearinghouse_partner",
            "REVOKE UPDATE (access_token_id) ON partners_refreshtoken FROM clearinghouse_partner",
        )
    ]
