"""A partner may demand second factors; what pages about logins may do with the tables behind them."""

from django.db import migrations, models

_TABLES = (
    "account_emailaddress",
    "mfa_authenticator",
    "usersessions_usersession",
    "axes_accessattempt",
    "axes_accessattemptexpiration",
)


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0017_saved_filters"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("usersessions", "0001_initial"),
        ("axes", "0010_accessattemptexpiration"),
    ]

    operations = [
        migrations.AddField(
            model_name="partner",
            name="demands_second_factor",
            field=models.BooleanField(
                default=False, help_text="its people log in with a second factor only"
            ),
        ),
        migrations.RunSQL(
            [
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(_TABLES)}"
                " TO clearinghouse_partner",
                "GRANT USAGE ON SEQUENCE account_emailaddress_id_seq, mfa_authenticator_id_seq,"
                " usersessions_usersession_id_seq, axes_accessattempt_id_seq"
                " TO clearinghouse_partner",
                "GRANT UPDATE (demands_second_factor) ON partners_partner TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
