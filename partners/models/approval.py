"""Four eyes: what one person prepared and another released."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.user import User


class Approval(models.Model):
    """A request by ``maker`` over exactly the content with ``content_sha256``."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        APPROVED = "APPROVED"
        REFUSED = "REFUSED"
        EXPIRED = "EXPIRED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    verb = models.CharField(max_length=40)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    content_sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    maker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="approvals_made")
    checker = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="approvals_checked"
    )
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")),
                name="approval_maker_is_not_checker",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["REQUESTED", "EXPIRED"], checker__isnull=True)
                | Q(state__in=["APPROVED", "REFUSED"], checker__isnull=False),
                name="approval_is_decided_by_a_checker",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"
