"""Sessions are found by either side's id in any case, and keep how their driver was let in."""

import django.db.models.functions.text
from django.db import migrations, models

from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0008_evidence_of_part_five"),
        ("roaming", "0006_evses_from_locations"),
    ]

    operations = [
        tables.Together(
            [
                migrations.AddField(
                    model_name="servicesession",
                    name="authorization_method",
                    field=models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="as the CSO says",
                        max_length=30,
                    ),
                ),
                migrations.AddIndex(
                    model_name="servicesession",
                    index=models.Index(
                        condition=models.Q(("state", "AUTHORIZED")),
                        fields=["cso", "contract_hash"],
                        name="service_session_awaited",
                    ),
                ),
                migrations.AddIndex(
                    model_name="whitelistentry",
                    index=models.Index(
                        condition=models.Q(("contract_hash", ""), _negated=True),
                        fields=["contract_hash"],
                        name="whitelist_by_contract",
                    ),
                ),
                migrations.RemoveConstraint(
                    model_name="sessionalias",
                    name="session_alias_means_one_session_of_a_party",
                ),
                migrations.AddConstraint(
                    model_name="sessionalias",
                    constraint=models.UniqueConstraint(
                        models.F("party"),
                        django.db.models.functions.text.Upper("alias"),
                        name="session_alias_means_one_session_of_a_party",
                    ),
                ),
                migrations.AddIndex(
                    model_name="sessionalias",
                    index=models.Index(
                        django.db.models.functions.text.Upper("alias"),
                        name="session_alias_by_name",
                    ),
                ),
            ]
        ),
    ]
