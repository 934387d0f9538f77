"""A request to change a bank account keeps what was asked; partners raise and withdraw theirs."""

from django.db import migrations

from clearinghouse import tables

_MOVES = (
    "state called_contact called_by called_at approval_id approved_at cooling_until_date"
    " penny_reference tested_at effective_at bank_account_id end_reason"
).split()


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_part_four")]

    operations = [
        tables.keeping_function(),
        tables.kept_but("partners_bankdetailchange", "bank_change_keeps_what_it_said", *_MOVES),
        migrations.RunSQL(
            [
                "GRANT SELECT, INSERT ON partners_bankdetailchange TO clearinghouse_partner",
                "GRANT UPDATE (state, end_reason) ON partners_bankdetailchange"
                " TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
