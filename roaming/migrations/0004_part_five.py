"""Locations, credentials, sessions, remote requests, pushes and exchanges."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import clearinghouse.uuid7
import roaming.rules.rating.stored
from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0007_part_five"),
        ("roaming", "0003_part_four"),
    ]

    operations = [
        tables.Together(
            [
                migrations.AddField(
                    model_name="delivery",
                    name="remote_url",
                    field=models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="where the receiver says it keeps it",
                        max_length=500,
                    ),
                ),
                migrations.AddField(
                    model_name="tariff",
                    name="withdrawn_at",
                    field=models.DateTimeField(
                        blank=True,
                        help_text="offered no more; its records are still rated by it",
                        null=True,
                    ),
                ),
                migrations.AddField(
                    model_name="tariffversion",
                    name="content_format",
                    field=models.CharField(blank=True, help_text="e.g. OCPI 2.2.1", max_length=20),
                ),
                migrations.AlterField(
                    model_name="intakebatch",
                    name="door",
                    field=models.CharField(
                        choices=[
                            ("API", "Api"),
                            ("COMMAND", "Command line"),
                            ("ADMIN", "Upload in the admin"),
                            ("DEMO", "Demo world"),
                            ("DISPUTE", "Outcome of a dispute"),
                            ("OCPI", "OCPI connection"),
                        ],
                        max_length=7,
                    ),
                ),
                migrations.CreateModel(
                    name="Location",
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
                        ("location_id", models.CharField(max_length=100)),
                        ("name", models.CharField(blank=True, max_length=255)),
                        ("address", models.CharField(blank=True, max_length=255)),
                        ("city", models.CharField(blank=True, max_length=100)),
                        ("postal_code", models.CharField(blank=True, max_length=20)),
                        ("country_code", models.CharField(blank=True, max_length=2)),
                        (
                            "latitude",
                            models.DecimalField(decimal_places=7, max_digits=10, null=True),
                        ),
                        (
                            "longitude",
                            models.DecimalField(decimal_places=7, max_digits=10, null=True),
                        ),
                        ("time_zone", models.CharField(blank=True, max_length=60)),
                        ("operator_name", models.CharField(blank=True, max_length=200)),
                        (
                            "is_published",
                            models.BooleanField(
                                default=True, help_text="false: told to nobody at large"
                            ),
                        ),
                        (
                            "document",
                            models.JSONField(
                                decoder=roaming.rules.rating.stored.ExactDecoder,
                                default=dict,
                                encoder=roaming.rules.rating.stored.ExactEncoder,
                            ),
                        ),
                        (
                            "document_format",
                            models.CharField(blank=True, help_text="empty: native", max_length=20),
                        ),
                        ("updated_at", models.DateTimeField(help_text="as its owner says")),
                        ("received_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        (
                            "cso",
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
                    name="LocationEvse",
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
                            "evse_uid",
                            models.CharField(
                                help_text="technical, never used again", max_length=100
                            ),
                        ),
                        (
                            "evse_id",
                            models.CharField(blank=True, help_text="normal form", max_length=60),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("AVAILABLE", "Available"),
                                    ("BLOCKED", "Blocked by something"),
                                    ("CHARGING", "In use"),
                                    ("INOPERATIVE", "Not in operation"),
                                    ("OUT_OF_ORDER", "Out of order"),
                                    ("PLANNED", "Planned"),
                                    ("REMOVED", "Removed"),
                                    ("RESERVED", "Reserved"),
                                    ("UNKNOWN", "Not known"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("status_at", models.DateTimeField(null=True)),
                        (
                            "status_until_at",
                            models.DateTimeField(help_text="then it is not known", null=True),
                        ),
                        (
                            "capabilities",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=60), default=list, size=None
                            ),
                        ),
                        (
                            "connector_types",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=40), default=list, size=None
                            ),
                        ),
                        (
                            "current_type",
                            models.CharField(blank=True, help_text="AC or DC", max_length=2),
                        ),
                        (
                            "max_power_kw",
                            models.DecimalField(decimal_places=3, max_digits=9, null=True),
                        ),
                        (
                            "tariff_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100), default=list, size=None
                            ),
                        ),
                        (
                            "document",
                            models.JSONField(
                                decoder=roaming.rules.rating.stored.ExactDecoder,
                                default=dict,
                                encoder=roaming.rules.rating.stored.ExactEncoder,
                            ),
                        ),
                        ("updated_at", models.DateTimeField(help_text="as its owner says")),
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
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evses",
                                to="roaming.location",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "EVSE at a location",
                        "verbose_name_plural": "EVSEs at locations",
                    },
                ),
                migrations.CreateModel(
                    name="ObjectPush",
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
                                    ("LOCATION", "Location"),
                                    ("EVSE", "EVSE of a location"),
                                    ("TARIFF", "Tariff"),
                                    ("CREDENTIAL", "Credential"),
                                    ("SESSION", "Service session"),
                                    ("PRESENCE", "Whether a party can be reached"),
                                    ("IDENTITY", "Our own registration"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("subject_id", models.UUIDField()),
                        ("generation", models.PositiveBigIntegerField(default=1)),
                        ("sent_generation", models.PositiveBigIntegerField(default=0)),
                        ("wanted_at", models.DateTimeField()),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        (
                            "next_attempt_at",
                            models.DateTimeField(help_text="empty: at once", null=True),
                        ),
                        ("leased_until_at", models.DateTimeField(null=True)),
                        (
                            "given_up_at",
                            models.DateTimeField(help_text="until it changes again", null=True),
                        ),
                        ("sent_at", models.DateTimeField(null=True)),
                        ("last_error", models.CharField(blank=True, max_length=300)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.roamingendpoint",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "object pushes",
                    },
                ),
                migrations.CreateModel(
                    name="Reservation",
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
                            "reservation_id",
                            models.CharField(help_text="as the CSP calls it", max_length=100),
                        ),
                        ("location_id", models.CharField(max_length=100)),
                        ("evse_uid", models.CharField(blank=True, max_length=100)),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("ASKED", "Asked for"),
                                    ("RESERVED", "Kept"),
                                    ("REFUSED", "Refused"),
                                    ("CANCELED", "Given up or taken away"),
                                    ("EXPIRED", "Never used"),
                                    ("USED", "Charged in it"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("expires_at", models.DateTimeField()),
                        ("created_at", models.DateTimeField()),
                        ("changed_at", models.DateTimeField()),
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
                    ],
                ),
                migrations.CreateModel(
                    name="ServiceSession",
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
                            "state",
                            models.CharField(
                                choices=[
                                    ("AUTHORIZED", "Authorized, nothing told yet"),
                                    ("PENDING", "Has not started yet"),
                                    ("RESERVED", "Reserved"),
                                    ("ACTIVE", "Runs"),
                                    ("COMPLETED", "Over"),
                                    ("INVALID", "Invalid, never billed"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "kind",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("RFID", "Card or tag"),
                                    ("APP", "App or QR code"),
                                    ("USER_NAME", "User name and password"),
                                    ("CERTIFICATE", "Contract certificate (plug and charge)"),
                                    ("AD_HOC", "Without a contract"),
                                    ("OTHER", "Other"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("contract_hash", models.CharField(blank=True, max_length=64)),
                        ("identity_hash", models.CharField(blank=True, max_length=64)),
                        ("authorization_reference", models.CharField(blank=True, max_length=100)),
                        ("location_id", models.CharField(blank=True, max_length=100)),
                        ("evse_uid", models.CharField(blank=True, max_length=100)),
                        ("evse_id", models.CharField(blank=True, max_length=60)),
                        ("connector_id", models.CharField(blank=True, max_length=60)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        (
                            "energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        (
                            "total_excl_tax",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "total_incl_tax",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        (
                            "document",
                            models.JSONField(
                                decoder=roaming.rules.rating.stored.ExactDecoder,
                                default=dict,
                                encoder=roaming.rules.rating.stored.ExactEncoder,
                            ),
                        ),
                        (
                            "document_format",
                            models.CharField(blank=True, help_text="empty: native", max_length=20),
                        ),
                        ("updated_at", models.DateTimeField(help_text="as the CSO says")),
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
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RemoteRequest",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("START", "Start a session"),
                                    ("STOP", "Stop a session"),
                                    ("RESERVE", "Keep a place"),
                                    ("CANCEL_RESERVATION", "Give a place up"),
                                    ("UNLOCK", "Unlock a connector"),
                                    ("SET_PROFILE", "Set a charging profile"),
                                    ("GET_PROFILE", "Read the charging profile"),
                                    ("CLEAR_PROFILE", "Clear the charging profile"),
                                ],
                                max_length=18,
                            ),
                        ),
                        ("location_id", models.CharField(blank=True, max_length=100)),
                        ("evse_uid", models.CharField(blank=True, max_length=100)),
                        ("connector_id", models.CharField(blank=True, max_length=60)),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("authorization_reference", models.CharField(blank=True, max_length=100)),
                        ("callback_sha256", models.CharField(max_length=64)),
                        ("encrypted_response_url", models.BinaryField(null=True)),
                        ("asked_at", models.DateTimeField()),
                        (
                            "deadline_at",
                            models.DateTimeField(help_text="nothing by then: timed out"),
                        ),
                        (
                            "answer",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("ACCEPTED", "Passed on to the station"),
                                    ("REJECTED", "Rejected"),
                                    ("NOT_SUPPORTED", "Not supported"),
                                    ("UNKNOWN_SESSION", "No such session"),
                                    ("TOO_OFTEN", "Asked too often"),
                                    ("NOT_REACHED", "The CSO could not be asked"),
                                ],
                                max_length=15,
                            ),
                        ),
                        ("answered_at", models.DateTimeField(null=True)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("DONE", "Done"),
                                    ("FAILED", "Failed"),
                                    ("REJECTED", "Rejected by the station"),
                                    ("NOT_SUPPORTED", "Not supported by the station"),
                                    ("OCCUPIED", "The EVSE is occupied"),
                                    ("INOPERATIVE", "The EVSE is out of operation"),
                                    ("UNKNOWN_RESERVATION", "No such reservation"),
                                    ("CANCELED", "The reservation was taken away"),
                                    ("TIMED_OUT", "Nothing came in time"),
                                ],
                                max_length=19,
                            ),
                        ),
                        ("outcome_at", models.DateTimeField(null=True)),
                        (
                            "told_at",
                            models.DateTimeField(
                                help_text="the asker was told the outcome", null=True
                            ),
                        ),
                        ("messages", models.JSONField(default=list)),
                        (
                            "profile",
                            models.JSONField(
                                decoder=roaming.rules.rating.stored.ExactDecoder,
                                default=dict,
                                encoder=roaming.rules.rating.stored.ExactEncoder,
                            ),
                        ),
                        ("correlation_id", models.CharField(blank=True, max_length=64)),
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
                            "reservation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="remote_requests",
                                to="roaming.reservation",
                            ),
                        ),
                        (
                            "session",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="remote_requests",
                                to="roaming.servicesession",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SessionAlias",
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
                        ("alias", models.CharField(max_length=250)),
                        (
                            "party",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "session",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="aliases",
                                to="roaming.servicesession",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "session aliases",
                    },
                ),
                migrations.CreateModel(
                    name="SessionMove",
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
                        (
                            "state_before",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("AUTHORIZED", "Authorized, nothing told yet"),
                                    ("PENDING", "Has not started yet"),
                                    ("RESERVED", "Reserved"),
                                    ("ACTIVE", "Runs"),
                                    ("COMPLETED", "Over"),
                                    ("INVALID", "Invalid, never billed"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("AUTHORIZED", "Authorized, nothing told yet"),
                                    ("PENDING", "Has not started yet"),
                                    ("RESERVED", "Reserved"),
                                    ("ACTIVE", "Runs"),
                                    ("COMPLETED", "Over"),
                                    ("INVALID", "Invalid, never billed"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "energy_kwh",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True),
                        ),
                        ("actor", models.CharField(max_length=150)),
                        ("moved_at", models.DateTimeField()),
                        (
                            "session",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="moves",
                                to="roaming.servicesession",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TariffAudience",
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
                            "buyer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "tariff",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audience",
                                to="roaming.tariff",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="WhitelistEntry",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("RFID", "Card or tag"),
                                    ("APP", "App or QR code"),
                                    ("USER_NAME", "User name and password"),
                                    ("CERTIFICATE", "Contract certificate (plug and charge)"),
                                    ("AD_HOC", "Without a contract"),
                                    ("OTHER", "Other"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "wire_kind",
                            models.CharField(blank=True, help_text="as it was told", max_length=40),
                        ),
                        ("lookup_hash", models.CharField(max_length=64)),
                        ("contract_hash", models.CharField(blank=True, max_length=64)),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("group_hash", models.CharField(blank=True, max_length=64)),
                        (
                            "identity_hash",
                            models.CharField(
                                blank=True, help_text="empty: only hashed", max_length=64
                            ),
                        ),
                        ("is_valid", models.BooleanField()),
                        (
                            "offline_policy",
                            models.CharField(
                                choices=[
                                    ("ALWAYS", "The list decides, nobody is asked"),
                                    ("ALLOWED", "The list may decide"),
                                    (
                                        "ALLOWED_OFFLINE",
                                        "The list decides where the CSP cannot be asked",
                                    ),
                                    ("NEVER", "The CSP is always asked"),
                                ],
                                max_length=15,
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(help_text="then it counts no more", null=True),
                        ),
                        ("updated_at", models.DateTimeField(help_text="as its owner says")),
                        ("received_at", models.DateTimeField()),
                        (
                            "csp",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "whitelist entries",
                    },
                ),
                tables.CreateModelPartitionedForCso(
                    name="AuthorizationRequest",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("RFID", "Card or tag"),
                                    ("APP", "App or QR code"),
                                    ("USER_NAME", "User name and password"),
                                    ("CERTIFICATE", "Contract certificate (plug and charge)"),
                                    ("AD_HOC", "Without a contract"),
                                    ("OTHER", "Other"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("pseudonym", models.CharField(blank=True, max_length=16)),
                        ("location_id", models.CharField(blank=True, max_length=100)),
                        ("evse_id", models.CharField(blank=True, max_length=60)),
                        ("is_stop", models.BooleanField(default=False)),
                        (
                            "decision",
                            models.CharField(
                                choices=[
                                    ("ALLOWED", "May charge"),
                                    ("BLOCKED", "Blocked by the CSP"),
                                    ("EXPIRED", "Expired"),
                                    ("NO_CREDIT", "No credit left"),
                                    ("NOT_ALLOWED", "Not here"),
                                    ("UNKNOWN", "Nobody knows the credential"),
                                    ("NOT_REACHED", "The CSP could not be asked"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "decided_by",
                            models.CharField(
                                choices=[
                                    ("CSP", "The CSP, asked at once"),
                                    ("WHITELIST", "The list"),
                                    ("POLICY", "The clearing house's rules"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        ("reference", models.CharField(blank=True, max_length=100)),
                        (
                            "session_id",
                            models.UUIDField(
                                help_text="of the service session it opened", null=True
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        ("answered_at", models.DateTimeField()),
                        (
                            "partner_ms",
                            models.PositiveIntegerField(
                                help_text="of it, spent at the CSP", null=True
                            ),
                        ),
                        ("correlation_id", models.CharField(blank=True, max_length=64)),
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
                        (
                            "csp",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["cso", "asked_at"], name="authorization_asked_by_cso"
                            ),
                            models.Index(
                                fields=["csp", "asked_at"], name="authorization_asked_of_csp"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("answered_at__gte", models.F("asked_at"))),
                                name="authorization_is_answered_after_it_is_asked",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decision", "ALLOWED"), _negated=True),
                                    ("csp__isnull", False),
                                    _connector="OR",
                                ),
                                name="who_may_charge_has_a_csp",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Exchange",
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
                            "direction",
                            models.CharField(
                                choices=[("OUT", "We called"), ("IN", "We were called")],
                                max_length=3,
                            ),
                        ),
                        ("module", models.CharField(blank=True, max_length=60)),
                        ("verb", models.CharField(max_length=7)),
                        ("url", models.CharField(max_length=500)),
                        ("http_status", models.PositiveSmallIntegerField(null=True)),
                        (
                            "status_code",
                            models.PositiveSmallIntegerField(
                                help_text="the protocol's own", null=True
                            ),
                        ),
                        ("is_success", models.BooleanField()),
                        ("attempt", models.PositiveSmallIntegerField(default=1)),
                        ("asked_at", models.DateTimeField()),
                        ("duration_ms", models.PositiveIntegerField()),
                        ("request_id", models.CharField(blank=True, max_length=64)),
                        ("correlation_id", models.CharField(blank=True, max_length=64)),
                        ("request_body", models.TextField(blank=True)),
                        ("response_body", models.TextField(blank=True)),
                        ("error", models.CharField(blank=True, max_length=300)),
                        (
                            "subject_kind",
                            models.CharField(
                                blank=True, help_text="what may be sent again", max_length=12
                            ),
                        ),
                        ("subject_id", models.UUIDField(null=True)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.roamingendpoint",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["endpoint", "id"], name="exchange_of_endpoint"),
                            models.Index(
                                condition=models.Q(("correlation_id", ""), _negated=True),
                                fields=["correlation_id"],
                                name="exchange_by_correlation",
                            ),
                            models.Index(fields=["asked_at"], name="exchange_by_time"),
                        ],
                    },
                ),
                migrations.AddIndex(
                    model_name="location",
                    index=models.Index(fields=["cso", "id"], name="location_of_cso"),
                ),
                migrations.AddIndex(
                    model_name="location",
                    index=models.Index(fields=["updated_at"], name="location_by_update"),
                ),
                migrations.AddIndex(
                    model_name="location",
                    index=models.Index(
                        django.db.models.functions.text.Upper("location_id"),
                        name="location_by_its_id",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="location",
                    constraint=models.UniqueConstraint(
                        models.F("cso"),
                        django.db.models.functions.text.Upper("location_id"),
                        name="location_id_is_unique_per_cso",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="location",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("latitude__isnull", True),
                            models.Q(
                                ("latitude__gte", -90),
                                ("latitude__lte", 90),
                                ("longitude__gte", -180),
                                ("longitude__lte", 180),
                            ),
                            _connector="OR",
                        ),
                        name="location_is_on_earth",
                    ),
                ),
                migrations.AddIndex(
                    model_name="locationevse",
                    index=models.Index(
                        condition=models.Q(("evse_id", ""), _negated=True),
                        fields=["evse_id"],
                        name="location_evse_by_id",
                    ),
                ),
                migrations.AddIndex(
                    model_name="locationevse",
                    index=models.Index(
                        models.F("cso"),
                        django.db.models.functions.text.Upper("evse_uid"),
                        name="location_evse_by_uid",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="locationevse",
                    constraint=models.UniqueConstraint(
                        models.F("location"),
                        django.db.models.functions.text.Upper("evse_uid"),
                        name="evse_uid_is_unique_per_location",
                    ),
                ),
                migrations.AddIndex(
                    model_name="objectpush",
                    index=models.Index(
                        condition=models.Q(
                            ("given_up_at__isnull", True),
                            ("sent_generation__lt", models.F("generation")),
                        ),
                        fields=["endpoint", "wanted_at"],
                        name="object_push_due",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objectpush",
                    constraint=models.UniqueConstraint(
                        fields=("endpoint", "kind", "subject_id"),
                        name="object_is_pushed_once_per_endpoint",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objectpush",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("sent_generation__lte", models.F("generation"))),
                        name="only_what_was_wanted_is_sent",
                    ),
                ),
                migrations.AddIndex(
                    model_name="reservation",
                    index=models.Index(fields=["cso", "expires_at"], name="reservation_of_cso"),
                ),
                migrations.AddConstraint(
                    model_name="reservation",
                    constraint=models.UniqueConstraint(
                        fields=("csp", "reservation_id"), name="reservation_id_is_unique_per_csp"
                    ),
                ),
                migrations.AddIndex(
                    model_name="servicesession",
                    index=models.Index(fields=["csp", "id"], name="service_session_of_csp"),
                ),
                migrations.AddIndex(
                    model_name="servicesession",
                    index=models.Index(fields=["cso", "id"], name="service_session_of_cso"),
                ),
                migrations.AddIndex(
                    model_name="servicesession",
                    index=models.Index(fields=["updated_at"], name="service_session_by_update"),
                ),
                migrations.AddConstraint(
                    model_name="servicesession",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            ("started_at__isnull", True),
                            ("ended_at__gte", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="service_session_ends_after_it_starts",
                    ),
                ),
                migrations.AddIndex(
                    model_name="remoterequest",
                    index=models.Index(fields=["csp", "id"], name="remote_request_of_csp"),
                ),
                migrations.AddIndex(
                    model_name="remoterequest",
                    index=models.Index(fields=["cso", "id"], name="remote_request_of_cso"),
                ),
                migrations.AddIndex(
                    model_name="remoterequest",
                    index=models.Index(
                        condition=models.Q(("answer", "ACCEPTED"), ("outcome", "")),
                        fields=["deadline_at"],
                        name="remote_request_waiting",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="remoterequest",
                    constraint=models.UniqueConstraint(
                        fields=("callback_sha256",), name="remote_request_has_a_callback_of_its_own"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="remoterequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("outcome", ""), ("answer", "ACCEPTED"), _connector="OR"
                        ),
                        name="only_what_was_accepted_has_an_outcome",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="remoterequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("outcome_at__isnull", True)),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                ("outcome_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="outcome_has_its_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sessionalias",
                    constraint=models.UniqueConstraint(
                        fields=("party", "alias"), name="session_alias_means_one_session_of_a_party"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sessionmove",
                    constraint=models.UniqueConstraint(
                        fields=("session", "version"), name="session_moves_by_one_version"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="tariffaudience",
                    constraint=models.UniqueConstraint(
                        fields=("tariff", "buyer"), name="tariff_names_a_buyer_once"
                    ),
                ),
                migrations.AddIndex(
                    model_name="whitelistentry",
                    index=models.Index(
                        fields=["lookup_hash", "environment"], name="whitelist_by_what_is_shown"
                    ),
                ),
                migrations.AddIndex(
                    model_name="whitelistentry",
                    index=models.Index(fields=["csp", "id"], name="whitelist_of_csp"),
                ),
                migrations.AddConstraint(
                    model_name="whitelistentry",
                    constraint=models.UniqueConstraint(
                        fields=("csp", "kind", "lookup_hash"),
                        name="credential_is_listed_once_by_its_csp",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="whitelistentry",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("lookup_hash__regex", "^[0-9a-f]{64}$")),
                        name="listed_credential_is_stored_as_hash",
                    ),
                ),
            ]
        ),
    ]
