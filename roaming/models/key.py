"""Small unpartitioned keys that make a record count once: they hold live records only."""

from django.db import models

from partners.models import Party


class SdrKey(models.Model):
    """``sdr_id`` of ``cso`` is taken by the live record ``record_id``."""

    record_id = models.UUIDField(primary_key=True)
    cso = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    sdr_id = models.CharField(max_length=100)
    payload_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cso", "sdr_id"], name="sdr_id_is_live_once_per_cso")
        ]

    def __str__(self) -> str:
        return self.sdr_id


class SessionKey(models.Model):
    """The service session (part ``split_no``) of ``cso`` is claimed by ``record_id``."""

    record_id = models.UUIDField(primary_key=True)
    cso = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    session_id = models.CharField(max_length=100)
    split_no = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cso", "session_id", "split_no"], name="session_is_claimed_once_per_cso"
            )
        ]

    def __str__(self) -> str:
        return self.session_id


class RejectedKey(models.Model):
    """Attempt ``attempt`` to use ``sdr_id`` was rejected: the id is free again."""

    record_id = models.UUIDField(primary_key=True)
    cso = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    sdr_id = models.CharField(max_length=100)
    attempt = models.PositiveIntegerField()
    payload_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cso", "sdr_id", "attempt"], name="rejected_attempt_is_numbered_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sdr_id} attempt {self.attempt}"
