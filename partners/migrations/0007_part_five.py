"""Tokens, interfaces and presence of endpoints; certification."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0006_bank_changes_are_approved"),
    ]

    operations = [
        tables.Together(
            [
                migrations.AddField(
                    model_name="roamingendpoint",
                    name="last_heard_at",
                    field=models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddField(
                    model_name="roamingendpoint",
                    name="quirks",
                    field=models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='what its system needs, e.g. {"auth": "RAW"}',
                    ),
                ),
                migrations.AddField(
                    model_name="roamingendpoint",
                    name="registered_at",
                    field=models.DateTimeField(
                        editable=False,
                        help_text="both sides hold a token; empty: not connected",
                        null=True,
                    ),
                ),
                migrations.AddField(
                    model_name="roamingendpoint",
                    name="state_changed_at",
                    field=models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddField(
                    model_name="roamingendpoint",
                    name="versions_url",
                    field=models.CharField(
                        blank=True,
                        help_text="where the partner tells which versions it speaks",
                        max_length=255,
                    ),
                ),
                migrations.CreateModel(
                    name="PartyPresence",
                    fields=[
                        (
                            "party",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="presence",
                                serialize=False,
                                to="partners.party",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("PLANNED", "Planned"),
                                    ("CONNECTED", "Connected"),
                                    ("OFFLINE", "Offline"),
                                    ("SUSPENDED", "Suspended"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("changed_at", models.DateTimeField()),
                    ],
                    options={
                        "verbose_name_plural": "party presences",
                        "indexes": [models.Index(fields=["changed_at"], name="presence_by_change")],
                    },
                ),
                migrations.CreateModel(
                    name="CertificationRun",
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
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("ran_at", models.DateTimeField()),
                        ("passed", models.PositiveSmallIntegerField()),
                        ("failed", models.PositiveSmallIntegerField()),
                        ("not_applicable", models.PositiveSmallIntegerField(default=0)),
                        (
                            "report",
                            models.JSONField(help_text="case, what was asked, expected and seen"),
                        ),
                        (
                            "signature",
                            models.TextField(
                                help_text="over the report, by the key of our receipts"
                            ),
                        ),
                        (
                            "endpoint",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.roamingendpoint",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("environment", "TEST")),
                                name="certification_is_of_the_test_environment",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EndpointInterface",
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
                        ("module", models.CharField(max_length=60)),
                        (
                            "side",
                            models.CharField(
                                choices=[
                                    ("SENDER", "It owns the data: we pull"),
                                    ("RECEIVER", "It takes the data: we push"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("url", models.CharField(max_length=255)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="interfaces",
                                to="partners.roamingendpoint",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("endpoint", "module", "side"),
                                name="endpoint_offers_a_module_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EndpointSecret",
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
                        ("encrypted_token", models.BinaryField()),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(null=True)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="secrets",
                                to="partners.roamingendpoint",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ends_at__isnull", True)),
                                fields=("endpoint",),
                                name="endpoint_has_one_secret_in_use",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at__isnull", True),
                                    ("ends_at__gte", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="endpoint_secret_ends_after_it_starts",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EndpointToken",
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
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("REGISTRATION", "For the handshake only"),
                                    ("ACTIVE", "For all calls"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("token_sha256", models.CharField(max_length=64)),
                        ("created_at", models.DateTimeField()),
                        ("first_used_at", models.DateTimeField(null=True)),
                        (
                            "ends_at",
                            models.DateTimeField(
                                help_text="empty: until a newer one is used", null=True
                            ),
                        ),
                        (
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tokens",
                                to="partners.roamingendpoint",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("token_sha256",),
                                name="endpoint_token_belongs_to_one_endpoint",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("token_sha256__regex", "^[0-9a-f]{64}$")),
                                name="endpoint_token_is_stored_as_checksum",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("purpose", "REGISTRATION"), _negated=True),
                                    ("ends_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="registration_token_ends",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at__isnull", True),
                                    ("ends_at__gte", models.F("created_at")),
                                    _connector="OR",
                                ),
                                name="endpoint_token_ends_after_it_starts",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
