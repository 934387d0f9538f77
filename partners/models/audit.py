"""Who did what, for whom, why: append-only."""

from django.db import models

from clearinghouse.uuid7 import new_uuid7


class AuditEvent(models.Model):
    """One act of a person or system that somebody may ask about later."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "at"], name="audit_of_object"),
            models.Index(fields=["-at"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} by {self.actor}"
