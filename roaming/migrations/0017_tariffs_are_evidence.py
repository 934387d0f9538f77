"""A published tariff version and a rating are evidence; partners publish and answer tariffs."""

from django.db import migrations

from clearinghouse import tables

_READ = ["roaming_tariff", "roaming_tariffversion", "roaming_tariffnotice", "roaming_sdrrating"]


class Migration(migrations.Migration):
    dependencies = [("roaming", "0016_part_three")]

    operations = [
        tables.append_only("roaming_tariffversion", "tariff_version_is_append_only"),
        tables.append_only("roaming_sdrrating", "sdr_rating_is_append_only"),
        migrations.RunSQL(
            [
                f"GRANT SELECT ON {', '.join(_READ)} TO clearinghouse_partner",
                "GRANT INSERT ON roaming_tariff, roaming_tariffversion, roaming_tariffnotice"
                " TO clearinghouse_partner",
                "GRANT UPDATE ON roaming_tariffnotice TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
