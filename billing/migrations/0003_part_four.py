"""Tables of invoices, payments, the bank and the books."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import clearinghouse.uuid7
import partners.models.exclusions
from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_evidence"),
        ("partners", "0004_part_four"),
    ]

    operations = [
        tables.Together(
            [
                migrations.RemoveConstraint(
                    model_name="document",
                    name="statement_is_one_per_partner",
                ),
                migrations.RemoveConstraint(
                    model_name="taxedsupply",
                    name="supply_is_taxed_once_per_settlement",
                ),
                migrations.AddField(
                    model_name="taxedsupply",
                    name="is_credit",
                    field=models.BooleanField(
                        default=False,
                        help_text="of credit records: a credit note, taxed on its own",
                    ),
                ),
                migrations.AlterField(
                    model_name="document",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("STATEMENT", "Settlement statement"),
                            ("PROVISIONAL", "Provisional statement"),
                            ("INVOICE", "Invoice or credit note"),
                            ("BALANCE", "Balance confirmation"),
                        ],
                        max_length=11,
                    ),
                ),
                migrations.AlterField(
                    model_name="transfer",
                    name="kind",
                    field=models.CharField(
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
                            ("COLLECTION_SENT", "Collection instructed"),
                            ("UNALLOCATED", "Came in too much, or for nothing known"),
                            ("PAY_BACK", "What came in too much goes back"),
                            ("CHARGES", "The bank's charges"),
                            ("INTEREST", "Interest and lump sum for late payment"),
                        ],
                        max_length=15,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="document",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("kind__in", ["STATEMENT", "PROVISIONAL"])),
                        fields=("settlement", "partner", "kind"),
                        name="statement_is_one_per_partner",
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
                            "is_credit",
                        ),
                        name="supply_is_taxed_once_per_settlement",
                    ),
                ),
                migrations.CreateModel(
                    name="AccountMapping",
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
                            "code",
                            models.CharField(help_text="of our chart, such as 1300", max_length=4),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        ("country_code", models.CharField(blank=True, max_length=2)),
                        ("external_account", models.CharField(max_length=20)),
                        (
                            "tax_key",
                            models.CharField(
                                blank=True, help_text="DATEV BU-Schlüssel", max_length=4
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("environment", "code", "partner", "country_code"),
                                name="account_is_mapped_once",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("external_account__regex", "^[0-9A-Za-z.-]{1,20}$")
                                ),
                                name="external_account_is_plain",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BalanceConfirmation",
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
                            "document",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="balance_confirmation",
                                to="billing.document",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="balance_confirmations",
                                to="partners.partner",
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
                        ("as_of", models.DateTimeField()),
                        ("balance_minor", models.BigIntegerField(help_text="+ the partner gets")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("ASKED", "Asked"),
                                    ("CONFIRMED", "Confirmed"),
                                    ("DIFFERS", "Differs"),
                                ],
                                default="ASKED",
                                max_length=9,
                            ),
                        ),
                        ("answered_by", models.CharField(blank=True, max_length=150)),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "own_balance_minor",
                            models.BigIntegerField(
                                blank=True,
                                help_text="in the partner's books, where it differs",
                                null=True,
                            ),
                        ),
                        ("answer", models.CharField(blank=True, max_length=2000)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("partner", "environment", "currency", "as_of"),
                                name="balance_is_asked_once_per_instant",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answered_at__isnull", True), ("state", "ASKED")),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        ("own_balance_minor__isnull", True),
                                        ("state", "CONFIRMED"),
                                    ),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        ("own_balance_minor__isnull", False),
                                        ("state", "DIFFERS"),
                                        models.Q(("answer", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="balance_that_differs_says_what_is_held",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankFile",
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
                        ("sha256", models.CharField(max_length=64)),
                        ("file_name", models.CharField(max_length=200)),
                        ("content", models.BinaryField()),
                        ("received_by", models.CharField(max_length=150)),
                        ("received_at", models.DateTimeField()),
                        (
                            "refusal",
                            models.JSONField(
                                help_text="code and detail, where it was refused", null=True
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("environment", "sha256"), name="bank_file_is_taken_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                                name="bank_file_is_hashed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankStatement",
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
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="statements",
                                to="billing.bankfile",
                            ),
                        ),
                        ("place", models.PositiveIntegerField(help_text="from 1, as in the file")),
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
                                    ("052", "Report within the day"),
                                    ("053", "Statement"),
                                    ("054", "Notification"),
                                ],
                                max_length=3,
                            ),
                        ),
                        (
                            "account",
                            models.CharField(
                                help_text="IBAN, or the bank's other number", max_length=34
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        ("statement_id", models.CharField(max_length=70)),
                        (
                            "number",
                            models.DecimalField(
                                decimal_places=0,
                                help_text="legal, else electronic, sequence",
                                max_digits=18,
                                null=True,
                            ),
                        ),
                        ("created_at", models.DateTimeField(help_text="by the bank", null=True)),
                        ("opening_minor", models.BigIntegerField(null=True)),
                        ("closing_minor", models.BigIntegerField(null=True)),
                        ("credit_minor", models.BigIntegerField()),
                        ("debit_minor", models.BigIntegerField()),
                        ("entries_count", models.PositiveIntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file", "place"), name="bank_statement_has_its_place"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("opening_minor__isnull", True),
                                    ("closing_minor__isnull", True),
                                    (
                                        "closing_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("opening_minor"),
                                                "+",
                                                models.F("credit_minor"),
                                            ),
                                            "-",
                                            models.F("debit_minor"),
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="bank_statement_adds_up",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankEntry",
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
                            "statement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="billing.bankstatement",
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
                        ("account", models.CharField(max_length=34)),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "entry_key",
                            models.CharField(
                                help_text="the bank's reference and the index", max_length=120
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("is_credit", models.BooleanField()),
                        ("is_reversal", models.BooleanField(default=False)),
                        ("booked_date", models.DateField(null=True)),
                        ("value_date", models.DateField(null=True)),
                        ("end_to_end_id", models.CharField(blank=True, max_length=35)),
                        ("mandate_reference", models.CharField(blank=True, max_length=35)),
                        (
                            "creditor_reference",
                            models.CharField(blank=True, help_text="RF…, ISO 11649", max_length=35),
                        ),
                        ("remittance", models.CharField(blank=True, max_length=1000)),
                        ("counterparty_name", models.CharField(blank=True, max_length=140)),
                        ("counterparty_account", models.CharField(blank=True, max_length=34)),
                        (
                            "bank_code",
                            models.CharField(blank=True, help_text="BkTxCd", max_length=40),
                        ),
                        ("return_reason", models.CharField(blank=True, max_length=4)),
                        ("charges_minor", models.BigIntegerField(default=0)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("NEW", "Not looked at"),
                                    ("MATCHED", "Matched"),
                                    ("EXCEPTION", "Waits for a person"),
                                    ("SET_ASIDE", "Not the clearing's, with a reason"),
                                ],
                                default="NEW",
                                max_length=9,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "bank entries",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state__in", ["NEW", "EXCEPTION"])),
                                fields=["environment", "account"],
                                name="bank_entry_open",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("environment", "account", "currency", "entry_key"),
                                name="bank_entry_is_one_row",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="bank_entry_amount_is_positive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankException",
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
                            "entry",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="exception",
                                to="billing.bankentry",
                            ),
                        ),
                        ("code", models.CharField(max_length=40)),
                        ("suggestions", models.JSONField(default=list)),
                        ("opened_at", models.DateTimeField()),
                        ("resolution", models.CharField(blank=True, max_length=500)),
                        ("resolved_by", models.CharField(blank=True, max_length=150)),
                        ("resolved_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("resolution", ""), ("resolved_at__isnull", True)),
                                    models.Q(
                                        ("resolved_at__isnull", False),
                                        models.Q(("resolution", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="resolved_bank_exception_says_how",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DebitMandate",
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
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="debit_mandates",
                                to="partners.partner",
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
                        ("reference", models.CharField(max_length=35, unique=True)),
                        ("holder", models.CharField(max_length=140)),
                        ("iban", models.CharField(max_length=34)),
                        ("bic", models.CharField(blank=True, max_length=11)),
                        ("signed_date", models.DateField()),
                        (
                            "registered_date",
                            models.DateField(
                                blank=True,
                                help_text="when the debtor's bank confirmed it",
                                null=True,
                            ),
                        ),
                        ("last_used_date", models.DateField(blank=True, null=True)),
                        ("prenotice_days", models.PositiveSmallIntegerField(default=14)),
                        ("cancelled_date", models.DateField(blank=True, null=True)),
                        ("cancel_reason", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("reference__regex", "^[A-Za-z0-9+?/:().,'-]{1,35}$")
                                ),
                                name="mandate_reference_is_of_the_sepa_letters",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("registered_date__isnull", True),
                                    ("registered_date__gte", models.F("signed_date")),
                                    _connector="OR",
                                ),
                                name="mandate_is_registered_after_it_was_signed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("cancel_reason", ""), ("cancelled_date__isnull", True)
                                    ),
                                    models.Q(
                                        ("cancelled_date__isnull", False),
                                        models.Q(("cancel_reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="cancelled_mandate_has_a_reason",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("cancelled_date__isnull", True)),
                                fields=("partner", "environment"),
                                name="partner_has_one_mandate_at_a_time",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PaymentFile",
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
                            "settlement",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payment_files",
                                to="billing.settlement",
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
                                    ("CREDIT_TRANSFER", "Payouts (pain.001)"),
                                    ("DIRECT_DEBIT", "Collections (pain.008)"),
                                ],
                                max_length=15,
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("DRAFT", "Draft"),
                                    ("APPROVED", "Approved"),
                                    ("EXPORTED", "Exported"),
                                    ("ACKNOWLEDGED", "Acknowledged"),
                                    ("PART_REJECTED", "Part Rejected"),
                                    ("FAILED", "Failed"),
                                    ("BOOKED", "Booked"),
                                    ("CANCELLED", "Cancelled"),
                                ],
                                default="DRAFT",
                                max_length=13,
                            ),
                        ),
                        ("message_id", models.CharField(max_length=35, unique=True)),
                        ("execution_date", models.DateField(help_text="a TARGET day")),
                        ("payments_count", models.PositiveIntegerField()),
                        ("total_minor", models.BigIntegerField()),
                        ("content", models.BinaryField()),
                        ("content_sha256", models.CharField(max_length=64)),
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
                        ("proposed_by", models.CharField(max_length=150)),
                        ("proposed_at", models.DateTimeField()),
                        ("exported_by", models.CharField(blank=True, max_length=150)),
                        ("exported_at", models.DateTimeField(blank=True, null=True)),
                        ("cancel_reason", models.CharField(blank=True, max_length=500)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("payments_count__gt", 0), ("total_minor__gt", 0)
                                ),
                                name="payment_file_pays_something",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("content_sha256__regex", "^[0-9a-f]{64}$")),
                                name="payment_file_is_hashed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("exported_at__isnull", False),
                                        (
                                            "state__in",
                                            [
                                                "EXPORTED",
                                                "ACKNOWLEDGED",
                                                "PART_REJECTED",
                                                "FAILED",
                                                "BOOKED",
                                            ],
                                        ),
                                    ),
                                    models.Q(
                                        ("exported_at__isnull", True),
                                        ("state__in", ["DRAFT", "APPROVED", "CANCELLED"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="payment_file_is_exported_when_its_state_says_so",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["DRAFT", "CANCELLED"]),
                                    ("approval__isnull", False),
                                    _connector="OR",
                                ),
                                name="payment_file_is_approved_before_it_leaves",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "CANCELLED"), _negated=True),
                                    models.Q(("cancel_reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="cancelled_payment_file_has_a_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Payment",
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
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="billing.paymentfile",
                            ),
                        ),
                        ("place", models.PositiveIntegerField(help_text="from 1, as in the file")),
                        (
                            "environment",
                            models.CharField(
                                choices=[("TEST", "Test"), ("LIVE", "Live")],
                                default="LIVE",
                                max_length=4,
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("PAYOUT", "What a partner gets"),
                                    ("COLLECTION", "What a partner owes"),
                                    ("PAY_BACK", "What came in too much"),
                                    ("COVER_OUT", "Cover paid back"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "position",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="billing.position",
                            ),
                        ),
                        (
                            "mandate",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="billing.debitmandate",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        ("amount_minor", models.BigIntegerField()),
                        ("end_to_end_id", models.CharField(max_length=35, unique=True)),
                        ("remittance", models.CharField(blank=True, max_length=140)),
                        ("holder", models.CharField(max_length=140)),
                        ("iban", models.CharField(max_length=34)),
                        ("bic", models.CharField(blank=True, max_length=11)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("PROPOSED", "Proposed"),
                                    ("INSTRUCTED", "Instructed"),
                                    ("ACKNOWLEDGED", "Acknowledged"),
                                    ("BOOKED", "Booked"),
                                    ("REJECTED", "Rejected"),
                                    ("RETURNED", "Returned"),
                                    ("CANCELLED", "Cancelled"),
                                ],
                                default="PROPOSED",
                                max_length=12,
                            ),
                        ),
                        (
                            "reason_code",
                            models.CharField(
                                blank=True, help_text="of the bank, such as AC04", max_length=4
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file", "place"), name="payment_has_its_place"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="payment_amount_is_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("mandate__isnull", False), ("purpose", "COLLECTION")),
                                    models.Q(
                                        models.Q(("purpose", "COLLECTION"), _negated=True),
                                        ("mandate__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="only_a_collection_has_a_mandate",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("position__isnull", False),
                                        ("purpose__in", ["PAYOUT", "COLLECTION"]),
                                    ),
                                    models.Q(
                                        ("position__isnull", True),
                                        ("purpose__in", ["PAY_BACK", "COVER_OUT"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="payment_of_a_settlement_names_its_position",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankMatch",
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
                            "entry",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="matches",
                                to="billing.bankentry",
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("PAY_IN", "A partner paid what it owed"),
                                    ("PAYOUT", "A payout left the bank"),
                                    ("RETURN", "A payment came back"),
                                    ("UNALLOCATED", "Too much, or for nothing known"),
                                    ("COVER", "Prefund or deposit"),
                                    ("CHARGES", "The bank's charges"),
                                    ("PAY_BACK", "What came in too much went back"),
                                    ("OWN_MONEY", "Not of the clearing"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "rule",
                            models.CharField(
                                choices=[
                                    ("END_TO_END_ID", "End To End Id"),
                                    ("REFERENCE", "Reference"),
                                    ("AMOUNT_AND_IBAN", "Amount And Iban"),
                                    ("PERSON", "Person"),
                                ],
                                max_length=15,
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bank_matches",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "position",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bank_matches",
                                to="billing.position",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bank_matches",
                                to="billing.payment",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        (
                            "transfer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bank_matches",
                                to="billing.transfer",
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=500)),
                        ("matched_by", models.CharField(max_length=150)),
                        ("matched_at", models.DateTimeField()),
                    ],
                    options={
                        "verbose_name_plural": "bank matches",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="bank_match_amount_is_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("rule", "PERSON"), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="bank_match_by_a_person_has_a_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("purpose", "OWN_MONEY"), ("transfer__isnull", True)),
                                    models.Q(
                                        models.Q(("purpose", "OWN_MONEY"), _negated=True),
                                        ("transfer__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="bank_match_is_booked",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DocumentIssuer",
                    fields=[
                        (
                            "partner",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="document_issuer",
                                serialize=False,
                                to="partners.partner",
                            ),
                        ),
                        ("code", models.CharField(max_length=8, unique=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("code__regex", "^[A-Z][A-Z0-9]{1,7}$")),
                                name="issuer_code_is_plain",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DocumentMail",
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
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mails",
                                to="billing.document",
                            ),
                        ),
                        ("recipient", models.EmailField(max_length=254)),
                        ("language", models.CharField(default="en", max_length=2)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("QUEUED", "Queued"),
                                    ("SENT", "Taken by the mail server"),
                                    ("FAILED", "Given up"),
                                    ("BOUNCED", "Came back"),
                                ],
                                default="QUEUED",
                                max_length=7,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "QUEUED")),
                                fields=["next_attempt_at"],
                                name="mail_queued",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("document", "recipient"),
                                name="document_is_mailed_once_per_address",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("next_attempt_at__isnull", False), ("state", "QUEUED")
                                    ),
                                    models.Q(
                                        models.Q(("state", "QUEUED"), _negated=True),
                                        ("next_attempt_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="queued_mail_has_its_next_attempt",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DunningStep",
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
                            "position",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="dunning",
                                to="billing.position",
                            ),
                        ),
                        (
                            "level",
                            models.CharField(
                                choices=[
                                    ("FRIENDLY", "Reminder"),
                                    ("FIRST", "First dunning"),
                                    ("SECOND", "Second dunning, new clearing suspended"),
                                    ("DRAW", "Guarantee drawn"),
                                    ("EXCLUSION", "Exclusion to be decided"),
                                ],
                                max_length=9,
                            ),
                        ),
                        (
                            "overdue_date",
                            models.DateField(help_text="the day from which it counts"),
                        ),
                        ("open_minor", models.BigIntegerField()),
                        ("interest_minor", models.BigIntegerField(default=0)),
                        ("told_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("position", "level"), name="dunning_step_is_taken_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("interest_minor__gte", 0), ("open_minor__gt", 0)
                                ),
                                name="dunning_is_about_something_open",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FiscalPeriod",
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
                        ("name", models.CharField(help_text="such as 2026-12", max_length=20)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("OPEN", "Open"), ("LOCKED", "Locked")],
                                default="OPEN",
                                max_length=6,
                            ),
                        ),
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
                        ("locked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("environment", "name"), name="fiscal_period_is_named_once"
                            ),
                            models.UniqueConstraint(
                                fields=("environment", "starts_at"),
                                name="fiscal_period_starts_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="fiscal_period_ends_after_it_starts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("approval__isnull", True),
                                        ("locked_at__isnull", True),
                                        ("state", "OPEN"),
                                    ),
                                    models.Q(
                                        ("approval__isnull", False),
                                        ("locked_at__isnull", False),
                                        ("state", "LOCKED"),
                                    ),
                                    _connector="OR",
                                ),
                                name="fiscal_period_is_locked_by_two_persons",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invoice",
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
                            "document",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoice",
                                to="billing.document",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="billing.settlement",
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
                            "mode",
                            models.CharField(
                                choices=[
                                    ("A0", "The seller issues it and reports it"),
                                    ("A1", "The clearing house issues it for the seller"),
                                    ("A2", "The clearing house issues it for the buyer"),
                                    ("B", "The clearing house buys and sells in its own name"),
                                    ("FEE", "Fees of the clearing house"),
                                ],
                                max_length=3,
                            ),
                        ),
                        (
                            "type_code",
                            models.CharField(
                                choices=[
                                    ("380", "Invoice"),
                                    ("381", "Credit note"),
                                    ("389", "Self-billed invoice"),
                                    ("261", "Self-billed credit note"),
                                ],
                                max_length=3,
                            ),
                        ),
                        ("number", models.CharField(max_length=30)),
                        (
                            "seller",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices_sold",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices_bought",
                                to="partners.partner",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "price_basis",
                            models.CharField(
                                choices=[("EXCL_TAX", "Excl Tax"), ("INCL_TAX", "Incl Tax")],
                                max_length=8,
                            ),
                        ),
                        ("issue_date", models.DateField()),
                        ("due_date", models.DateField(blank=True, null=True)),
                        ("supply_starts_at", models.DateTimeField()),
                        ("supply_ends_at", models.DateTimeField()),
                        ("sdrs", models.PositiveIntegerField()),
                        ("net_minor", models.BigIntegerField()),
                        ("vat_minor", models.BigIntegerField()),
                        ("gross_minor", models.BigIntegerField()),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["seller", "-id"], name="invoice_of_seller"),
                            models.Index(fields=["buyer", "-id"], name="invoice_of_buyer"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("seller", "number"),
                                name="invoice_number_is_once_per_seller",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "gross_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("net_minor"), "+", models.F("vat_minor")
                                        ),
                                    )
                                ),
                                name="invoice_gross_is_net_plus_vat",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("net_minor__gte", 0), ("vat_minor__gte", 0)),
                                name="invoice_amounts_are_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("seller", models.F("buyer")), _negated=True),
                                name="invoice_has_two_sides",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("document__isnull", True), ("mode", "A0")),
                                    models.Q(
                                        models.Q(("mode", "A0"), _negated=True),
                                        ("document__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="invoice_that_we_issued_has_a_document",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("mode__in", ["A0", "A1", "FEE"]),
                                        ("type_code__in", ["380", "381"]),
                                    ),
                                    models.Q(("mode", "A2"), ("type_code__in", ["389", "261"])),
                                    ("mode", "B"),
                                    _connector="OR",
                                ),
                                name="invoice_type_fits_who_issues_it",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InvoicedSdr",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "invoice_id",
                                "sdr_id",
                                "kind",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="records",
                                to="billing.invoice",
                            ),
                        ),
                        ("sdr_id", models.UUIDField()),
                        (
                            "leg",
                            models.CharField(
                                choices=[
                                    ("DIRECT", "Seller to buyer"),
                                    ("BOUGHT", "Seller to the house (CCP)"),
                                    ("SOLD", "House to the buyer (CCP)"),
                                ],
                                max_length=6,
                            ),
                        ),
                        ("kind", models.CharField(max_length=11)),
                        ("amount_minor", models.BigIntegerField()),
                        ("released_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "verbose_name": "invoiced SDR",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("released_at__isnull", True)),
                                fields=("sdr_id", "leg", "kind"),
                                name="sdr_is_in_one_active_invoice",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceObjection",
                    fields=[
                        (
                            "invoice",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="objection",
                                serialize=False,
                                to="billing.invoice",
                            ),
                        ),
                        ("reason", models.CharField(max_length=2000)),
                        ("raised_by", models.CharField(max_length=150)),
                        ("raised_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="invoice_objection_has_a_reason",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceSupply",
                    fields=[
                        (
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="supplies",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "supply",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="on_invoice",
                                serialize=False,
                                to="billing.taxedsupply",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="InvoicingTerms",
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
                            "seller",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoicing_terms",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("A0", "The seller issues it and reports it"),
                                    ("A1", "The clearing house issues it for the seller"),
                                    ("A2", "The clearing house issues it for the buyer"),
                                    ("B", "The clearing house buys and sells in its own name"),
                                    ("FEE", "Fees of the clearing house"),
                                ],
                                max_length=3,
                            ),
                        ),
                        (
                            "agreed_date",
                            models.DateField(
                                help_text="of the mandate or of the agreement on self-billing"
                            ),
                        ),
                        (
                            "proof",
                            models.CharField(help_text="the paper that proves it", max_length=200),
                        ),
                        ("from_date", models.DateField()),
                        ("until_date", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "invoicing terms",
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(("buyer__isnull", False)),
                                expressions=[
                                    (
                                        partners.models.exclusions._UuidRange(
                                            models.F("seller_id"),
                                            models.F("seller_id"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._UuidRange(
                                            models.F("buyer_id"),
                                            models.F("buyer_id"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._TextRange(
                                            models.F("environment"),
                                            models.F("environment"),
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
                                name="invoicing_terms_of_a_pair_do_not_overlap",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(("buyer__isnull", True)),
                                expressions=[
                                    (
                                        partners.models.exclusions._UuidRange(
                                            models.F("seller_id"),
                                            models.F("seller_id"),
                                            models.Value("[]"),
                                        ),
                                        "&&",
                                    ),
                                    (
                                        partners.models.exclusions._TextRange(
                                            models.F("environment"),
                                            models.F("environment"),
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
                                name="invoicing_terms_with_all_do_not_overlap",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("mode__in", ["A0", "A1", "A2"])),
                                name="invoicing_terms_are_of_a_pair",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("buyer__isnull", True),
                                    models.Q(("buyer", models.F("seller")), _negated=True),
                                    _connector="OR",
                                ),
                                name="invoicing_terms_have_two_sides",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("proof", ""), _negated=True),
                                name="invoicing_terms_have_a_proof",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("agreed_date__lte", models.F("from_date"))),
                                name="invoicing_terms_were_agreed_before_they_hold",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until_date__isnull", True),
                                    ("until_date__gt", models.F("from_date")),
                                    _connector="OR",
                                ),
                                name="invoicing_terms_end_after_they_start",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IssuingBlock",
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
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="issuing_blocks",
                                to="billing.settlement",
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
                            "seller",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="partners.partner",
                            ),
                        ),
                        ("code", models.CharField(max_length=40)),
                        ("what_to_do", models.CharField(max_length=500)),
                        ("supplies", models.JSONField(help_text="ids of the taxed supplies")),
                        ("content", models.JSONField()),
                        ("opened_at", models.DateTimeField()),
                        (
                            "resolved_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="resolved_blocks",
                                to="billing.invoice",
                            ),
                        ),
                        ("resolved_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("resolved_at__isnull", True), ("resolved_by__isnull", True)
                                    ),
                                    models.Q(
                                        ("resolved_at__isnull", False),
                                        ("resolved_by__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="issuing_block_is_resolved_by_an_invoice",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("supplies", []), _negated=True),
                                name="issuing_block_names_its_supplies",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MailAttempt",
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
                            "mail",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="log",
                                to="billing.documentmail",
                            ),
                        ),
                        ("message_id", models.CharField(max_length=200)),
                        ("is_accepted", models.BooleanField()),
                        (
                            "answer",
                            models.CharField(
                                blank=True, help_text="the server's own words", max_length=500
                            ),
                        ),
                        ("at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("message_id", ""), _negated=True),
                                name="mail_attempt_names_its_letter",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PaymentEvent",
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
                            "payment",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="billing.payment",
                            ),
                        ),
                        ("from_state", models.CharField(blank=True, max_length=12)),
                        ("to_state", models.CharField(max_length=12)),
                        ("reason_code", models.CharField(blank=True, max_length=4)),
                        (
                            "source",
                            models.CharField(
                                help_text="a person, a pain.002, a bank entry", max_length=200
                            ),
                        ),
                        ("at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="PaymentStatusReport",
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
                        ("sha256", models.CharField(max_length=64, unique=True)),
                        ("content", models.BinaryField()),
                        ("file_name", models.CharField(max_length=200)),
                        ("imported_by", models.CharField(max_length=150)),
                        ("imported_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                                name="status_report_is_hashed",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PositionEvent",
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
                            "position",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="money_events",
                                to="billing.position",
                            ),
                        ),
                        ("version", models.PositiveIntegerField()),
                        ("from_state", models.CharField(blank=True, max_length=14)),
                        ("to_state", models.CharField(max_length=14)),
                        (
                            "amount_minor",
                            models.BigIntegerField(default=0, help_text="that moved, + settles"),
                        ),
                        (
                            "cause",
                            models.CharField(
                                help_text="a payment, an entry of the bank, the clock",
                                max_length=200,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("position", "version"),
                                name="position_event_is_one_per_version",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PositionState",
                    fields=[
                        (
                            "position",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="money",
                                serialize=False,
                                to="billing.position",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("FLAT", "Flat"),
                                    ("AWAITING_FUNDS", "Awaiting Funds"),
                                    ("PART_FUNDED", "Part Funded"),
                                    ("FUNDED", "Funded"),
                                    ("OVERDUE", "Overdue"),
                                    ("DEFAULTED", "Defaulted"),
                                    ("COVERED", "Covered"),
                                    ("PAYABLE", "Payable"),
                                    ("INSTRUCTED", "Instructed"),
                                    ("PAID", "Paid"),
                                ],
                                max_length=14,
                            ),
                        ),
                        (
                            "due_minor",
                            models.BigIntegerField(help_text="+ the partner gets, − it pays"),
                        ),
                        ("settled_minor", models.BigIntegerField(default=0)),
                        ("due_date", models.DateField(null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("changed_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("settled_minor__gte", 0),
                                    models.Q(
                                        ("settled_minor__lte", models.F("due_minor")),
                                        (
                                            "settled_minor__lte",
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("due_minor"), "*", models.Value(-1)
                                            ),
                                        ),
                                        _connector="OR",
                                    ),
                                ),
                                name="position_is_settled_up_to_what_is_due",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("due_minor", 0), ("state", "FLAT")),
                                    models.Q(
                                        ("due_minor__gt", 0),
                                        ("state__in", ["PAYABLE", "INSTRUCTED", "PAID"]),
                                    ),
                                    models.Q(
                                        ("due_minor__lt", 0),
                                        (
                                            "state__in",
                                            [
                                                "AWAITING_FUNDS",
                                                "PART_FUNDED",
                                                "FUNDED",
                                                "OVERDUE",
                                                "DEFAULTED",
                                                "COVERED",
                                            ],
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="position_state_fits_its_sign",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PostingExport",
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
                            "format",
                            models.CharField(
                                choices=[("CSV", "Csv"), ("DATEV", "Datev")], max_length=5
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        ("rows", models.PositiveIntegerField()),
                        ("total_minor", models.BigIntegerField(help_text="Σ of all postings")),
                        ("content", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("made_by", models.CharField(max_length=150)),
                        ("made_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="posting_export_has_a_period",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                                name="posting_export_is_hashed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PrecedingInvoice",
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
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="preceding",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "preceding",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="followed_by",
                                to="billing.invoice",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("invoice", "preceding"),
                                name="preceding_invoice_is_named_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("invoice", models.F("preceding")), _negated=True
                                ),
                                name="invoice_does_not_precede_itself",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ReportedInvoice",
                    fields=[
                        (
                            "invoice",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="report",
                                serialize=False,
                                to="billing.invoice",
                            ),
                        ),
                        ("file_name", models.CharField(max_length=200)),
                        ("media_type", models.CharField(max_length=100)),
                        ("content", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "channel_reference",
                            models.CharField(
                                blank=True,
                                help_text="of the state's channel, such as a KSeF number",
                                max_length=100,
                            ),
                        ),
                        ("reported_by", models.CharField(max_length=150)),
                        ("reported_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                                name="reported_invoice_is_hashed",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StatementGap",
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
                        ("account", models.CharField(max_length=34)),
                        ("currency", models.CharField(max_length=3)),
                        ("number", models.DecimalField(decimal_places=0, max_digits=18)),
                        ("opened_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        ("ended_by", models.CharField(blank=True, max_length=150)),
                        ("end_reason", models.CharField(blank=True, max_length=500)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("environment", "account", "currency", "number"),
                                name="statement_gap_is_told_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("end_reason", ""), ("ended_at__isnull", True)),
                                    models.Q(
                                        ("ended_at__isnull", False),
                                        models.Q(("end_reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="ended_statement_gap_has_a_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ValidationReport",
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
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="validation_reports",
                                to="billing.document",
                            ),
                        ),
                        (
                            "syntax",
                            models.CharField(
                                choices=[("CII", "Cii"), ("UBL", "Ubl")], max_length=3
                            ),
                        ),
                        ("xml_sha256", models.CharField(max_length=64)),
                        ("fired", models.PositiveIntegerField()),
                        ("failures", models.JSONField(default=list)),
                        (
                            "validator",
                            models.CharField(
                                help_text="name and version of the rules", max_length=100
                            ),
                        ),
                        ("validated_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("document", "syntax", "xml_sha256"),
                                name="xml_is_validated_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("fired__gt", 0)),
                                name="validation_looked_at_some_rule",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WriteOff",
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
                            "position",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="write_offs",
                                to="billing.position",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        (
                            "rule_limit_minor",
                            models.BigIntegerField(help_text="by rule: up to this", null=True),
                        ),
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
                            "transfer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.transfer",
                            ),
                        ),
                        ("reason", models.CharField(max_length=500)),
                        ("written_off_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="write_off_amount_is_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("amount_minor__lte", models.F("rule_limit_minor")),
                                        ("approval__isnull", True),
                                    ),
                                    models.Q(
                                        ("approval__isnull", False),
                                        ("rule_limit_minor__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="write_off_is_small_or_approved",
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
