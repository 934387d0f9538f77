"""What parties say their invoices are over; requests of partners keep it."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_letters_and_charges"),
        ("partners", "0008_evidence_of_part_five"),
    ]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="ReconciliationRecord",
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
                            "reconciliation_id",
                            models.CharField(help_text="as the party calls it", max_length=36),
                        ),
                        ("invoice_number", models.CharField(max_length=255)),
                        (
                            "findings",
                            models.JSONField(
                                default=list, help_text='[{"code": "…", "text": "…"}]'
                            ),
                        ),
                        ("updated_at", models.DateTimeField(help_text="as the party says")),
                        ("received_at", models.DateTimeField()),
                        (
                            "deleted_at",
                            models.DateTimeField(help_text="the party took it back", null=True),
                        ),
                        (
                            "party",
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
                    name="ReconciledSdr",
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
                        ("sdr_id", models.CharField(max_length=100)),
                        (
                            "reconciliation",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="billing.reconciliationrecord",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "reconciled SDR",
                    },
                ),
                migrations.AddConstraint(
                    model_name="reconciliationrecord",
                    constraint=models.UniqueConstraint(
                        models.F("party"),
                        django.db.models.functions.text.Upper("reconciliation_id"),
                        name="reconciliation_id_is_unique_per_party",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationrecord",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("invoice_number", ""), _negated=True),
                        name="reconciliation_names_its_invoice",
                    ),
                ),
                migrations.AddIndex(
                    model_name="reconciledsdr",
                    index=models.Index(fields=["record_id"], name="reconciliation_of_record"),
                ),
                migrations.AddConstraint(
                    model_name="reconciledsdr",
                    constraint=models.UniqueConstraint(
                        fields=("reconciliation", "record_id"),
                        name="reconciliation_names_a_record_once",
                    ),
                ),
            ]
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON billing_reconciliationrecord,"
            " billing_reconciledsdr TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]
