"""Certification is evidence; what requests of partners may do with the tables of endpoints."""

from django.db import migrations

from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [("partners", "0007_part_five")]

    operations = [
        tables.append_only("partners_certificationrun", "certification_run_is_append_only"),
        migrations.RunSQL(
            [
                "GRANT SELECT ON partners_roamingendpoint, partners_roamingendpoint_parties,"
                " partners_certificationrun, partners_partypresence TO clearinghouse_partner",
                "GRANT UPDATE (protocol_version, url, versions_url, state, state_changed_at,"
                " registered_at, last_heard_at) ON partners_roamingendpoint"
                " TO clearinghouse_partner",
                "GRANT SELECT, INSERT ON partners_endpointtoken, partners_endpointsecret"
                " TO clearinghouse_partner",
                "GRANT UPDATE (first_used_at, ends_at) ON partners_endpointtoken"
                " TO clearinghouse_partner",
                "GRANT UPDATE (ends_at) ON partners_endpointsecret TO clearinghouse_partner",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON partners_endpointinterface"
                " TO clearinghouse_partner",
                "GRANT INSERT, UPDATE ON partners_partypresence TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
