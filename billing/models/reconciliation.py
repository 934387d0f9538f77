"""What parties say their invoices are over (OCPI 2.3.0: invoice reconciliation records)."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from partners.models.environment import environment_field


class ReconciliationRecord(models.Model):
    """The records that a party says one of its invoices is over. ``findings``: what we doubt."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = environment_field()
    reconciliation_id = models.CharField(max_length=36, help_text="as the party calls it")
    invoice_number = models.CharField(max_length=255)
    findings = models.JSONField(default=list, help_text='[{"code": "…", "text": "…"}]')
    updated_at = models.DateTimeField(help_text="as the party says")
    received_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, help_text="the party took it back")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("party"),
                Upper("reconciliation_id"),
                name="reconciliation_id_is_unique_per_party",
            ),
            models.CheckConstraint(
                condition=~Q(invoice_number=""), name="reconciliation_names_its_invoice"
            ),
        ]

    def __str__(self) -> str:
        return self.invoice_number


class ReconciledSdr(models.Model):
    """One record of a reconciliation; ``record_id`` is the SDR's, ``sdr_id`` as it was told."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    reconciliation = models.ForeignKey(
        ReconciliationRecord, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    record_id = models.UUIDField()
    sdr_id = models.CharField(max_length=100)

    class Meta:
        verbose_name = "reconciled SDR"
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "record_id"], name="reconciliation_names_a_record_once"
            )
        ]
        indexes = [models.Index(fields=["record_id"], name="reconciliation_of_record")]

    def __str__(self) -> str:
        return self.sdr_id
