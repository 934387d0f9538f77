"""The only two tables with personal data, and the record of what was erased from them."""

from django.db import models

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, Party


class ContractIdentity(models.Model):
    """Whose contract a pseudonym stands for. Readable by the home-CSP, deletable by erasure.

    ``contract_hash`` and ``pseudonym`` are keyed per CSP (HMAC-SHA256): two CSPs cannot compare
    their drivers, and nobody outside can recompute them.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    csp = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, related_name="+", help_text="null: not known"
    )
    contract_hash = models.CharField(max_length=64)
    pseudonym = models.CharField(max_length=16)
    encrypted_contract_id = models.BinaryField()
    first_seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "contract identities"
        constraints = [
            models.UniqueConstraint(
                fields=["contract_hash"], name="contract_identity_is_known_once"
            )
        ]
        indexes = [models.Index(fields=["pseudonym"], name="identity_by_pseudonym")]

    def __str__(self) -> str:
        return self.pseudonym


class RawRecord(models.Model):
    """One record exactly as received (encrypted), whatever became of it. Same id as its SDR."""

    id = models.UUIDField(primary_key=True, editable=False)
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    batch_id = models.UUIDField()
    position = models.PositiveIntegerField(help_text="from 0, in its batch")
    sha256 = models.CharField(max_length=64)
    encrypted_payload = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["batch_id", "position"], name="raw_of_batch")]

    def __str__(self) -> str:
        return f"raw record {self.id}"


class Erasure(models.Model):
    """Which personal rows were deleted, when, by whom and on what ground (GDPR Art. 17)."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    erased_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    ground = models.CharField(max_length=500)
    pseudonym = models.CharField(max_length=16, blank=True)
    rows = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"erasure at {self.erased_at:%Y-%m-%d %H:%M}"
