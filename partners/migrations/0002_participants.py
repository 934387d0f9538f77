"""Parties, contracts, agreements, endpoints, fees, taxes, approvals, jobs and the audit trail."""

from decimal import Decimal

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.constraints
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import clearinghouse.uuid7
import partners.models.exclusions
from clearinghouse import tables


class Migration(migrations.Migration):
    # Of before the first release; a database that has them all needs nothing.
    replaces = [
        ("partners", "0002_evidence_environments_and_roles"),
        ("partners", "0003_partner_role_revokes_tokens"),
        ("partners", "0004_party_country_is_not_reserved"),
        ("partners", "0005_label_api_clients"),
        ("partners", "0006_part_two"),
        ("partners", "0007_part_three"),
        ("partners", "0008_split_fee_has_a_share"),
    ]

    # The tokens' library comes before most of our models: each step of its migrations renders all
    # models that hang together with the tokens.
    dependencies = [
        ("partners", "0001_initial"),
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
    ]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="ParticipationContract",
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
                        ("number", models.CharField(max_length=40, unique=True)),
                        (
                            "has_netting_clause",
                            models.BooleanField(
                                default=False,
                                help_text="without it the partner is netted bilaterally",
                            ),
                        ),
                        ("exposure_cap_minor", models.BigIntegerField(blank=True, null=True)),
                        (
                            "settles_in",
                            models.CharField(
                                blank=True,
                                help_text="one position across currencies at the ECB rate of the cut-off day; empty: each",
                                max_length=3,
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="AuditEvent",
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
                        ("at", models.DateTimeField()),
                        ("actor", models.CharField(max_length=150)),
                        ("on_behalf_of", models.CharField(blank=True, max_length=200)),
                        ("action", models.CharField(max_length=60)),
                        ("object_type", models.CharField(max_length=60)),
                        ("object_id", models.CharField(max_length=60)),
                        ("before", models.JSONField(null=True)),
                        ("after", models.JSONField(null=True)),
                        ("reason", models.CharField(blank=True, max_length=500)),
                        ("request_id", models.CharField(blank=True, max_length=64)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["object_type", "object_id", "at"], name="audit_of_object"
                            ),
                            models.Index(fields=["-at"], name="audit_newest"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GroupMembership",
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
                        (
                            "contract",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to="partners.participationcontract",
                            ),
                        ),
                    ],
                ),
                migrations.AddField(
                    model_name="participationcontract",
                    name="partner",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="partners.partner",
                    ),
                ),
                migrations.CreateModel(
                    name="PartnerFacts",
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
                        ("legal_name", models.CharField(max_length=200)),
                        ("street", models.CharField(blank=True, max_length=200)),
                        ("postal_code", models.CharField(blank=True, max_length=20)),
                        ("city", models.CharField(blank=True, max_length=100)),
                        ("country_code", models.CharField(max_length=2)),
                        ("vat_number", models.CharField(blank=True, max_length=20)),
                        ("email", models.EmailField(blank=True, max_length=254)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="facts",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "partner facts",
                    },
                ),
                migrations.CreateModel(
                    name="PartnerState",
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
                                    ("PROSPECT", "Prospect"),
                                    ("ONBOARDING", "Onboarding"),
                                    ("ACTIVE", "Active"),
                                    ("SUSPENDED", "Suspended"),
                                    ("LEAVING", "Leaving"),
                                    ("CLOSED", "Closed"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("reason", models.CharField(max_length=500)),
                        ("actor", models.CharField(max_length=150)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="states",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Party",
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
                        ("party_id", models.CharField(max_length=3)),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("CSO", "Charging station operator"),
                                    ("CSP", "Charging service provider"),
                                    ("DATA", "Data only"),
                                ],
                                max_length=4,
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
                        ("name", models.CharField(max_length=200)),
                    ],
                    options={
                        "verbose_name_plural": "parties",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("country_code", "party_id", "role", "environment"),
                                name="party_code_is_unique_per_role_and_environment",
                            ),
                            models.UniqueConstraint(
                                fields=("id", "environment"), name="party_has_one_environment"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("country_code__regex", "^[A-Z]{2}$"),
                                    ("party_id__regex", "^[A-Z0-9]{3}$"),
                                ),
                                name="party_code_is_in_normal_form",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("country_code__regex", "^(AA|Q[M-Z]|X[A-Z]|ZZ)$"),
                                    _negated=True,
                                ),
                                name="party_country_is_not_reserved",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Mandate",
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
                        ("verbs", models.JSONField(default=list, help_text='e.g. ["SUBMIT_SDR"]')),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "agent",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mandates_held",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "grantor",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mandates_given",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "parties",
                            models.ManyToManyField(related_name="mandates", to="partners.party"),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="PartyOwnership",
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
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="ownerships",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "party",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="ownerships",
                                to="partners.party",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RoamingEndpoint",
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
                            "protocol",
                            models.CharField(help_text="e.g. OCPI, OICP, REST", max_length=20),
                        ),
                        ("protocol_version", models.CharField(blank=True, max_length=10)),
                        ("url", models.URLField(blank=True)),
                        ("certificate_sha256", models.CharField(blank=True, max_length=64)),
                        ("capabilities", models.JSONField(blank=True, default=list)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("PLANNED", "Planned"),
                                    ("CONNECTED", "Connected"),
                                    ("OFFLINE", "Offline"),
                                    ("SUSPENDED", "Suspended"),
                                ],
                                default="PLANNED",
                                max_length=9,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="endpoints",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "parties",
                            models.ManyToManyField(
                                blank=True, related_name="endpoints", to="partners.party"
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SettlementGroup",
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
                        ("name", models.CharField(max_length=100)),
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
                            "cycle",
                            models.CharField(
                                choices=[("MONTHLY", "Monthly"), ("WEEKLY", "Weekly")],
                                default="MONTHLY",
                                max_length=7,
                            ),
                        ),
                        (
                            "model",
                            models.CharField(
                                choices=[
                                    ("AGENCY", "Agency: partners owe each other"),
                                    ("CCP", "Central counterparty: partners owe the house"),
                                ],
                                default="AGENCY",
                                max_length=6,
                            ),
                        ),
                        (
                            "netting",
                            models.CharField(
                                choices=[
                                    ("MULTILATERAL", "Multilateral"),
                                    ("BILATERAL", "Bilateral"),
                                ],
                                default="MULTILATERAL",
                                max_length=12,
                            ),
                        ),
                        ("time_zone", models.CharField(default="Europe/Brussels", max_length=64)),
                        (
                            "release",
                            models.CharField(
                                choices=[
                                    ("AUTOMATIC", "Issued when it is calculated"),
                                    ("TWO_PERSONS", "One person asks, another releases"),
                                ],
                                default="AUTOMATIC",
                                help_text="who lets a calculated settlement out",
                                max_length=11,
                            ),
                        ),
                        (
                            "taxes",
                            models.CharField(
                                choices=[
                                    ("NOT_APPLIED", "Amounts are settled as claimed"),
                                    ("DECIDED", "VAT is decided, added and shown"),
                                ],
                                default="NOT_APPLIED",
                                help_text="does the clearing house decide the VAT of what is settled?",
                                max_length=11,
                            ),
                        ),
                        (
                            "minimum_payment_minor",
                            models.BigIntegerField(
                                default=0,
                                help_text="a smaller position is carried into the next window; 0: none is",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("name", "environment"),
                                name="group_name_is_unique_per_environment",
                            ),
                            models.UniqueConstraint(
                                fields=("id", "environment"), name="group_has_one_environment"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                                name="group_currency_is_iso_4217",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("minimum_payment_minor__gte", 0)),
                                name="minimum_payment_is_not_negative",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoamingAgreement",
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
                            "number",
                            models.CharField(help_text="the same for all versions", max_length=60),
                        ),
                        ("version", models.PositiveSmallIntegerField(default=1)),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("CLEARED_PO", "Cleared, CSP and CSO"),
                                    ("CLEARED_PP", "Cleared, CSP and reselling CSP"),
                                    ("DIRECT", "Direct, not cleared here"),
                                    ("MIXED", "Control direct, records cleared"),
                                ],
                                default="CLEARED_PO",
                                max_length=10,
                            ),
                        ),
                        (
                            "service_class",
                            models.CharField(
                                choices=[
                                    ("CHARGING", "Charging"),
                                    ("PARKING", "Parking"),
                                    ("RESERVATION", "Reservation"),
                                ],
                                default="CHARGING",
                                max_length=11,
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "price_basis",
                            models.CharField(
                                choices=[("EXCL_TAX", "Excl Tax"), ("INCL_TAX", "Incl Tax")],
                                default="EXCL_TAX",
                                max_length=8,
                            ),
                        ),
                        (
                            "acceptance",
                            models.CharField(
                                choices=[
                                    ("ON_VALIDATION", "As soon as it is valid"),
                                    ("DEEMED", "Deemed accepted after some days"),
                                    ("EXPLICIT", "Only when the CSP says so"),
                                ],
                                default="ON_VALIDATION",
                                max_length=13,
                            ),
                        ),
                        ("acceptance_days", models.PositiveSmallIntegerField(default=10)),
                        (
                            "evse_registry",
                            models.CharField(
                                choices=[
                                    ("REQUIRED", "Required: a record without the fact is held"),
                                    ("IF_PRESENT", "If present: checked where the fact is known"),
                                    ("NONE", "None: rules that need it do not apply"),
                                ],
                                default="IF_PRESENT",
                                max_length=10,
                            ),
                        ),
                        (
                            "meter_key_registry",
                            models.CharField(
                                choices=[
                                    ("REQUIRED", "Required: a record without the fact is held"),
                                    ("IF_PRESENT", "If present: checked where the fact is known"),
                                    ("NONE", "None: rules that need it do not apply"),
                                ],
                                default="IF_PRESENT",
                                max_length=10,
                            ),
                        ),
                        (
                            "credential_registry",
                            models.CharField(
                                choices=[
                                    ("REQUIRED", "Required: a record without the fact is held"),
                                    ("IF_PRESENT", "If present: checked where the fact is known"),
                                    ("NONE", "None: rules that need it do not apply"),
                                ],
                                default="IF_PRESENT",
                                max_length=10,
                            ),
                        ),
                        (
                            "authorization_registry",
                            models.CharField(
                                choices=[
                                    ("REQUIRED", "Required: a record without the fact is held"),
                                    ("IF_PRESENT", "If present: checked where the fact is known"),
                                    ("NONE", "None: rules that need it do not apply"),
                                ],
                                default="IF_PRESENT",
                                max_length=10,
                            ),
                        ),
                        (
                            "warn_after_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                default=7,
                                help_text="a later record is noted; empty: never",
                                null=True,
                            ),
                        ),
                        (
                            "refuse_after_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                default=90,
                                help_text="a later record is refused; empty: never",
                                null=True,
                            ),
                        ),
                        (
                            "counter_records",
                            models.CharField(
                                choices=[
                                    ("REQUIRED", "Required: a record without the fact is held"),
                                    ("IF_PRESENT", "If present: checked where the fact is known"),
                                    ("NONE", "None: rules that need it do not apply"),
                                ],
                                default="IF_PRESENT",
                                help_text="does the CSP send its own record of each session?",
                                max_length=10,
                            ),
                        ),
                        (
                            "match_tolerances",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text='{"energy_kwh": "0.10", "energy_fraction": "0.01"}; empty: the usual ones',
                            ),
                        ),
                        (
                            "split_allowed",
                            models.BooleanField(
                                default=False,
                                help_text="may the undisputed part of a record be cleared at once?",
                            ),
                        ),
                        (
                            "rule_overrides",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text='{"V203": {"severity": "WARN", "reason": "truck site", "limits": {…}}}',
                            ),
                        ),
                        (
                            "rating",
                            models.CharField(
                                choices=[
                                    ("CLAIM", "The claim, checked against our price"),
                                    ("HOUSE", "Our price"),
                                ],
                                default="CLAIM",
                                help_text="which price counts where there is a tariff",
                                max_length=7,
                            ),
                        ),
                        (
                            "tariff_notice_days",
                            models.PositiveSmallIntegerField(
                                default=14,
                                help_text="an increase told later waits for the CSP's consent; 0: dynamic",
                            ),
                        ),
                        (
                            "price_tolerances",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text='{"amount": "0.02", "fraction": "0.005"}; empty: the usual ones',
                            ),
                        ),
                        (
                            "tariff_extras",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text='{"idle_fee": {…}, "session_minimum": {…}, "volume_discount": […]}',
                            ),
                        ),
                        (
                            "commission_rate",
                            models.DecimalField(
                                decimal_places=6,
                                default=Decimal("0"),
                                help_text="0.1 = 10 %",
                                max_digits=7,
                            ),
                        ),
                        (
                            "commission_beneficiary",
                            models.CharField(
                                choices=[
                                    ("CLEARING_HOUSE", "The clearing house (a fee)"),
                                    ("BUYER", "The buyer (a price reduction)"),
                                ],
                                default="CLEARING_HOUSE",
                                max_length=14,
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "in_force_at",
                            models.DateTimeField(
                                blank=True,
                                editable=False,
                                help_text="when it was signed; empty: a draft",
                                null=True,
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements_bought",
                                to="partners.party",
                            ),
                        ),
                        (
                            "seller",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements_sold",
                                to="partners.party",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements",
                                to="partners.settlementgroup",
                            ),
                        ),
                    ],
                ),
                migrations.AddField(
                    model_name="participationcontract",
                    name="groups",
                    field=models.ManyToManyField(
                        related_name="contracts",
                        through="partners.GroupMembership",
                        to="partners.settlementgroup",
                    ),
                ),
                migrations.AddField(
                    model_name="groupmembership",
                    name="group",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="partners.settlementgroup"
                    ),
                ),
                migrations.CreateModel(
                    name="FeeComponent",
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
                                help_text="one fee; rows of one code replace each other",
                                max_length=40,
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                help_text="as it stands on the statement", max_length=80
                            ),
                        ),
                        (
                            "direction",
                            models.CharField(
                                choices=[
                                    ("ANY", "Both"),
                                    ("AS_SELLER", "Of records it sells"),
                                    ("AS_BUYER", "Of records it buys"),
                                ],
                                default="ANY",
                                max_length=9,
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("PER_SDR", "Per record"),
                                    ("BP_OF_AMOUNT", "Basis points of the amount excl. tax"),
                                    ("PER_KWH", "Per kWh"),
                                    ("MONTHLY", "Per month"),
                                    ("ONE_OFF", "Once"),
                                    ("LATE_SDR", "Per late record"),
                                    ("DISPUTE_LOST", "Per dispute lost"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "rate",
                            models.DecimalField(
                                decimal_places=6,
                                default=0,
                                help_text="minor units, or basis points",
                                max_digits=18,
                            ),
                        ),
                        (
                            "payer",
                            models.CharField(
                                choices=[
                                    ("CSO", "The seller"),
                                    ("CSP", "The buyer"),
                                    ("SPLIT", "The seller its share, the buyer the rest"),
                                    ("PARTICIPANT", "The partner (monthly, one-off)"),
                                    ("LOSER", "Who lost the dispute"),
                                ],
                                default="CSO",
                                max_length=11,
                            ),
                        ),
                        (
                            "cso_share",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                help_text="of a split: 0.5 is half",
                                max_digits=5,
                                null=True,
                            ),
                        ),
                        (
                            "beneficiary",
                            models.CharField(
                                choices=[
                                    ("CLEARING_HOUSE", "The clearing house (a service)"),
                                    ("BUYER", "The buyer (a price reduction)"),
                                ],
                                default="CLEARING_HOUSE",
                                max_length=14,
                            ),
                        ),
                        (
                            "min_minor",
                            models.BigIntegerField(
                                blank=True, help_text="least fee of one record", null=True
                            ),
                        ),
                        (
                            "max_minor",
                            models.BigIntegerField(
                                blank=True, help_text="most of one record", null=True
                            ),
                        ),
                        (
                            "floor_minor",
                            models.BigIntegerField(
                                blank=True, help_text="least of one payer and month", null=True
                            ),
                        ),
                        (
                            "cap_minor",
                            models.BigIntegerField(
                                blank=True, help_text="most of one payer and month", null=True
                            ),
                        ),
                        (
                            "tier_mode",
                            models.CharField(
                                choices=[
                                    ("NONE", "One rate"),
                                    ("GRADUATED", "Each slice at its own rate"),
                                    ("VOLUME", "The whole volume at the reached rate"),
                                ],
                                default="NONE",
                                max_length=9,
                            ),
                        ),
                        (
                            "tiers",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text='[{"from_quantity": "0", "rate": "5"}, …], per month',
                            ),
                        ),
                        (
                            "rounding",
                            models.CharField(
                                choices=[
                                    ("PER_SDR", "Each record is rounded"),
                                    ("PER_WINDOW", "The sum is rounded"),
                                ],
                                default="PER_SDR",
                                max_length=10,
                            ),
                        ),
                        ("from_date", models.DateField()),
                        ("until_date", models.DateField(blank=True, null=True)),
                        (
                            "counterparty",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="fee_components",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="fees",
                                to="partners.settlementgroup",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TaxRate",
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
                                default="ELECTRICITY",
                                max_length=11,
                            ),
                        ),
                        ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
                    ],
                    options={
                        "db_table": "billing_taxrate",
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
                                name="tax_rates_do_not_overlap",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until_date__isnull", True),
                                    ("until_date__gt", models.F("from_date")),
                                    _connector="OR",
                                ),
                                name="tax_rate_ends_after_it_starts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("rate__gt", 0), ("rate__lt", 1)),
                                name="tax_rate_is_a_fraction",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaxRegistration",
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
                            "country_code",
                            models.CharField(help_text="ISO 3166-1: GR for Greece", max_length=2),
                        ),
                        ("vat_number", models.CharField(max_length=20)),
                        (
                            "check_number",
                            models.CharField(
                                blank=True,
                                help_text="of the register's answer; empty: not checked yet",
                                max_length=60,
                            ),
                        ),
                        ("check_date", models.DateField(blank=True, null=True)),
                        ("from_date", models.DateField()),
                        ("until_date", models.DateField(blank=True, null=True)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tax_registrations",
                                to="partners.partner",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TaxStatus",
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
                                    ("SEAT", "Seat of the company"),
                                    ("ESTABLISHED", "Fixed establishment that takes part"),
                                    ("DEALER", "Taxable dealer in electricity"),
                                    ("EXEMPT", "Exempt supplier"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "country_code",
                            models.CharField(
                                blank=True, help_text="empty for a dealer", max_length=2
                            ),
                        ),
                        (
                            "proof",
                            models.CharField(
                                help_text="form, number and date; or the ground", max_length=200
                            ),
                        ),
                        (
                            "exemption_code",
                            models.CharField(blank=True, help_text="VATEX code", max_length=20),
                        ),
                        ("from_date", models.DateField()),
                        ("until_date", models.DateField(blank=True, null=True)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tax_statuses",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "tax statuses",
                    },
                ),
                migrations.CreateModel(
                    name="Approval",
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
                        ("verb", models.CharField(max_length=40)),
                        ("object_type", models.CharField(max_length=60)),
                        ("object_id", models.CharField(max_length=60)),
                        ("content_sha256", models.CharField(max_length=64)),
                        ("reason", models.CharField(max_length=500)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("REQUESTED", "Requested"),
                                    ("APPROVED", "Approved"),
                                    ("REFUSED", "Refused"),
                                    ("EXPIRED", "Expired"),
                                ],
                                default="REQUESTED",
                                max_length=9,
                            ),
                        ),
                        ("requested_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("decided_at", models.DateTimeField(null=True)),
                        (
                            "checker",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="approvals_checked",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "maker",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="approvals_made",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("checker__isnull", True),
                                    models.Q(("checker", models.F("maker")), _negated=True),
                                    _connector="OR",
                                ),
                                name="approval_maker_is_not_checker",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("checker__isnull", True),
                                        ("state__in", ["REQUESTED", "EXPIRED"]),
                                    ),
                                    models.Q(
                                        ("checker__isnull", False),
                                        ("state__in", ["APPROVED", "REFUSED"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="approval_is_decided_by_a_checker",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IdempotencyKey",
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
                        ("key", models.CharField(max_length=255)),
                        ("request_sha256", models.CharField(max_length=64)),
                        ("locked_at", models.DateTimeField()),
                        ("status", models.PositiveSmallIntegerField(null=True)),
                        ("answer", models.JSONField(null=True)),
                        (
                            "client",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("client", "key"),
                                name="idempotency_key_is_unique_per_client",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Job",
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
                        ("kind", models.CharField(max_length=40)),
                        ("run_key", models.CharField(max_length=200)),
                        ("title", models.CharField(max_length=200)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("QUEUED", "Queued"),
                                    ("RUNNING", "Running"),
                                    ("DONE", "Done"),
                                    ("FAILED", "Failed"),
                                    ("CANCELLED", "Cancelled"),
                                ],
                                default="QUEUED",
                                max_length=9,
                            ),
                        ),
                        ("parameters", models.JSONField(default=dict)),
                        ("done", models.PositiveBigIntegerField(default=0)),
                        ("total", models.PositiveBigIntegerField(null=True)),
                        ("result", models.JSONField(null=True)),
                        ("error", models.TextField(blank=True)),
                        ("cancel_requested", models.BooleanField(default=False)),
                        (
                            "input_name",
                            models.CharField(
                                blank=True, help_text="under the files folder", max_length=255
                            ),
                        ),
                        (
                            "result_name",
                            models.CharField(
                                blank=True, help_text="under the files folder", max_length=255
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("heartbeat_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "requested_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to=settings.AUTH_USER_MODEL,
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
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state__in", ["QUEUED", "RUNNING"])),
                                fields=["created_at"],
                                name="job_unfinished",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run_key",), name="job_run_key_is_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("total__isnull", True),
                                    ("done__lte", models.F("total")),
                                    _connector="OR",
                                ),
                                name="job_does_not_exceed_its_total",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("finished_at__isnull", False),
                                        ("state__in", ["DONE", "FAILED", "CANCELLED"]),
                                    ),
                                    models.Q(
                                        ("finished_at__isnull", True),
                                        ("state__in", ["QUEUED", "RUNNING"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="job_is_finished_when_its_state_says_so",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankAccount",
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
                        ("currency", models.CharField(max_length=3)),
                        ("holder", models.CharField(max_length=140)),
                        ("iban", models.CharField(max_length=34)),
                        ("bic", models.CharField(blank=True, max_length=11)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bank_accounts",
                                to="partners.partner",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (
                                        partners.models.exclusions._UuidRange(
                                            models.F("partner_id"),
                                            models.F("partner_id"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._TextRange(
                                            models.F("currency"),
                                            models.F("currency"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._InstantRange(
                                            models.F("starts_at"),
                                            models.F("ends_at"),
                                            models.Value("[)"),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="bank_accounts_do_not_overlap_per_currency",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at__isnull", True),
                                    ("ends_at__gt", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="bank_account_ends_after_it_starts",
                            ),
                        ],
                    },
                ),
                migrations.AddConstraint(
                    model_name="partnerfacts",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("partner_id"),
                                    models.F("partner_id"),
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
                        name="partner_facts_do_not_overlap",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="partnerfacts",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="partner_facts_end_after_they_start",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="partnerstate",
                    constraint=models.UniqueConstraint(
                        fields=("partner", "starts_at"),
                        name="partner_changes_state_once_an_instant",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="partnerstate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "PROSPECT",
                                    "ONBOARDING",
                                    "ACTIVE",
                                    "SUSPENDED",
                                    "LEAVING",
                                    "CLOSED",
                                ],
                            )
                        ),
                        name="partner_state_is_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="mandate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("grantor", models.F("agent")), _negated=True),
                        name="mandate_is_given_to_another",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="mandate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="mandate_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="partyownership",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("party_id"), models.F("party_id"), models.Value("[]")
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
                        name="party_has_one_owner_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="partyownership",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="party_ownership_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="roamingendpoint",
                    constraint=models.UniqueConstraint(
                        fields=("owner", "environment", "protocol", "protocol_version", "url"),
                        name="endpoint_is_listed_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="roamingagreement",
                    constraint=models.UniqueConstraint(
                        fields=("number", "version"), name="agreement_version_is_unique"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="roamingagreement",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("in_force_at__isnull", False)),
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("seller_id"), models.F("seller_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("buyer_id"), models.F("buyer_id"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("currency"), models.F("currency"), models.Value("[]")
                                ),
                                "&&",
                            ),
                            (
                                partners.models.exclusions._TextRange(
                                    models.F("service_class"),
                                    models.F("service_class"),
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
                        name="agreements_in_force_do_not_overlap",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="roamingagreement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("seller", models.F("buyer")), _negated=True),
                        name="agreement_has_two_parties",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="roamingagreement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gte", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="agreement_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="roamingagreement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("commission_rate__gte", 0), ("commission_rate__lte", 1)
                        ),
                        name="commission_rate_is_a_fraction",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="participationcontract",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("partner_id"),
                                    models.F("partner_id"),
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
                        name="partner_has_one_contract_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="participationcontract",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="contract_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="participationcontract",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("exposure_cap_minor__isnull", True),
                            ("exposure_cap_minor__gte", 0),
                            _connector="OR",
                        ),
                        name="exposure_cap_is_not_negative",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="groupmembership",
                    constraint=models.UniqueConstraint(
                        fields=("contract", "group"), name="contract_joins_a_group_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feecomponent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("until_date__isnull", True),
                            ("until_date__gt", models.F("from_date")),
                            _connector="OR",
                        ),
                        name="fee_component_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feecomponent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("rate__gte", 0)), name="fee_rate_is_not_negative"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feecomponent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cso_share__gte", 0),
                                ("cso_share__isnull", False),
                                ("cso_share__lte", 1),
                                ("payer", "SPLIT"),
                            ),
                            models.Q(
                                models.Q(("payer", "SPLIT"), _negated=True),
                                ("cso_share__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="split_fee_has_a_share",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feecomponent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("min_minor__isnull", True),
                            ("max_minor__isnull", True),
                            ("max_minor__gte", models.F("min_minor")),
                            _connector="OR",
                        ),
                        name="fee_maximum_is_not_below_its_minimum",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="feecomponent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("tier_mode", "NONE"), ("tiers", [])),
                            models.Q(
                                models.Q(("tier_mode", "NONE"), _negated=True),
                                models.Q(("tiers", []), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fee_tiers_and_their_mode_go_together",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxregistration",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("partner_id"),
                                    models.F("partner_id"),
                                    models.Value("[]"),
                                ),
                                "&&",
                            ),
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
                        name="tax_registrations_do_not_overlap_per_country",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxregistration",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("until_date__isnull", True),
                            ("until_date__gt", models.F("from_date")),
                            _connector="OR",
                        ),
                        name="tax_registration_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxregistration",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("check_date__isnull", True), ("check_number", "")),
                            models.Q(
                                models.Q(("check_number", ""), _negated=True),
                                ("check_date__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="registration_check_has_number_and_date",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxregistration",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("country_code__regex", "^[A-Z]{2}$")),
                        name="tax_registration_country_is_iso_3166",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxstatus",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("partner_id"),
                                    models.F("partner_id"),
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
                        name="tax_statuses_do_not_overlap",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxstatus",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("kind", "SEAT")),
                        expressions=[
                            (
                                partners.models.exclusions._UuidRange(
                                    models.F("partner_id"),
                                    models.F("partner_id"),
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
                        name="partner_has_one_seat_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxstatus",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("until_date__isnull", True),
                            ("until_date__gt", models.F("from_date")),
                            _connector="OR",
                        ),
                        name="tax_status_ends_after_it_starts",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxstatus",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("proof", ""), _negated=True),
                        name="tax_status_has_a_proof",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxstatus",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("country_code", ""), ("kind", "DEALER")),
                            models.Q(
                                models.Q(("kind", "DEALER"), _negated=True),
                                ("country_code__regex", "^[A-Z]{2}$"),
                            ),
                            _connector="OR",
                        ),
                        name="tax_status_but_of_a_dealer_names_a_country",
                    ),
                ),
            ]
        ),
    ]
