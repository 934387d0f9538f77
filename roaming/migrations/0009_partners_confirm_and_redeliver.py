"""What the partner's role needs to confirm, to ask again, and to take its webhook away."""

from django.db import migrations

_GRANTS = [
    "GRANT UPDATE (attempts, next_attempt_at, dead_at, last_error) ON roaming_delivery"
    " TO clearinghouse_partner",
    "GRANT UPDATE (ends_at) ON roaming_receiveroutage TO clearinghouse_partner",
]


class Migration(migrations.Migration):
    dependencies = [("roaming", "0008_evidence_of_part_two")]

    operations = [migrations.RunSQL(_GRANTS, migrations.RunSQL.noop)]
