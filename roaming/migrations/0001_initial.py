"""Records and what is kept of them: receipt, checks, matching, disputes, deliveries, tariffs."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import clearinghouse.uuid7
import partners.models.exclusions
import roaming.rules.rating.stored
from clearinghouse import tables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("partners", "0003_evidence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="IntakeBatch",
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
                        (
                            "door",
                            models.CharField(
                                choices=[
                                    ("API", "Api"),
                                    ("COMMAND", "Command line"),
                                    ("ADMIN", "Upload in the admin"),
                                    ("DEMO", "Demo world"),
                                    ("DISPUTE", "Outcome of a dispute"),
                                ],
                                max_length=7,
                            ),
                        ),
                        ("profile", models.CharField(blank=True, max_length=100)),
                        ("file_name", models.CharField(blank=True, max_length=255)),
                        ("file_sha256", models.CharField(blank=True, max_length=64)),
                        (
                            "sequence",
                            models.PositiveBigIntegerField(
                                blank=True,
                                help_text="the sender's own number of its batches",
                                null=True,
                            ),
                        ),
                        ("received_at", models.DateTimeField()),
                        (
                            "working_until_at",
                            models.DateTimeField(
                                blank=True,
                                help_text="of a numbered batch: then another request may take over",
                                null=True,
                            ),
                        ),
                        (
                            "client",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="partners.job",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="batches",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "import",
                    },
                ),
                migrations.CreateModel(
                    name="Erasure",
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
                        ("erased_at", models.DateTimeField()),
                        ("actor", models.CharField(max_length=150)),
                        ("ground", models.CharField(max_length=500)),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("rows", models.PositiveIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name="MatchingRun",
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
                        ("run_key", models.CharField(max_length=200, unique=True)),
                        ("from_at", models.DateTimeField()),
                        ("until_at", models.DateTimeField()),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("outcomes", models.JSONField(default=dict)),
                    ],
                ),
                migrations.CreateModel(
                    name="WebhookSubscription",
                    fields=[
                        (
                            "party",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="webhook",
                                serialize=False,
                                to="partners.party",
                            ),
                        ),
                        ("url", models.URLField(max_length=500)),
                        ("encrypted_secret", models.BinaryField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("failing_since", models.DateTimeField(null=True)),
                        ("created_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="AgeingStep",
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
                        ("subject_id", models.UUIDField(help_text="of the SDR or counter-record")),
                        ("stage", models.CharField(max_length=20)),
                        ("done_at", models.DateTimeField()),
                        ("note", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("subject_id", "stage"), name="ageing_stage_is_passed_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ContractIdentity",
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
                        ("contract_hash", models.CharField(max_length=64)),
                        ("pseudonym", models.CharField(max_length=16)),
                        ("encrypted_contract_id", models.BinaryField()),
                        ("first_seen_at", models.DateTimeField()),
                        (
                            "csp",
                            models.ForeignKey(
                                help_text="null: not known",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "contract identities",
                    },
                ),
                migrations.CreateModel(
                    name="CounterKey",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("counter_id", models.CharField(max_length=100)),
                        ("payload_sha256", models.CharField(max_length=64)),
                        ("is_replaced", models.BooleanField(default=False)),
                        (
                            "csp",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                tables.CreatePartitionedModel(
                    name="CounterRecord",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("batch_id", models.UUIDField()),
                        ("position", models.PositiveIntegerField()),
                        ("counter_id", models.CharField(max_length=100)),
                        ("replaces_counter_id", models.CharField(blank=True, max_length=100)),
                        (
                            "service_session_id",
                            models.CharField(blank=True, help_text="the CSO's", max_length=100),
                        ),
                        ("authorization_reference", models.CharField(blank=True, max_length=100)),
                        ("evse_id", models.CharField(blank=True, max_length=60)),
                        ("location_id", models.CharField(blank=True, max_length=100)),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("tariff_id", models.CharField(blank=True, max_length=100)),
                        ("started_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField()),
                        (
                            "energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("payload_sha256", models.CharField(max_length=64)),
                        ("received_at", models.DateTimeField()),
                        (
                            "cso",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "csp",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="CounterTally",
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
                        ("day", models.DateField(help_text="day of receipt, UTC")),
                        ("received", models.PositiveIntegerField()),
                        ("taken", models.PositiveIntegerField()),
                        ("rejected", models.PositiveIntegerField()),
                        ("repeated", models.PositiveIntegerField()),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="counter_tallies",
                                to="roaming.intakebatch",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "counter tallies",
                    },
                ),
                migrations.CreateModel(
                    name="Credential",
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
                        ("contract_hash", models.CharField(max_length=64)),
                        ("pseudonym", models.CharField(max_length=16)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        ("blocked_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "csp",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Delivery",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("SDR", "Service detail record"),
                                    ("STATEMENT", "Settlement statement"),
                                    ("PROVISIONAL", "Provisional statement"),
                                    ("SDR_STATE", "A record changed its state"),
                                    ("DISPUTE", "A dispute moved"),
                                    ("MATCH", "Both sides were compared"),
                                    ("HEALED", "Held records were released by new master data"),
                                    ("REMINDER", "Something is due"),
                                    ("MANIFEST", "Daily manifest"),
                                    ("ALERT", "Something of yours wants a look"),
                                    ("TARIFF", "A tariff changes, or a change was answered"),
                                    ("OBJECTION", "An objection to a statement was answered"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("subject_id", models.UUIDField(help_text="e.g. of the SDR")),
                        (
                            "subject_version",
                            models.PositiveIntegerField(
                                db_default=0, default=0, help_text="e.g. of the state"
                            ),
                        ),
                        ("sequence", models.PositiveBigIntegerField(null=True)),
                        ("created_at", models.DateTimeField()),
                        ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                        ("next_attempt_at", models.DateTimeField(null=True)),
                        ("confirmed_at", models.DateTimeField(null=True)),
                        (
                            "dead_at",
                            models.DateTimeField(
                                help_text="given up; staff may send it again", null=True
                            ),
                        ),
                        (
                            "last_error",
                            models.CharField(blank=True, db_default="", default="", max_length=300),
                        ),
                        (
                            "receiver",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                    },
                ),
                migrations.CreateModel(
                    name="DeliveryCounter",
                    fields=[
                        (
                            "receiver",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="partners.party",
                            ),
                        ),
                        ("last_sequence", models.PositiveBigIntegerField(default=0)),
                        (
                            "confirmed_sequence",
                            models.PositiveBigIntegerField(default=0, help_text="by pull"),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_sequence__lte", models.F("last_sequence"))
                                ),
                                name="only_what_was_numbered_is_confirmed",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Dispute",
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
                        ("number", models.CharField(max_length=20, unique=True)),
                        (
                            "case_id",
                            models.UUIDField(
                                blank=True, help_text="common to a bulk of disputes", null=True
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
                        ("record_id", models.UUIDField(null=True)),
                        ("counter_id", models.UUIDField(null=True)),
                        ("reason", models.CharField(help_text="D01 to D15", max_length=3)),
                        ("text", models.CharField(blank=True, max_length=2000)),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("OPEN", "Open"),
                                    ("RESPONDED_ACCEPT", "Responded Accept"),
                                    ("RESPONDED_REJECT", "Responded Reject"),
                                    ("RESPONDED_PARTIAL", "Responded Partial"),
                                    ("AGREED", "Agreed"),
                                    ("CONTESTED", "Contested"),
                                    ("MEDIATION", "Mediation"),
                                    ("DECIDED", "Decided"),
                                    ("CLOSED", "Closed"),
                                    ("WITHDRAWN", "Withdrawn"),
                                    ("EXPIRED_CSO", "Expired Cso"),
                                    ("EXPIRED_CSP", "Expired Csp"),
                                ],
                                default="OPEN",
                                max_length=17,
                            ),
                        ),
                        ("version", models.PositiveSmallIntegerField(default=1)),
                        ("is_automatic", models.BooleanField(default=False)),
                        ("is_confirmed", models.BooleanField(default=True)),
                        ("is_after_acceptance", models.BooleanField(default=False)),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        (
                            "claim_amount",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "disputed_amount",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "offered_amount",
                            models.DecimalField(
                                decimal_places=6,
                                help_text="what the record would be worth",
                                max_digits=18,
                                null=True,
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "Not yet"),
                                    ("RELEASE", "The record stands"),
                                    ("WITHDRAW", "The record falls"),
                                    ("CREDIT", "The record is credited"),
                                    ("REPLACEMENT", "Another amount replaces it"),
                                    ("DROPPED", "Never confirmed, or withdrawn"),
                                ],
                                default="",
                                max_length=11,
                            ),
                        ),
                        (
                            "decided_amount",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("grounds", models.CharField(blank=True, max_length=2000)),
                        (
                            "replacement_id",
                            models.UUIDField(help_text="the record that replaced it", null=True),
                        ),
                        ("opened_at", models.DateTimeField()),
                        (
                            "deadline_at",
                            models.DateTimeField(help_text="of the present stage", null=True),
                        ),
                        ("expires_at", models.DateTimeField(help_text="the absolute end")),
                        ("clock_stopped_at", models.DateTimeField(null=True)),
                        ("reminded_at", models.DateTimeField(null=True)),
                        ("closed_at", models.DateTimeField(null=True)),
                        (
                            "buyer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DisputeAttachment",
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
                            "side",
                            models.CharField(
                                choices=[
                                    ("CSP", "Csp"),
                                    ("CSO", "Cso"),
                                    ("HOUSE", "Clearing house"),
                                    ("CLOCK", "Clock"),
                                ],
                                max_length=5,
                            ),
                        ),
                        ("actor", models.CharField(max_length=150)),
                        ("file_name", models.CharField(max_length=255)),
                        ("media_type", models.CharField(max_length=60)),
                        ("size_bytes", models.PositiveIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("stored_name", models.CharField(max_length=255)),
                        ("added_at", models.DateTimeField()),
                        (
                            "dispute",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attachments",
                                to="roaming.dispute",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DisputeEvent",
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
                        ("verb", models.CharField(max_length=20)),
                        (
                            "side",
                            models.CharField(
                                choices=[
                                    ("CSP", "Csp"),
                                    ("CSO", "Cso"),
                                    ("HOUSE", "Clearing house"),
                                    ("CLOCK", "Clock"),
                                ],
                                max_length=5,
                            ),
                        ),
                        ("actor", models.CharField(max_length=150)),
                        ("from_stage", models.CharField(blank=True, max_length=17)),
                        ("to_stage", models.CharField(max_length=17)),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                        ("text", models.CharField(blank=True, max_length=2000)),
                        ("at", models.DateTimeField()),
                        (
                            "dispute",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="roaming.dispute",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                    },
                ),
                migrations.CreateModel(
                    name="Evse",
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
                            "evse_id",
                            models.CharField(
                                help_text="normal form, e.g. DE*NLX*E1001*1", max_length=60
                            ),
                        ),
                        ("location_id", models.CharField(blank=True, max_length=100)),
                        ("country_code", models.CharField(blank=True, max_length=2)),
                        ("time_zone", models.CharField(blank=True, max_length=60)),
                        (
                            "latitude",
                            models.DecimalField(
                                blank=True, decimal_places=6, max_digits=9, null=True
                            ),
                        ),
                        (
                            "longitude",
                            models.DecimalField(
                                blank=True, decimal_places=6, max_digits=9, null=True
                            ),
                        ),
                        (
                            "current_type",
                            models.CharField(blank=True, help_text="AC or DC", max_length=10),
                        ),
                        (
                            "connector_types",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=40),
                                blank=True,
                                default=list,
                                size=None,
                            ),
                        ),
                        (
                            "max_power_kw",
                            models.DecimalField(
                                blank=True, decimal_places=3, max_digits=9, null=True
                            ),
                        ),
                        ("starts_at", models.DateTimeField(help_text="commissioned")),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cso",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "EVSE",
                        "verbose_name_plural": "EVSEs",
                    },
                ),
                migrations.CreateModel(
                    name="EvseOutage",
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
                        ("evse_id", models.CharField(max_length=60)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cso",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "EVSE outage",
                    },
                ),
                tables.CreatePartitionedModel(
                    name="Finding",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("record_id", models.UUIDField()),
                        (
                            "version",
                            models.PositiveSmallIntegerField(help_text="of the event it led to"),
                        ),
                        ("code", models.CharField(max_length=4)),
                        (
                            "severity",
                            models.CharField(
                                choices=[("REJECT", "Reject"), ("HOLD", "Hold"), ("WARN", "Warn")],
                                max_length=6,
                            ),
                        ),
                        ("field", models.CharField(max_length=60)),
                        ("message", models.CharField(max_length=500)),
                        (
                            "measured",
                            models.CharField(blank=True, db_default="", default="", max_length=60),
                        ),
                        (
                            "limit",
                            models.CharField(blank=True, db_default="", default="", max_length=60),
                        ),
                        (
                            "rules_version",
                            models.PositiveSmallIntegerField(db_default=1, default=1),
                        ),
                        ("override_reason", models.CharField(blank=True, max_length=200)),
                        (
                            "sender",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Healing",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("healed_at", models.DateTimeField()),
                        (
                            "released_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), size=None
                            ),
                        ),
                        (
                            "rejected_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), size=None
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Hold",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("held_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="HoldCorrection",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("new_record_id", models.UUIDField()),
                        ("changes", models.JSONField()),
                        ("reason", models.CharField(max_length=500)),
                        ("corrected_at", models.DateTimeField()),
                        (
                            "job",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.job",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="IntakeTally",
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
                        ("day", models.DateField(help_text="day of receipt, UTC")),
                        (
                            "currency",
                            models.CharField(
                                blank=True, help_text="empty: not readable", max_length=3
                            ),
                        ),
                        ("received", models.PositiveIntegerField()),
                        ("repeated", models.PositiveIntegerField()),
                        ("new", models.PositiveIntegerField()),
                        ("new_rejected", models.PositiveIntegerField(default=0)),
                        ("new_claim_amount", models.DecimalField(decimal_places=6, max_digits=24)),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tallies",
                                to="roaming.intakebatch",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "intake tallies",
                    },
                ),
                migrations.CreateModel(
                    name="Manifest",
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
                            "author",
                            models.CharField(
                                choices=[("PARTNER", "A partner"), ("HOUSE", "The clearing house")],
                                db_default="PARTNER",
                                default="PARTNER",
                                max_length=7,
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
                        ("day", models.DateField(help_text="of receipt, UTC")),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("sdrs", models.PositiveIntegerField()),
                        ("energy_kwh", models.DecimalField(decimal_places=6, max_digits=24)),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=24)),
                        ("content_sha256", models.CharField(blank=True, max_length=64)),
                        (
                            "sdr_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100),
                                help_text="if it sent them",
                                null=True,
                                size=None,
                            ),
                        ),
                        (
                            "unbilled_authorizations",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100), default=list, size=None
                            ),
                        ),
                        (
                            "unbilled_sessions",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100), default=list, size=None
                            ),
                        ),
                        ("received_at", models.DateTimeField(help_text="or written")),
                        (
                            "buyer",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Match",
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
                        ("record_id", models.UUIDField(help_text="of the SDR", null=True)),
                        (
                            "counter_id",
                            models.UUIDField(help_text="of the counter-record", null=True),
                        ),
                        (
                            "duplicate_of_id",
                            models.UUIDField(
                                help_text="the counter-record that said it first", null=True
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("MATCHED", "Matched"),
                                    ("MATCHED_TOLERANCE", "Matched Tolerance"),
                                    ("MISMATCH", "Mismatch"),
                                    ("CSO_ONLY", "Cso Only"),
                                    ("CSP_ONLY", "Csp Only"),
                                    ("AMBIGUOUS", "Ambiguous"),
                                    ("DUPLICATE", "Duplicate"),
                                ],
                                max_length=17,
                            ),
                        ),
                        (
                            "step",
                            models.PositiveSmallIntegerField(
                                default=0, help_text="of the ladder, 1 to 4; 0: none"
                            ),
                        ),
                        (
                            "differences",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=10), default=list, size=None
                            ),
                        ),
                        (
                            "sdr_energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "counter_energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "energy_tolerance_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "sdr_amount",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "counter_amount",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "amount_tolerance",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("start_difference_s", models.BigIntegerField(null=True)),
                        ("end_difference_s", models.BigIntegerField(null=True)),
                        ("time_tolerance_s", models.PositiveIntegerField(null=True)),
                        ("ended_at", models.DateTimeField()),
                        ("matched_at", models.DateTimeField()),
                        ("is_current", models.BooleanField(default=True)),
                        (
                            "agreement",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.roamingagreement",
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="matches",
                                to="roaming.matchingrun",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "matches",
                    },
                ),
                migrations.CreateModel(
                    name="MeterKey",
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
                        ("evse_id", models.CharField(max_length=60)),
                        ("meter_id", models.CharField(max_length=100)),
                        (
                            "public_key",
                            models.TextField(help_text="hex or base64: DER, or the raw point"),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cso",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                tables.CreatePartitionedModel(
                    name="RawRecord",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("batch_id", models.UUIDField()),
                        ("position", models.PositiveIntegerField(help_text="from 0, in its batch")),
                        ("sha256", models.CharField(max_length=64)),
                        ("encrypted_payload", models.BinaryField()),
                        (
                            "sender",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ReceiverOutage",
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
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(null=True)),
                        (
                            "receiver",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RejectedCounterKey",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("counter_id", models.CharField(blank=True, max_length=100)),
                        ("raw_sha256", models.CharField(max_length=64)),
                        ("received_at", models.DateTimeField()),
                        (
                            "sender",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RejectedKey",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("sdr_id", models.CharField(max_length=100)),
                        ("attempt", models.PositiveIntegerField()),
                        ("payload_sha256", models.CharField(max_length=64)),
                        (
                            "cso",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RuleOverride",
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
                        ("code", models.CharField(max_length=4)),
                        ("agreement_number", models.CharField(blank=True, max_length=60)),
                        (
                            "severity",
                            models.CharField(
                                blank=True,
                                help_text="REJECT, HOLD, WARN; empty: as is",
                                max_length=6,
                            ),
                        ),
                        (
                            "limits",
                            models.JSONField(
                                blank=True, default=dict, help_text='{"largest_kwh": "600"}'
                            ),
                        ),
                        ("reason", models.CharField(max_length=200)),
                        ("scope_key", models.CharField(editable=False, max_length=100)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "activated_at",
                            models.DateTimeField(blank=True, editable=False, null=True),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rule_overrides",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                tables.CreatePartitionedModel(
                    name="Sdr",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("batch_id", models.UUIDField()),
                        ("position", models.PositiveIntegerField(help_text="from 0, in its batch")),
                        ("attempt", models.PositiveIntegerField(default=1)),
                        ("rejected_at_intake", models.BooleanField(default=False)),
                        ("payload_sha256", models.CharField(max_length=64)),
                        ("received_at", models.DateTimeField()),
                        ("sdr_id", models.CharField(max_length=100)),
                        ("cso_code", models.CharField(help_text="as received", max_length=20)),
                        ("csp_code", models.CharField(help_text="as received", max_length=20)),
                        ("service_session_id", models.CharField(max_length=100)),
                        ("split_no", models.PositiveSmallIntegerField(default=0)),
                        ("charging_session_id", models.CharField(max_length=100)),
                        ("transaction_id", models.CharField(max_length=100)),
                        (
                            "evse_id",
                            models.CharField(
                                help_text="normal form; empty when malformed", max_length=255
                            ),
                        ),
                        ("evse_id_received", models.CharField(max_length=255)),
                        (
                            "pseudonym",
                            models.CharField(
                                help_text="of the contract id, keyed per CSP", max_length=16
                            ),
                        ),
                        ("credential_type", models.CharField(max_length=20)),
                        ("authorization_method", models.CharField(max_length=30)),
                        ("authorization_reference", models.CharField(max_length=100)),
                        ("tariff_id", models.CharField(max_length=100)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("charging_started_at", models.DateTimeField(null=True)),
                        ("charging_ended_at", models.DateTimeField(null=True)),
                        ("issued_at", models.DateTimeField(null=True)),
                        (
                            "energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("meter_id", models.CharField(max_length=100)),
                        (
                            "meter_start_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "meter_end_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("location_country", models.CharField(max_length=2)),
                        ("location_name", models.CharField(max_length=200)),
                        ("location_city", models.CharField(max_length=100)),
                        ("connector_type", models.CharField(max_length=40)),
                        ("current_type", models.CharField(max_length=10)),
                        (
                            "max_power_kw",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "claim_amount",
                            models.DecimalField(
                                decimal_places=6,
                                help_text="null: the session is not billed",
                                max_digits=18,
                                null=True,
                            ),
                        ),
                        (
                            "item_kinds",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=11), default=list, size=None
                            ),
                        ),
                        (
                            "item_quantities",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DecimalField(
                                    decimal_places=6, max_digits=18, null=True
                                ),
                                default=list,
                                size=None,
                            ),
                        ),
                        (
                            "item_unit_prices",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DecimalField(
                                    decimal_places=6, max_digits=18, null=True
                                ),
                                default=list,
                                size=None,
                            ),
                        ),
                        (
                            "item_amounts",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DecimalField(decimal_places=6, max_digits=18),
                                default=list,
                                size=None,
                            ),
                        ),
                        (
                            "period_started_at",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DateTimeField(), default=list, size=None
                            ),
                        ),
                        (
                            "period_energy_kwh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DecimalField(decimal_places=6, max_digits=18),
                                default=list,
                                size=None,
                            ),
                        ),
                        (
                            "period_duration_s",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), default=list, size=None
                            ),
                        ),
                        (
                            "credits_sdr_id",
                            models.CharField(
                                help_text="the record this one takes back", max_length=100
                            ),
                        ),
                        ("replaces_sdr_id", models.CharField(max_length=100)),
                        ("rules_version", models.PositiveSmallIntegerField()),
                        (
                            "not_applicable",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=4),
                                default=list,
                                help_text="rules that lacked a fact",
                                size=None,
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "mandate",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                help_text="set when the sender acted for the seller",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.mandate",
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "SDR",
                        "verbose_name_plural": "SDRs",
                    },
                ),
                tables.CreateModelPartitionedByRecord(
                    name="SdrEvent",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "record_id",
                                "version",
                                "sender",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("record_id", models.UUIDField()),
                        ("version", models.PositiveSmallIntegerField()),
                        ("from_state", models.CharField(blank=True, max_length=10)),
                        (
                            "path",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=10), size=None
                            ),
                        ),
                        (
                            "to_state",
                            models.CharField(
                                choices=[
                                    ("RECEIVED", "Received"),
                                    ("REJECTED", "Rejected"),
                                    ("HELD", "Held"),
                                    ("VALIDATED", "Validated"),
                                    ("RATED", "Rated"),
                                    ("DELIVERED", "Delivered"),
                                    ("DISPUTED", "Disputed"),
                                    ("ACCEPTED", "Accepted"),
                                    ("WITHDRAWN", "Withdrawn"),
                                    ("SUPERSEDED", "Superseded"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("actor", models.CharField(max_length=150)),
                        ("reason", models.CharField(max_length=500)),
                        (
                            "sender",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "SDR event",
                    },
                ),
                migrations.CreateModel(
                    name="SdrKey",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("sdr_id", models.CharField(max_length=100)),
                        ("payload_sha256", models.CharField(max_length=64)),
                        (
                            "cso",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SdrLink",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("original_id", models.UUIDField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("CREDIT", "Credit"),
                                    ("REPLACEMENT", "Replacement"),
                                    ("SPLIT", "Split"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("linked_at", models.DateTimeField()),
                        (
                            "cso",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                tables.CreatePartitionedModel(
                    name="SdrState",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                editable=False,
                                help_text="of the SDR",
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
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("RECEIVED", "Received"),
                                    ("REJECTED", "Rejected"),
                                    ("HELD", "Held"),
                                    ("VALIDATED", "Validated"),
                                    ("RATED", "Rated"),
                                    ("DELIVERED", "Delivered"),
                                    ("DISPUTED", "Disputed"),
                                    ("ACCEPTED", "Accepted"),
                                    ("WITHDRAWN", "Withdrawn"),
                                    ("SUPERSEDED", "Superseded"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("version", models.PositiveSmallIntegerField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("delivered_at", models.DateTimeField(null=True)),
                        (
                            "accept_by_at",
                            models.DateTimeField(help_text="then deemed accepted", null=True),
                        ),
                        ("accepted_at", models.DateTimeField(null=True)),
                        ("changed_at", models.DateTimeField()),
                        (
                            "agreement",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.roamingagreement",
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "sender",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "SDR state",
                    },
                ),
                migrations.CreateModel(
                    name="SequenceGap",
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
                        ("first", models.PositiveBigIntegerField()),
                        ("last", models.PositiveBigIntegerField()),
                        ("noticed_at", models.DateTimeField()),
                        ("filled_at", models.DateTimeField(null=True)),
                        (
                            "sender",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SessionKey",
                    fields=[
                        ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("session_id", models.CharField(max_length=100)),
                        ("split_no", models.PositiveSmallIntegerField(default=0)),
                        (
                            "cso",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                tables.CreateModelPartitionedByRecord(
                    name="SignedValue",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "record_id",
                                "position",
                                "sender",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("record_id", models.UUIDField()),
                        ("position", models.PositiveSmallIntegerField()),
                        ("format", models.CharField(max_length=20)),
                        ("verdict", models.CharField(max_length=11)),
                        ("reason", models.CharField(max_length=200)),
                        (
                            "energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("started_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("meter_id", models.CharField(max_length=100)),
                        ("pagination", models.CharField(max_length=60)),
                        ("public_key_sha256", models.CharField(max_length=64)),
                        ("signature_sha256", models.CharField(max_length=64)),
                        (
                            "sender",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Tariff",
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
                        (
                            "tariff_id",
                            models.CharField(
                                help_text="as the seller's records name it", max_length=100
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "seller",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tariffs",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TariffVersion",
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
                        ("version", models.PositiveIntegerField()),
                        ("published_at", models.DateTimeField()),
                        ("valid_from_at", models.DateTimeField()),
                        (
                            "content",
                            models.JSONField(
                                decoder=roaming.rules.rating.stored.ExactDecoder,
                                encoder=roaming.rules.rating.stored.ExactEncoder,
                            ),
                        ),
                        ("content_sha256", models.CharField(max_length=64)),
                        (
                            "unusable_reason",
                            models.CharField(
                                blank=True,
                                help_text="why no record can be rated by it; empty: it can",
                                max_length=500,
                            ),
                        ),
                        (
                            "tariff",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="versions",
                                to="roaming.tariff",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TariffNotice",
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
                            "state",
                            models.CharField(
                                choices=[
                                    ("COUNTS", "Counts from the instant shown"),
                                    (
                                        "WAITING",
                                        "Waits for the CSP's consent or the end of the notice",
                                    ),
                                    ("REFUSED", "Refused by the CSP until the notice has run"),
                                ],
                                max_length=7,
                            ),
                        ),
                        ("is_increase", models.BooleanField()),
                        ("told_at", models.DateTimeField()),
                        (
                            "notice_ends_at",
                            models.DateTimeField(
                                help_text="from then on it counts without consent"
                            ),
                        ),
                        ("counts_from_at", models.DateTimeField()),
                        (
                            "effect",
                            models.JSONField(
                                default=dict,
                                help_text="old and new price and the average effect on last month",
                            ),
                        ),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        ("answered_by", models.CharField(blank=True, max_length=150)),
                        ("reason", models.CharField(blank=True, max_length=500)),
                        (
                            "buyer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="roaming.tariffversion",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SdrRating",
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
                        ("record_id", models.UUIDField()),
                        ("rating_version", models.PositiveSmallIntegerField(default=1)),
                        ("currency", models.CharField(max_length=3)),
                        ("total_excl_tax", models.DecimalField(decimal_places=6, max_digits=18)),
                        ("total_incl_tax", models.DecimalField(decimal_places=6, max_digits=18)),
                        (
                            "difference",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("is_within_tolerance", models.BooleanField(null=True)),
                        (
                            "components",
                            models.JSONField(help_text="amount excl. tax per component"),
                        ),
                        (
                            "trace",
                            models.JSONField(
                                help_text="component, quantity, unit, price, rounding per step"
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True, help_text="of a re-rating", max_length=200
                            ),
                        ),
                        ("rated_at", models.DateTimeField()),
                        (
                            "tariff_version",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="roaming.tariffversion",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "SDR rating",
                    },
                ),
                migrations.CreateModel(
                    name="Alert",
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
                                db_default="LIVE",
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("SILENCE", "A CSO fell silent"),
                                    ("SEQUENCE_GAP", "A batch is missing"),
                                    ("REJECT_RATE", "Many records are rejected"),
                                    ("MANIFEST", "A manifest differs"),
                                    ("DEAD_LETTER", "A message could not be delivered"),
                                    ("ESCALATION", "Many records of a pair are in dispute"),
                                    ("OUTAGE", "A receiver is away too long"),
                                    ("ONE_SIDED", "A CSP's sessions have no record"),
                                    ("CONSERVATION", "What came in is not all there"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("subject", models.CharField(max_length=100)),
                        ("text", models.CharField(max_length=500)),
                        ("opened_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("acknowledged_at", models.DateTimeField(null=True)),
                        (
                            "acknowledged_reason",
                            models.CharField(blank=True, db_default="", default="", max_length=500),
                        ),
                        (
                            "acknowledged_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "party",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=("kind", "subject"),
                                name="alert_is_open_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("acknowledged_at__isnull", True),
                                        ("acknowledged_by__isnull", True),
                                        ("acknowledged_reason", ""),
                                    ),
                                    models.Q(
                                        ("acknowledged_at__isnull", False),
                                        ("acknowledged_by__isnull", False),
                                        models.Q(("acknowledged_reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="alert_is_acknowledged_by_a_person_with_a_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Authorization",
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
                        ("reference", models.CharField(max_length=100)),
                        ("is_granted", models.BooleanField()),
                        ("contract_hash", models.CharField(blank=True, max_length=64)),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("evse_id", models.CharField(blank=True, max_length=60)),
                        ("service_session_id", models.CharField(blank=True, max_length=100)),
                        ("authorized_at", models.DateTimeField()),
                        ("valid_until_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cso",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "csp",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["cso", "service_session_id"],
                                name="authorization_of_session",
                            ),
                            models.Index(
                                fields=["pseudonym", "authorized_at"],
                                name="authorization_of_contract",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("cso", "csp", "reference"),
                                name="authorization_reference_is_unique_between_two_parties",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BatchReceipt",
                    fields=[
                        (
                            "batch",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="receipt",
                                serialize=False,
                                to="roaming.intakebatch",
                            ),
                        ),
                        (
                            "body_sha256",
                            models.CharField(
                                help_text="of the body after decompression", max_length=64
                            ),
                        ),
                        ("received", models.PositiveIntegerField()),
                        ("accepted", models.PositiveIntegerField()),
                        ("held", models.PositiveIntegerField()),
                        ("rejected", models.PositiveIntegerField()),
                        ("repeated", models.PositiveIntegerField()),
                        ("issued_at", models.DateTimeField()),
                        ("jws", models.TextField(help_text="compact, EdDSA")),
                        ("answer", models.TextField(blank=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "received",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("accepted"), "+", models.F("held")
                                                ),
                                                "+",
                                                models.F("rejected"),
                                            ),
                                            "+",
                                            models.F("repeated"),
                                        ),
                                    )
                                ),
                                name="batch_receipt_adds_up",
                            )
                        ],
                    },
                ),
                migrations.AddIndex(
                    model_name="intakebatch",
                    index=models.Index(
                        fields=["sender", "-received_at"], name="batch_newest_of_sender"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="intakebatch",
                    constraint=models.UniqueConstraint(
                        fields=("sender", "environment", "sequence"),
                        name="batch_sequence_is_used_once_per_sender",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="intakebatch",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("sequence__isnull", True), ("sequence__gte", 1), _connector="OR"
                        ),
                        name="batch_sequence_counts_from_one",
                    ),
                ),
                migrations.AddIndex(
                    model_name="contractidentity",
                    index=models.Index(fields=["pseudonym"], name="identity_by_pseudonym"),
                ),
                migrations.AddConstraint(
                    model_name="contractidentity",
                    constraint=models.UniqueConstraint(
                        fields=("contract_hash",), name="contract_identity_is_known_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="counterkey",
                    constraint=models.UniqueConstraint(
                        fields=("csp", "counter_id"), name="counter_id_is_taken_once_per_csp"
                    ),
                ),
                migrations.AddIndex(
                    model_name="counterrecord",
                    index=models.Index(fields=["csp", "counter_id"], name="counter_by_csp_and_id"),
                ),
                migrations.AddIndex(
                    model_name="counterrecord",
                    index=models.Index(fields=["csp", "ended_at"], name="counter_by_csp_and_end"),
                ),
                migrations.AddIndex(
                    model_name="counterrecord",
                    index=models.Index(fields=["cso", "ended_at"], name="counter_by_cso_and_end"),
                ),
                migrations.AddIndex(
                    model_name="countertally",
                    index=models.Index(fields=["sender", "day"], name="counter_tally_of_day"),
                ),
                migrations.AddConstraint(
                    model_name="countertally",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "received",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("taken"), "+", models.F("rejected")
                                    ),
                                    "+",
                                    models.F("repeated"),
                                ),
                            )
                        ),
                        name="counter_tally_adds_up",
                    ),
                ),
                migrations.AddIndex(
                    model_name="credential",
                    index=models.Index(fields=["pseudonym"], name="credential_by_pseudonym"),
                ),
                migrations.AddConstraint(
                    model_name="credential",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("csp_id"), models.F("csp_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("contract_hash"),
                                    models.F("contract_hash"),
                                    models.Value("[]"),
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._InstantRange(
                                    models.F("starts_at"), models.F("ends_at"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="credential_has_one_entry_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="credential",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="credential_ends_after_it_starts",
                    ),
                ),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        condition=models.Q(("sequence__isnull", True)),
                        fields=["receiver", "id"],
                        name="delivery_unpublished",
                    ),
                ),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        condition=models.Q(
                            ("confirmed_at__isnull", True), ("dead_at__isnull", True)
                        ),
                        fields=["receiver", "sequence"],
                        name="delivery_unconfirmed",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.UniqueConstraint(
                        fields=("receiver", "sequence"),
                        name="delivery_sequence_is_unique_per_receiver",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.UniqueConstraint(
                        fields=("receiver", "subject_id", "kind", "subject_version"),
                        name="delivery_is_owed_once",
                    ),
                ),
                migrations.AddIndex(
                    model_name="dispute",
                    index=models.Index(fields=["seller", "-id"], name="dispute_by_seller"),
                ),
                migrations.AddIndex(
                    model_name="dispute",
                    index=models.Index(fields=["buyer", "-id"], name="dispute_by_buyer"),
                ),
                migrations.AddIndex(
                    model_name="dispute",
                    index=models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["deadline_at"],
                        name="dispute_due",
                    ),
                ),
                migrations.AddIndex(
                    model_name="dispute",
                    index=models.Index(fields=["record_id"], name="dispute_of_record"),
                ),
                migrations.AddConstraint(
                    model_name="dispute",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(
                            ("closed_at__isnull", True), ("record_id__isnull", False)
                        ),
                        fields=("record_id",),
                        name="record_has_one_open_dispute",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dispute",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("record_id__isnull", False),
                            ("counter_id__isnull", False),
                            _connector="OR",
                        ),
                        name="dispute_is_about_something",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dispute",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("outcome", "")),
                            models.Q(
                                ("closed_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_is_closed_with_an_outcome",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="disputeattachment",
                    constraint=models.UniqueConstraint(
                        fields=("dispute", "sha256"), name="dispute_keeps_a_file_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="disputeattachment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("size_bytes__gt", 0)), name="evidence_file_is_not_empty"
                    ),
                ),
                migrations.AddIndex(
                    model_name="evse",
                    index=models.Index(
                        fields=["evse_id", "starts_at"], name="evse_by_id_and_start"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="evse",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("cso_id"), models.F("cso_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("evse_id"), models.F("evse_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._InstantRange(
                                    models.F("starts_at"), models.F("ends_at"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="evse_has_one_entry_of_a_cso_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="evse",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="evse_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="evseoutage",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("cso_id"), models.F("cso_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("evse_id"), models.F("evse_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._InstantRange(
                                    models.F("starts_at"), models.F("ends_at"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="evse_outages_do_not_overlap",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="evseoutage",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="evse_outage_ends_after_it_starts",
                    ),
                ),
                migrations.AddIndex(
                    model_name="finding",
                    index=models.Index(fields=["record_id"], name="finding_of_record"),
                ),
                migrations.AddIndex(
                    model_name="finding",
                    index=models.Index(fields=["code", "id"], name="finding_by_code"),
                ),
                migrations.AddIndex(
                    model_name="hold",
                    index=models.Index(fields=["expires_at"], name="hold_by_expiry"),
                ),
                migrations.AddConstraint(
                    model_name="holdcorrection",
                    constraint=models.UniqueConstraint(
                        fields=("new_record_id",), name="corrected_record_has_one_origin"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="holdcorrection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("record_id", models.F("new_record_id")), _negated=True),
                        name="hold_correction_makes_a_new_record",
                    ),
                ),
                migrations.AddIndex(
                    model_name="intaketally",
                    index=models.Index(
                        fields=["sender", "day", "currency"], name="tally_of_sender_and_day"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="intaketally",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "received",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("repeated"), "+", models.F("new")
                                ),
                            )
                        ),
                        name="tally_received_is_repeated_plus_new",
                    ),
                ),
                migrations.AddIndex(
                    model_name="manifest",
                    index=models.Index(fields=["day", "seller"], name="manifest_by_day"),
                ),
                migrations.AddConstraint(
                    model_name="manifest",
                    constraint=models.UniqueConstraint(
                        fields=("sender", "seller", "buyer", "day", "currency", "received_at"),
                        name="manifest_is_received_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="manifest",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("author", "HOUSE")),
                        fields=("seller", "buyer", "day", "currency"),
                        name="house_manifest_is_written_once",
                        nulls_distinct=False,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="manifest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", "HOUSE"), ("sender__isnull", True)),
                            models.Q(
                                ("author", "PARTNER"),
                                ("buyer__isnull", False),
                                ("sender__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="manifest_of_a_partner_names_it",
                    ),
                ),
                migrations.AddIndex(
                    model_name="match",
                    index=models.Index(
                        condition=models.Q(("is_current", True)),
                        fields=["outcome", "id"],
                        name="match_by_outcome",
                    ),
                ),
                migrations.AddIndex(
                    model_name="match",
                    index=models.Index(fields=["seller", "id"], name="match_by_seller"),
                ),
                migrations.AddIndex(
                    model_name="match",
                    index=models.Index(fields=["buyer", "id"], name="match_by_buyer"),
                ),
                migrations.AddConstraint(
                    model_name="match",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("is_current", True), ("record_id__isnull", False)),
                        fields=("record_id",),
                        name="sdr_is_matched_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="match",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("counter_id__isnull", False), ("is_current", True)),
                        fields=("counter_id",),
                        name="counter_record_is_matched_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="match",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("record_id__isnull", False),
                            ("counter_id__isnull", False),
                            _connector="OR",
                        ),
                        name="match_has_a_side",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="match",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("duplicate_of_id__isnull", True),
                            ("outcome", "DUPLICATE"),
                            _connector="OR",
                        ),
                        name="only_a_duplicate_repeats_another",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="meterkey",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("cso_id"), models.F("cso_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("evse_id"), models.F("evse_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._InstantRange(
                                    models.F("starts_at"), models.F("ends_at"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="evse_has_one_meter_key_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="meterkey",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="meter_key_ends_after_it_starts",
                    ),
                ),
                migrations.AddIndex(
                    model_name="rawrecord",
                    index=models.Index(fields=["batch_id", "position"], name="raw_of_batch"),
                ),
                migrations.AddConstraint(
                    model_name="receiveroutage",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True)),
                        fields=("receiver",),
                        name="receiver_has_one_open_outage",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="receiveroutage",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gte", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="receiver_outage_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="rejectedcounterkey",
                    constraint=models.UniqueConstraint(
                        fields=("sender", "environment", "raw_sha256"),
                        name="counter_record_is_refused_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="rejectedkey",
                    constraint=models.UniqueConstraint(
                        fields=("cso", "sdr_id", "attempt"),
                        name="rejected_attempt_is_numbered_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="ruleoverride",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agreement_number", ""), ("partner__isnull", False)),
                            models.Q(
                                ("partner__isnull", True),
                                models.Q(("agreement_number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="rule_override_is_of_a_partner_or_an_agreement",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="ruleoverride",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="rule_override_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="ruleoverride",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("severity__in", ["", "REJECT", "HOLD", "WARN"])),
                        name="rule_override_severity_is_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="ruleoverride",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("activated_at__isnull", False)),
                        expressions=[
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("scope_key"), models.F("scope_key"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("code"), models.F("code"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._InstantRange(
                                    models.F("starts_at"), models.F("ends_at"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="rule_overrides_in_force_do_not_overlap",
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(fields=["seller", "sdr_id"], name="sdr_by_seller_and_id"),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(fields=["seller", "ended_at"], name="sdr_by_seller_and_end"),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(fields=["buyer", "ended_at"], name="sdr_by_buyer_and_end"),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(
                        fields=["sender", "received_at"], name="sdr_by_sender_and_receipt"
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(
                        condition=models.Q(("evse_id", ""), _negated=True),
                        fields=["evse_id", "ended_at"],
                        name="sdr_by_evse",
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdr",
                    index=models.Index(
                        condition=models.Q(("pseudonym", ""), _negated=True),
                        fields=["pseudonym", "started_at"],
                        name="sdr_by_contract",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdr",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("rejected_at_intake", True),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("energy_kwh__isnull", False),
                                ("seller__isnull", False),
                                ("started_at__isnull", False),
                                models.Q(("sdr_id", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="live_sdr_is_complete",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdr",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("rejected_at_intake", True),
                            ("ended_at__gte", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="live_sdr_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdr",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "item_kinds__contained_by",
                                ["ENERGY", "TIME", "PARKING", "RESERVATION", "FEE"],
                            )
                        ),
                        name="sdr_item_kinds_are_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrkey",
                    constraint=models.UniqueConstraint(
                        fields=("cso", "sdr_id"), name="sdr_id_is_live_once_per_cso"
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdrlink",
                    index=models.Index(fields=["original_id"], name="link_of_original"),
                ),
                migrations.AddConstraint(
                    model_name="sdrlink",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("kind", "CREDIT")),
                        fields=("original_id",),
                        name="record_is_credited_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrlink",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("kind", "REPLACEMENT")),
                        fields=("original_id",),
                        name="record_is_replaced_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrlink",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("record_id", models.F("original_id")), _negated=True),
                        name="record_does_not_correct_itself",
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdrstate",
                    index=models.Index(fields=["seller", "id"], name="state_by_seller"),
                ),
                migrations.AddIndex(
                    model_name="sdrstate",
                    index=models.Index(fields=["buyer", "id"], name="state_by_buyer"),
                ),
                migrations.AddIndex(
                    model_name="sdrstate",
                    index=models.Index(
                        condition=models.Q(("state", "ACCEPTED")),
                        fields=["agreement", "id"],
                        name="state_accepted",
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdrstate",
                    index=models.Index(
                        condition=models.Q(("state", "HELD")), fields=["id"], name="state_held"
                    ),
                ),
                migrations.AddIndex(
                    model_name="sdrstate",
                    index=models.Index(
                        condition=models.Q(("state", "DELIVERED")),
                        fields=["accept_by_at"],
                        name="state_to_be_deemed",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrstate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "RECEIVED",
                                    "REJECTED",
                                    "HELD",
                                    "VALIDATED",
                                    "RATED",
                                    "DELIVERED",
                                    "DISPUTED",
                                    "ACCEPTED",
                                    "WITHDRAWN",
                                    "SUPERSEDED",
                                ],
                            )
                        ),
                        name="sdr_state_is_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrstate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ACCEPTED"), _negated=True),
                            models.Q(
                                ("accepted_at__isnull", False),
                                ("agreement__isnull", False),
                                ("buyer__isnull", False),
                                ("seller__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="accepted_sdr_has_two_sides_and_an_agreement",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sequencegap",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))),
                        name="sequence_gap_is_not_empty",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sequencegap",
                    constraint=models.UniqueConstraint(
                        fields=("sender", "environment", "first"),
                        name="sequence_gap_is_noticed_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sessionkey",
                    constraint=models.UniqueConstraint(
                        fields=("cso", "session_id", "split_no"),
                        name="session_is_claimed_once_per_cso",
                    ),
                ),
                migrations.AddIndex(
                    model_name="signedvalue",
                    index=models.Index(
                        fields=["signature_sha256"], name="signed_value_by_signature"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariff",
                    constraint=models.UniqueConstraint(
                        fields=("seller", "tariff_id"), name="tariff_id_is_unique_per_seller"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariff",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="tariff_currency_is_iso_4217",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariffversion",
                    constraint=models.UniqueConstraint(
                        fields=("tariff", "version"), name="tariff_version_is_unique"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariffversion",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("content_sha256__regex", "^[0-9a-f]{64}$")),
                        name="tariff_version_carries_its_hash",
                    ),
                ),
                migrations.AddIndex(
                    model_name="tariffnotice",
                    index=models.Index(
                        fields=["buyer", "counts_from_at"], name="tariff_notice_of_buyer"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariffnotice",
                    constraint=models.UniqueConstraint(
                        fields=("version", "buyer"), name="buyer_is_told_of_a_version_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariffnotice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("state", "COUNTS"),
                            models.Q(
                                ("counts_from_at", models.F("notice_ends_at")),
                                ("state__in", ["WAITING", "REFUSED"]),
                            ),
                            _connector="OR",
                        ),
                        name="waiting_increase_counts_after_its_notice",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariffnotice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            models.Q(("answered_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="tariff_answer_has_an_author",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrrating",
                    constraint=models.UniqueConstraint(
                        fields=("record_id", "rating_version"),
                        name="rating_version_is_unique_per_sdr",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sdrrating",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("rating_version", 1),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="rerating_has_a_reason",
                    ),
                ),
            ]
        )
    ]
