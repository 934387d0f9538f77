"""Filters of lists that staff keep under a name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clearinghouse.uuid7


class Migration(migrations.Migration):
    dependencies = [("partners", "0016_notices")]

    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clearinghouse.uuid7.new_uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "list_of",
                    models.CharField(help_text='the model, such as "roaming.sdr"', max_length=60),
                ),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=2000)),
                ("is_shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "list_of", "name"),
                        name="saved_filter_is_named_once_by_its_owner",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_shared", True)),
                        fields=("list_of", "name"),
                        name="shared_filter_is_named_once_of_a_list",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True)
                        & models.Q(("query", ""), _negated=True),
                        name="saved_filter_has_a_name_and_filters",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("query__regex", "(^|&)(before|after|p|all|e|_popup|_to_field)="),
                            _negated=True,
                        ),
                        name="saved_filter_names_no_page",
                    ),
                ],
            },
        ),
    ]
