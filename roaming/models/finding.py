"""What a rule found wrong with a record."""

from django.db import models

from partners.models import Partner


class Finding(models.Model):
    """One broken rule of one validation; append-only like the record itself."""

    class Severity(models.TextChoices):
        REJECT = "REJECT"
        HOLD = "HOLD"
        WARN = "WARN"

    id = models.UUIDField(primary_key=True, editable=False)
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    record_id = models.UUIDField()
    version = models.PositiveSmallIntegerField(help_text="of the event it led to")
    code = models.CharField(max_length=4)
    severity = models.CharField(max_length=6, choices=Severity)
    field = models.CharField(max_length=60)
    message = models.CharField(max_length=500)
    measured = models.CharField(max_length=60, blank=True, default="", db_default="")
    limit = models.CharField(max_length=60, blank=True, default="", db_default="")
    rules_version = models.PositiveSmallIntegerField(default=1, db_default=1)
    override_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["record_id"], name="finding_of_record"),
            models.Index(fields=["code", "id"], name="finding_by_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.severity}"
