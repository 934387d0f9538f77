"""What the signed meter data of a record said when it was verified."""

from django.db import models

from partners.models import Partner


class SignedValue(models.Model):
    """The verdict over one record's signed data; its bytes stay in the raw record."""

    pk = models.CompositePrimaryKey("record_id", "position", "sender")
    record_id = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    format = models.CharField(max_length=20)
    verdict = models.CharField(max_length=11)
    reason = models.CharField(max_length=200)
    energy_kwh = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    meter_id = models.CharField(max_length=100)
    pagination = models.CharField(max_length=60)
    public_key_sha256 = models.CharField(max_length=64)
    signature_sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["signature_sha256"], name="signed_value_by_signature")]

    def __str__(self) -> str:
        return f"{self.format} {self.verdict}"
