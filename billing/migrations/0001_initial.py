"""Clearing windows, settlements, documents, taxes, the ledger and the cover."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import clearinghouse.uuid7
import partners.models.exclusions
from clearinghouse import tables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("partners", "0003_evidence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="Account",
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
                            "code",
                            models.CharField(
                                choices=[
                                    ("1200", "1200 receivable of a partner (CCP)"),
                                    ("1300", "1300 clearing of a partner"),
                                    ("1390", "1390 disputed claim on a partner"),
                                    ("1500", "1500 recourse receivable"),
                                    ("1576", "1576 input VAT"),
                                    ("1800", "1800 settlement bank"),
                                    ("1810", "1810 cash in transit"),
                                    ("2100", "2100 payable to a partner (CCP)"),
                                    ("2390", "2390 disputed obligation to a partner"),
                                    ("2400", "2400 guarantee deposit"),
                                    ("2410", "2410 prefund"),
                                    ("2450", "2450 default fund"),
                                    ("2776", "2776 output VAT"),
                                    ("2890", "2890 unallocated receipts"),
                                    ("4000", "4000 energy sales (CCP)"),
                                    ("4100", "4100 fee income"),
                                    ("4190", "4190 dunning and interest"),
                                    ("5000", "5000 energy purchases (CCP)"),
                                    ("6900", "6900 bad debt and bank charges"),
                                    ("7900", "7900 exchange and rounding"),
                                ],
                                max_length=4,
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        (
                            "country_code",
                            models.CharField(
                                blank=True, help_text="of a tax account", max_length=2
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ClearingRun",
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
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("cleared", models.PositiveIntegerField(default=0)),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="partners.settlementgroup",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ClearingWindow",
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
                        ("supply_starts_at", models.DateTimeField()),
                        ("supply_ends_at", models.DateTimeField()),
                        (
                            "closes_at",
                            models.DateTimeField(help_text="when the calendar closes it"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("OPEN", "Open"),
                                    ("CLOSED", "Closed"),
                                    ("IN_SETTLEMENT", "In Settlement"),
                                    ("SETTLED", "Settled"),
                                ],
                                default="OPEN",
                                max_length=13,
                            ),
                        ),
                        ("opened_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="windows",
                                to="partners.settlementgroup",
                            ),
                        ),
                    ],
                ),
                tables.CreateModelPartitionedForSeller(
                    name="ClearedSdr",
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
                        ("currency", models.CharField(max_length=3)),
                        ("is_billed", models.BooleanField()),
                        ("energy_kwh", models.DecimalField(decimal_places=6, max_digits=18)),
                        ("claim_minor", models.BigIntegerField()),
                        ("commission_rate", models.DecimalField(decimal_places=6, max_digits=7)),
                        ("commission_minor", models.BigIntegerField()),
                        ("payout_minor", models.BigIntegerField()),
                        (
                            "commission_beneficiary",
                            models.CharField(
                                choices=[
                                    ("CLEARING_HOUSE", "The clearing house (a fee)"),
                                    ("BUYER", "The buyer (a price reduction)"),
                                ],
                                max_length=14,
                            ),
                        ),
                        ("rounding", models.CharField(default="HALF_UP", max_length=7)),
                        (
                            "parking_minor",
                            models.BigIntegerField(
                                default=0,
                                help_text="part of the claim; what is neither is electricity",
                            ),
                        ),
                        (
                            "reservation_minor",
                            models.BigIntegerField(default=0, help_text="part of the claim"),
                        ),
                        ("charge_country_code", models.CharField(blank=True, max_length=2)),
                        (
                            "price_basis",
                            models.CharField(
                                choices=[("EXCL_TAX", "Excl Tax"), ("INCL_TAX", "Incl Tax")],
                                default="EXCL_TAX",
                                max_length=8,
                            ),
                        ),
                        (
                            "supply_month",
                            models.DateField(
                                help_text="first day of the month of the service end, in the group's time zone",
                                null=True,
                            ),
                        ),
                        (
                            "corrects_id",
                            models.UUIDField(
                                help_text="the cleared SDR that a correction run takes back or replaces",
                                null=True,
                            ),
                        ),
                        ("correction_run_id", models.UUIDField(null=True)),
                        ("ended_at", models.DateTimeField()),
                        ("cleared_at", models.DateTimeField()),
                        (
                            "agreement",
                            models.ForeignKey(
                                db_index=False,
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
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.party",
                            ),
                        ),
                        (
                            "buyer_partner",
                            models.ForeignKey(
                                db_index=False,
                                help_text="owner of the buyer party at service end",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
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
                        (
                            "seller_partner",
                            models.ForeignKey(
                                db_index=False,
                                help_text="owner of the seller party at service end",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
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
                        (
                            "run",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.clearingrun",
                            ),
                        ),
                        (
                            "window",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cleared",
                                to="billing.clearingwindow",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "cleared SDR",
                    },
                ),
                migrations.CreateModel(
                    name="ConservationProof",
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
                        ("proved_at", models.DateTimeField()),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("day", models.DateField()),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("received", models.PositiveIntegerField()),
                        ("received_amount", models.DecimalField(decimal_places=6, max_digits=24)),
                        ("counts", models.JSONField()),
                        ("amounts", models.JSONField()),
                        ("holds", models.BooleanField(help_text="does the equation hold?")),
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
                    name="CorrectionRun",
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
                        ("reason", models.CharField(max_length=500)),
                        (
                            "selection",
                            models.JSONField(help_text="the filter: parties, period, tariff, ids"),
                        ),
                        ("simulation", models.JSONField()),
                        ("simulation_sha256", models.CharField(max_length=64)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("SIMULATED", "Simulated"),
                                    ("REQUESTED", "Requested"),
                                    ("POSTED", "Posted"),
                                    ("CANCELLED", "Cancelled"),
                                ],
                                default="SIMULATED",
                                max_length=9,
                            ),
                        ),
                        ("simulated_at", models.DateTimeField()),
                        ("posted_at", models.DateTimeField(null=True)),
                        (
                            "approval",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.approval",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.settlementgroup",
                            ),
                        ),
                        (
                            "maker",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="CorrectionItem",
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
                        ("record_id", models.UUIDField(help_text="the ClearedSdr put right")),
                        ("old_claim_minor", models.BigIntegerField()),
                        ("old_payout_minor", models.BigIntegerField()),
                        ("new_claim_minor", models.BigIntegerField()),
                        (
                            "credit_id",
                            models.UUIDField(
                                help_text="the ClearedSdr that takes it back", null=True
                            ),
                        ),
                        ("replacement_id", models.UUIDField(null=True)),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="billing.correctionrun",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="CoverBooking",
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
                        ("currency", models.CharField(max_length=3)),
                        (
                            "account",
                            models.CharField(
                                help_text="2410 prefund, 2400 deposit, 2450 default fund",
                                max_length=4,
                            ),
                        ),
                        (
                            "direction",
                            models.CharField(
                                choices=[("IN", "Came in"), ("OUT", "Is paid back")], max_length=3
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("reference", models.CharField(help_text="the bank's", max_length=100)),
                        ("reason", models.CharField(max_length=500)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("REQUESTED", "Requested"),
                                    ("POSTED", "Posted"),
                                    ("REFUSED", "Refused"),
                                ],
                                default="REQUESTED",
                                max_length=9,
                            ),
                        ),
                        ("requested_at", models.DateTimeField()),
                        ("posted_at", models.DateTimeField(null=True)),
                        (
                            "approval",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.approval",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cover_bookings",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Document",
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
                        ("number", models.CharField(max_length=30, unique=True)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("STATEMENT", "Settlement statement"),
                                    ("PROVISIONAL", "Provisional statement"),
                                ],
                                max_length=11,
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
                        ("content", models.JSONField()),
                        ("content_sha256", models.CharField(max_length=64)),
                        ("issued_at", models.DateTimeField()),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="documents",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DocumentFile",
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
                        ("media_type", models.CharField(max_length=100)),
                        ("content", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("size_bytes", models.PositiveIntegerField()),
                        ("rendered_at", models.DateTimeField()),
                        (
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="files",
                                to="billing.document",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DomesticReverseCharge",
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
                        ("country_code", models.CharField(max_length=2)),
                        ("from_date", models.DateField()),
                        ("until_date", models.DateField(blank=True, null=True)),
                        (
                            "source",
                            models.CharField(
                                help_text="law, notice or table it comes from", max_length=200
                            ),
                        ),
                        ("applies", models.BooleanField()),
                        (
                            "ground",
                            models.CharField(
                                blank=True, help_text="as printed: § 13b UStG", max_length=120
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (
                                        partners.models.exclusions._TextRange(
                                            models.F("country_code"),
                                            models.F("country_code"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._DayRange(
                                            models.F("from_date"),
                                            models.F("until_date"),
                                            models.Value("[)"),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="domestic_reverse_charges_do_not_overlap",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until_date__isnull", True),
                                    ("until_date__gt", models.F("from_date")),
                                    _connector="OR",
                                ),
                                name="domestic_reverse_charge_ends_after_it_starts",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExposureReading",
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
                        ("read_at", models.DateTimeField()),
                        ("parts", models.JSONField()),
                        ("exposure_minor", models.BigIntegerField()),
                        (
                            "limit_minor",
                            models.BigIntegerField(help_text="null: no cap was agreed", null=True),
                        ),
                        (
                            "level",
                            models.CharField(
                                choices=[
                                    ("FREE", "Below the warning level"),
                                    ("WARNED", "80 % of the limit is reached"),
                                    ("BLOCKED", "The limit is reached: clearing waits"),
                                ],
                                max_length=7,
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.settlementgroup",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="exposures",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ExposureBlock",
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
                        ("blocked_at", models.DateTimeField()),
                        ("blocked_by", models.CharField(blank=True, max_length=150)),
                        ("block_reason", models.CharField(blank=True, max_length=500)),
                        ("lifted_at", models.DateTimeField(blank=True, null=True)),
                        ("lifted_by", models.CharField(blank=True, max_length=150)),
                        ("lift_reason", models.CharField(blank=True, max_length=500)),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.settlementgroup",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="exposure_blocks",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "reading",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.exposurereading",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="FxRate",
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
                        ("rate_date", models.DateField()),
                        ("currency", models.CharField(max_length=3)),
                        ("per_euro", models.DecimalField(decimal_places=6, max_digits=18)),
                        ("imported_at", models.DateTimeField()),
                        ("file_sha256", models.CharField(max_length=64)),
                    ],
                    options={
                        "verbose_name": "ECB reference rate",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("rate_date", "currency"),
                                name="ecb_publishes_one_rate_a_day",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("per_euro__gt", 0)), name="fx_rate_is_positive"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LedgerHorizon",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("complete_until_at", models.DateTimeField()),
                        ("seals", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("id", 1)), name="ledger_has_one_horizon"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ManualAdjustment",
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
                        ("currency", models.CharField(max_length=3)),
                        (
                            "amount_minor",
                            models.BigIntegerField(
                                help_text="+ the partner gets, − the partner pays"
                            ),
                        ),
                        (
                            "counter_account",
                            models.CharField(help_text="4100, 4190, 6900 or 7900", max_length=4),
                        ),
                        ("reason", models.CharField(max_length=500)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("REQUESTED", "Requested"),
                                    ("POSTED", "Posted"),
                                    ("REFUSED", "Refused"),
                                ],
                                default="REQUESTED",
                                max_length=9,
                            ),
                        ),
                        ("requested_at", models.DateTimeField()),
                        ("posted_at", models.DateTimeField(null=True)),
                        (
                            "approval",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.approval",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="adjustments",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "window",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="adjustments",
                                to="billing.clearingwindow",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="NumberSeries",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("series", models.CharField(max_length=20)),
                        ("year", models.PositiveSmallIntegerField()),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("last_number", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name_plural": "number series",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("series", "year", "environment"),
                                name="number_series_is_one_per_year",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Objection",
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
                        ("text", models.CharField(max_length=2000)),
                        (
                            "amount_minor",
                            models.BigIntegerField(blank=True, help_text="in doubt", null=True),
                        ),
                        ("counterparty", models.CharField(blank=True, max_length=20)),
                        ("sdr_id", models.CharField(blank=True, max_length=100)),
                        (
                            "record_id",
                            models.UUIDField(
                                blank=True, help_text="the ClearedSdr of sdr_id", null=True
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("OPEN", "Open"),
                                    ("UPHELD", "Upheld"),
                                    ("REJECTED", "Rejected"),
                                ],
                                default="OPEN",
                                max_length=8,
                            ),
                        ),
                        ("raised_by", models.CharField(max_length=150)),
                        ("raised_at", models.DateTimeField()),
                        ("answer", models.CharField(blank=True, max_length=2000)),
                        ("answered_by", models.CharField(blank=True, max_length=150)),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "remedy",
                            models.CharField(
                                blank=True,
                                choices=[
                                    (
                                        "CANCELLATION",
                                        "The calculation was cancelled and is made anew",
                                    ),
                                    ("ADJUSTMENT", "A manual adjustment"),
                                    ("CORRECTION", "A correction run"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "adjustment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="objections",
                                to="billing.manualadjustment",
                            ),
                        ),
                        (
                            "correction_run",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="objections",
                                to="billing.correctionrun",
                            ),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="objections",
                                to="billing.document",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="objections",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Settlement",
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
                        ("currency", models.CharField(max_length=3)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("CALCULATED", "Calculated"),
                                    ("ISSUED", "Issued"),
                                    ("CANCELLED", "Cancelled"),
                                ],
                                default="ISSUED",
                                max_length=10,
                            ),
                        ),
                        ("positions_sha256", models.CharField(max_length=64)),
                        ("preview", models.JSONField(default=dict)),
                        ("preview_sha256", models.CharField(blank=True, max_length=64)),
                        ("calculated_at", models.DateTimeField()),
                        ("issued_at", models.DateTimeField(blank=True, null=True)),
                        ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                        ("cancel_reason", models.CharField(blank=True, max_length=500)),
                        (
                            "approval",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.approval",
                            ),
                        ),
                        (
                            "window",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="settlements",
                                to="billing.clearingwindow",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Position",
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
                        ("receivable_minor", models.BigIntegerField()),
                        ("payable_minor", models.BigIntegerField()),
                        ("vat_minor", models.BigIntegerField(default=0)),
                        ("fees_minor", models.BigIntegerField()),
                        ("fee_vat_minor", models.BigIntegerField(default=0)),
                        ("adjustments_minor", models.BigIntegerField(default=0)),
                        ("carried_minor", models.BigIntegerField(default=0)),
                        ("net_minor", models.BigIntegerField()),
                        ("exchanged_minor", models.BigIntegerField(default=0)),
                        ("carried_on_minor", models.BigIntegerField(default=0)),
                        ("exchanged_on_minor", models.BigIntegerField(default=0)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="positions",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="positions",
                                to="billing.settlement",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Instruction",
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
                        ("place", models.PositiveIntegerField(help_text="from 1, as listed")),
                        ("currency", models.CharField(max_length=3)),
                        ("amount_minor", models.BigIntegerField()),
                        (
                            "payee",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "payer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="instructions",
                                to="billing.settlement",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="FeeLine",
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
                            "month",
                            models.DateField(
                                help_text="first day; null: a fee of no month", null=True
                            ),
                        ),
                        ("quantity_before", models.DecimalField(decimal_places=6, max_digits=24)),
                        ("quantity_after", models.DecimalField(decimal_places=6, max_digits=24)),
                        (
                            "exact_after",
                            models.DecimalField(
                                decimal_places=12,
                                help_text="minor units before rounding",
                                max_digits=38,
                            ),
                        ),
                        ("sdrs_before", models.PositiveIntegerField()),
                        ("sdrs_after", models.PositiveIntegerField()),
                        ("charged_before_minor", models.BigIntegerField()),
                        ("charged_after_minor", models.BigIntegerField()),
                        ("amount_minor", models.BigIntegerField()),
                        ("steps", models.JSONField(default=list)),
                        (
                            "component",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="partners.feecomponent",
                            ),
                        ),
                        (
                            "payee",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "payer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="fee_lines",
                                to="billing.settlement",
                            ),
                        ),
                    ],
                ),
                migrations.AddField(
                    model_name="document",
                    name="settlement",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="billing.settlement",
                    ),
                ),
                migrations.CreateModel(
                    name="DefaultCase",
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
                        ("currency", models.CharField(max_length=3)),
                        ("owed_minor", models.BigIntegerField()),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("COVERED", "Paid from cover"),
                                    ("UNWOUND", "Netted again without it"),
                                    ("WATERFALL", "CCP: pot after pot"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("draws", models.JSONField(default=list)),
                        ("uncovered_minor", models.BigIntegerField(default=0)),
                        ("positions", models.JSONField(default=dict)),
                        ("claims", models.JSONField(default=list)),
                        ("reason", models.CharField(max_length=500)),
                        ("actor", models.CharField(max_length=150)),
                        ("handled_at", models.DateTimeField()),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="defaults",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="defaults",
                                to="billing.settlement",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="CurrencyExchange",
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
                        ("from_currency", models.CharField(max_length=3)),
                        ("from_minor", models.BigIntegerField()),
                        ("from_per_euro", models.DecimalField(decimal_places=6, max_digits=18)),
                        ("to_currency", models.CharField(max_length=3)),
                        ("to_per_euro", models.DecimalField(decimal_places=6, max_digits=18)),
                        ("to_minor", models.BigIntegerField()),
                        (
                            "residue_minor",
                            models.BigIntegerField(
                                default=0, help_text="in the currency it goes to"
                            ),
                        ),
                        ("rate_date", models.DateField()),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "to_group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.settlementgroup",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="exchanges",
                                to="billing.settlement",
                            ),
                        ),
                        (
                            "taken_in",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="exchanges_taken",
                                to="billing.settlement",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SupplyBlock",
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
                        ("is_service", models.BooleanField(default=False)),
                        (
                            "amount_minor",
                            models.BigIntegerField(help_text="as claimed, without or with tax"),
                        ),
                        ("sdrs", models.PositiveIntegerField()),
                        ("reasons", models.JSONField()),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "settled_in",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="resolved_blocks",
                                to="billing.settlement",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="blocks",
                                to="billing.settlement",
                            ),
                        ),
                        (
                            "supplier",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "window",
                            models.ForeignKey(
                                help_text="of the records",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.clearingwindow",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TaxedSupply",
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
                        ("place_country_code", models.CharField(blank=True, max_length=2)),
                        (
                            "category",
                            models.CharField(
                                choices=[
                                    ("S", "Standard rate"),
                                    ("AE", "Reverse charge"),
                                    ("O", "Outside the scope"),
                                    ("E", "Exempt"),
                                    ("NA", "Not decided in this group"),
                                    ("BLOCK", "Cannot be decided"),
                                ],
                                max_length=5,
                            ),
                        ),
                        ("rate", models.DecimalField(decimal_places=4, default=0, max_digits=5)),
                        (
                            "self_assessed_rate",
                            models.DecimalField(
                                decimal_places=4,
                                default=0,
                                help_text="at which the house owes what is AE",
                                max_digits=5,
                            ),
                        ),
                        (
                            "price_basis",
                            models.CharField(
                                choices=[("EXCL_TAX", "Excl Tax"), ("INCL_TAX", "Incl Tax")],
                                default="EXCL_TAX",
                                max_length=8,
                            ),
                        ),
                        (
                            "is_service",
                            models.BooleanField(
                                default=False,
                                help_text="a fee of the clearing house, not a charging service",
                            ),
                        ),
                        ("sdrs", models.PositiveIntegerField()),
                        ("net_minor", models.BigIntegerField()),
                        ("vat_minor", models.BigIntegerField()),
                        (
                            "ground",
                            models.CharField(blank=True, help_text="as printed", max_length=200),
                        ),
                        (
                            "exemption_code",
                            models.CharField(blank=True, help_text="VATEX code", max_length=20),
                        ),
                        (
                            "lines",
                            models.JSONField(
                                help_text="by supply month, kind and country of charging"
                            ),
                        ),
                        ("evidence", models.JSONField()),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="supplies",
                                to="billing.settlement",
                            ),
                        ),
                        (
                            "supplier",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "window",
                            models.ForeignKey(
                                help_text="of the records",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.clearingwindow",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "taxed supplies",
                    },
                ),
                migrations.CreateModel(
                    name="TaxRateUse",
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
                            "rate",
                            models.DecimalField(
                                decimal_places=4, help_text="as it was used", max_digits=5
                            ),
                        ),
                        ("last_tax_date", models.DateField()),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.settlement",
                            ),
                        ),
                        (
                            "tax_rate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uses",
                                to="partners.taxrate",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TaxTreatment",
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
                        ("country_code", models.CharField(max_length=2)),
                        ("from_date", models.DateField()),
                        ("until_date", models.DateField(blank=True, null=True)),
                        (
                            "source",
                            models.CharField(
                                help_text="law, notice or table it comes from", max_length=200
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("ELECTRICITY", "Electricity with what belongs to it"),
                                    ("PARKING", "Parking or blocking"),
                                    ("RESERVATION", "Reservation"),
                                    ("SERVICE", "Service of the clearing house"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "treatment",
                            models.CharField(
                                choices=[
                                    (
                                        "AS_ELECTRICITY",
                                        "Part of the supply of electricity (Art. 38, 39)",
                                    ),
                                    ("AS_SERVICE", "A service, taxed at the customer (Art. 44)"),
                                    ("AT_THE_SITE", "At the site, the supplier pays (Art. 47)"),
                                    ("AT_THE_SITE_REVERSED", "At the site, shifted (Art. 47, 194)"),
                                ],
                                max_length=20,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (
                                        partners.models.exclusions._TextRange(
                                            models.F("country_code"),
                                            models.F("country_code"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._TextRange(
                                            models.F("kind"), models.F("kind"), models.Value("[]")
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._DayRange(
                                            models.F("from_date"),
                                            models.F("until_date"),
                                            models.Value("[)"),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="tax_treatments_do_not_overlap",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until_date__isnull", True),
                                    ("until_date__gt", models.F("from_date")),
                                    _connector="OR",
                                ),
                                name="tax_treatment_ends_after_it_starts",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Transfer",
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
                        ("event_key", models.CharField(max_length=200)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("ENERGY", "Services of a pair in a window"),
                                    ("VAT", "VAT on services, seller from buyer"),
                                    ("COMMISSION", "Commission of the clearing house"),
                                    ("FEE", "Fees of the clearing house"),
                                    ("FEE_VAT", "VAT on fees"),
                                    ("PURCHASE", "CCP: the house buys"),
                                    ("SALE", "CCP: the house sells"),
                                    ("INPUT_VAT", "CCP: VAT on purchases"),
                                    ("OUTPUT_VAT", "CCP: VAT on sales"),
                                    ("SELF_ASSESSED", "CCP: reverse charge, both sides"),
                                    ("SET_OFF", "CCP: a partner's payable against its receivable"),
                                    ("SUSPENSE", "A dispute was opened"),
                                    ("SUSPENSE_END", "A dispute was closed"),
                                    ("ADJUSTMENT", "Manual adjustment"),
                                    ("EXCHANGE", "Conversion into another currency"),
                                    ("DEPOSIT_IN", "Guarantee or prefund paid in"),
                                    ("DEPOSIT_OUT", "Guarantee or prefund paid back"),
                                    ("COVER", "Default covered"),
                                    ("UNWIND", "Default unwound"),
                                    ("WRITE_OFF", "Written off"),
                                    ("PAY_IN", "Money came in"),
                                    ("PAYOUT_SENT", "Payout instructed"),
                                    ("PAYOUT_BOOKED", "Payout left the bank"),
                                    ("RETURN", "Payment came back"),
                                ],
                                max_length=13,
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        (
                            "sdrs",
                            models.PositiveIntegerField(
                                default=0, help_text="how many ClearedSdr it sums"
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=500)),
                        ("posted_at", models.DateTimeField()),
                        (
                            "credit_account",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credits",
                                to="billing.account",
                            ),
                        ),
                        (
                            "debit_account",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="debits",
                                to="billing.account",
                            ),
                        ),
                        (
                            "reverses",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reversed_by",
                                to="billing.transfer",
                            ),
                        ),
                        (
                            "window",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfers",
                                to="billing.clearingwindow",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="LedgerSeal",
                    fields=[
                        ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("row_sha256", models.CharField(max_length=64)),
                        ("chain_sha256", models.CharField(max_length=64)),
                        ("sealed_at", models.DateTimeField()),
                        (
                            "transfer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="seal",
                                to="billing.transfer",
                            ),
                        ),
                    ],
                ),
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.UniqueConstraint(
                        fields=("code", "partner", "currency", "environment", "country_code"),
                        name="account_is_one_per_code_partner_and_currency",
                        nulls_distinct=False,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.UniqueConstraint(
                        fields=("id", "currency", "environment"), name="account_has_one_currency"
                    ),
                ),
                migrations.AddIndex(
                    model_name="clearingwindow",
                    index=models.Index(
                        condition=models.Q(("state", "OPEN")),
                        fields=["group", "supply_ends_at"],
                        name="window_open",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearingwindow",
                    constraint=models.UniqueConstraint(
                        fields=("group", "supply_starts_at"),
                        name="window_is_one_per_group_and_period",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearingwindow",
                    constraint=models.UniqueConstraint(
                        fields=("id", "environment"), name="window_has_one_environment"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearingwindow",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("supply_ends_at__gt", models.F("supply_starts_at"))),
                        name="window_supply_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearingwindow",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "OPEN")),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("state__in", ["CLOSED", "IN_SETTLEMENT", "SETTLED"]),
                            ),
                            _connector="OR",
                        ),
                        name="window_is_closed_when_its_state_says_so",
                    ),
                ),
                migrations.AddIndex(
                    model_name="clearedsdr",
                    index=models.Index(
                        fields=["window", "seller", "buyer"],
                        include=("is_billed", "energy_kwh", "claim_minor", "payout_minor"),
                        name="cleared_of_window",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearedsdr",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "claim_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("payout_minor"), "+", models.F("commission_minor")
                                ),
                            )
                        ),
                        name="cleared_claim_is_payout_plus_commission",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearedsdr",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("is_billed", True), ("claim_minor", 0), _connector="OR"
                        ),
                        name="unbilled_sdr_is_cleared_at_zero",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clearedsdr",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("correction_run_id__isnull", True), ("corrects_id__isnull", True)
                            ),
                            models.Q(
                                ("correction_run_id__isnull", False), ("corrects_id__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="corrected_sdr_names_its_run",
                    ),
                ),
                migrations.AddIndex(
                    model_name="conservationproof",
                    index=models.Index(
                        fields=["sender", "day", "currency", "-proved_at"], name="proof_newest"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="correctionrun",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approval__isnull", False),
                                ("posted_at__isnull", False),
                                ("state", "POSTED"),
                            ),
                            models.Q(
                                models.Q(("state", "POSTED"), _negated=True),
                                ("posted_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="posted_correction_run_is_approved",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="correctionrun",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="correction_run_has_a_reason",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="correctionitem",
                    constraint=models.UniqueConstraint(
                        fields=("run", "record_id"), name="record_is_corrected_once_per_run"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="correctionitem",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit_id__isnull", True), ("replacement_id__isnull", True)),
                            models.Q(
                                ("credit_id__isnull", False), ("replacement_id__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="correction_posts_credit_and_replacement",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coverbooking",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="cover_amount_is_positive"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coverbooking",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("account__in", ["2400", "2410", "2450"])),
                        name="cover_is_booked_on_an_account_of_cover",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coverbooking",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("reference", ""), _negated=True),
                        ),
                        name="cover_has_reason_and_reference",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coverbooking",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("posted_at__isnull", False), ("state", "POSTED")),
                            models.Q(
                                models.Q(("state", "POSTED"), _negated=True),
                                ("posted_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="posted_cover_says_when",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coverbooking",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["REQUESTED", "POSTED"])),
                        fields=("reference",),
                        name="cover_reference_is_asked_for_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="documentfile",
                    constraint=models.UniqueConstraint(
                        fields=("document", "media_type"),
                        name="document_has_one_file_per_media_type",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="documentfile",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "size_bytes",
                                django.db.models.functions.text.Length(models.F("content")),
                            )
                        ),
                        name="document_file_size_is_that_of_its_bytes",
                    ),
                ),
                migrations.AddIndex(
                    model_name="exposurereading",
                    index=models.Index(
                        fields=["group", "partner", "-read_at"], name="exposure_newest"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="exposurereading",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("exposure_minor__gte", 0)),
                        name="exposure_is_not_negative",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="exposurereading",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("limit_minor__isnull", False), ("level", "FREE"), _connector="OR"
                        ),
                        name="no_limit_is_never_reached",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="exposureblock",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("group", "partner"),
                        name="partner_is_blocked_once_per_group",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="exposureblock",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at__isnull", True),
                            models.Q(
                                models.Q(("lifted_by", ""), _negated=True),
                                models.Q(("lift_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="lifted_block_has_author_and_reason",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="exposureblock",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("block_reason", ""), ("blocked_by", "")),
                            models.Q(
                                models.Q(("blocked_by", ""), _negated=True),
                                models.Q(("block_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="block_by_hand_has_author_and_reason",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="manualadjustment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount_minor", 0), _negated=True),
                        name="adjustment_is_not_zero",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="manualadjustment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="adjustment_has_a_reason",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="manualadjustment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("counter_account__in", ["4100", "4190", "6900", "7900"])
                        ),
                        name="adjustment_counter_account_is_the_houses",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("state", "OPEN")),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("state__in", ["UPHELD", "REJECTED"]),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="objection_is_answered_with_grounds",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("answered_at__gte", models.F("raised_at")),
                            _connector="OR",
                        ),
                        name="objection_is_answered_after_it_was_raised",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="objection_has_grounds",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__isnull", True), ("amount_minor__gt", 0), _connector="OR"
                        ),
                        name="objection_amount_is_positive",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "UPHELD"), models.Q(("remedy", ""), _negated=True)),
                            models.Q(models.Q(("state", "UPHELD"), _negated=True), ("remedy", "")),
                            _connector="OR",
                        ),
                        name="upheld_objection_says_what_mends_it",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="objection",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("adjustment__isnull", False),
                                ("correction_run__isnull", True),
                                ("remedy", "ADJUSTMENT"),
                            ),
                            models.Q(
                                ("adjustment__isnull", True),
                                ("correction_run__isnull", False),
                                ("remedy", "CORRECTION"),
                            ),
                            models.Q(
                                ("adjustment__isnull", True),
                                ("correction_run__isnull", True),
                                ("remedy__in", ["", "CANCELLATION"]),
                            ),
                            _connector="OR",
                        ),
                        name="objection_names_the_remedy_it_says",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="settlement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("positions_sha256__regex", "^[0-9a-f]{64}$")),
                        name="settlement_carries_the_hash_of_its_positions",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="settlement",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state", "CANCELLED"), _negated=True),
                        fields=("window",),
                        name="window_has_one_settlement_that_counts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="settlement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("issued_at__isnull", False), ("state", "ISSUED")),
                            models.Q(
                                models.Q(("state", "ISSUED"), _negated=True),
                                ("issued_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="settlement_is_issued_when_its_state_says_so",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="settlement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cancelled_at__isnull", False),
                                ("state", "CANCELLED"),
                                models.Q(("cancel_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "CANCELLED"), _negated=True),
                                ("cancelled_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="cancelled_settlement_has_a_reason",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="position",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "partner"), name="position_is_one_per_partner"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="position",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "net_minor",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            models.F("receivable_minor"),
                                                            "-",
                                                            models.F("payable_minor"),
                                                        ),
                                                        "+",
                                                        models.F("vat_minor"),
                                                    ),
                                                    "-",
                                                    models.F("fees_minor"),
                                                ),
                                                "-",
                                                models.F("fee_vat_minor"),
                                            ),
                                            "+",
                                            models.F("adjustments_minor"),
                                        ),
                                        "+",
                                        models.F("carried_minor"),
                                    ),
                                    "+",
                                    models.F("exchanged_minor"),
                                ),
                            )
                        ),
                        name="position_net_adds_up",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="position",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("exchanged_on_minor", 0),
                            (
                                "exchanged_on_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "-", models.F("carried_on_minor")
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="position_is_exchanged_whole_or_not",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="instruction",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "place"), name="instruction_has_its_place"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="instruction",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)),
                        name="instruction_amount_is_positive",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="instruction",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("payer", models.F("payee")), _negated=True),
                        name="instruction_has_two_sides",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feeline",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "component", "payer", "payee", "month"),
                        name="fee_line_is_one_per_component",
                        nulls_distinct=False,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feeline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "amount_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("charged_after_minor"),
                                    "-",
                                    models.F("charged_before_minor"),
                                ),
                            )
                        ),
                        name="fee_line_is_what_was_charged_after_less_before",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="document",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "partner", "kind"),
                        name="statement_is_one_per_partner",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="document",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "PROVISIONAL"),
                                ("number__startswith", "PROV-"),
                                ("settlement__isnull", False),
                            ),
                            models.Q(
                                models.Q(("kind", "PROVISIONAL"), _negated=True),
                                models.Q(("number__startswith", "PROV-"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="provisional_statement_is_marked_as_such",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="defaultcase",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "partner"), name="default_is_handled_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="defaultcase",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("owed_minor__gt", 0)), name="default_is_of_a_debt"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="defaultcase",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="default_has_a_reason",
                    ),
                ),
                migrations.AddIndex(
                    model_name="currencyexchange",
                    index=models.Index(
                        condition=models.Q(("taken_in__isnull", True)),
                        fields=["to_group"],
                        name="exchange_waiting",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="currencyexchange",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "partner"), name="position_is_exchanged_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="currencyexchange",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("from_currency", models.F("to_currency")), _negated=True
                        ),
                        name="exchange_has_two_currencies",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="currencyexchange",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("from_per_euro__gt", 0), ("to_per_euro__gt", 0)),
                        name="exchange_rates_are_positive",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="currencyexchange",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("from_minor__gte", 0), ("to_minor__gte", 0)),
                            models.Q(("from_minor__lte", 0), ("to_minor__lte", 0)),
                            _connector="OR",
                        ),
                        name="exchange_keeps_the_direction",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="supplyblock",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "window", "supplier", "customer", "is_service"),
                        name="pair_is_blocked_once_per_settlement",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="supplyblock",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reasons", []), _negated=True),
                        name="block_says_what_to_do",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxedsupply",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", "S"), ("rate__gt", 0)),
                            models.Q(
                                ("category__in", ["AE", "O", "E", "NA"]),
                                ("rate", 0),
                                ("vat_minor", 0),
                            ),
                            _connector="OR",
                        ),
                        name="only_the_standard_rate_bears_tax",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxedsupply",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("self_assessed_rate", 0),
                            models.Q(("category", "AE"), ("self_assessed_rate__gt", 0)),
                            _connector="OR",
                        ),
                        name="only_what_is_shifted_is_self_assessed",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxedsupply",
                    constraint=models.UniqueConstraint(
                        fields=(
                            "settlement",
                            "window",
                            "supplier",
                            "customer",
                            "place_country_code",
                            "category",
                            "rate",
                            "self_assessed_rate",
                            "price_basis",
                            "ground",
                            "is_service",
                        ),
                        name="supply_is_taxed_once_per_settlement",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxrateuse",
                    constraint=models.UniqueConstraint(
                        fields=("settlement", "tax_rate"),
                        name="tax_rate_use_is_told_once_per_settlement",
                    ),
                ),
                migrations.AddIndex(
                    model_name="transfer",
                    index=models.Index(
                        condition=models.Q(("reverses__isnull", False)),
                        fields=["reverses"],
                        name="transfer_that_reverses",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transfer",
                    constraint=models.UniqueConstraint(
                        fields=("event_key", "kind"),
                        name="transfer_is_posted_once_per_event_and_kind",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transfer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)),
                        name="transfer_amount_is_positive",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transfer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("debit_account", models.F("credit_account")), _negated=True
                        ),
                        name="transfer_has_two_sides",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="ledgerseal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("sequence__gte", 1)), name="seal_sequence_starts_at_one"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="ledgerseal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("row_sha256__regex", "^[0-9a-f]{64}$"),
                            ("chain_sha256__regex", "^[0-9a-f]{64}$"),
                        ),
                        name="seal_carries_two_hashes",
                    ),
                ),
            ]
        )
    ]
