"""Long work that people wait for: what, how far, with what result."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.partner import Partner
from partners.models.user import User


class Job(models.Model):
    """One piece of work; ``run_key`` makes it run once however often it is started."""

    class State(models.TextChoices):
        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    kind = models.CharField(max_length=40)
    run_key = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    parameters = models.JSONField(default=dict)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    input_name = models.CharField(max_length=255, blank=True, help_text="under the files folder")
    result_name = models.CharField(max_length=255, blank=True, help_text="under the files folder")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run_key"], name="job_run_key_is_unique"),
            models.CheckConstraint(
                condition=Q(total__isnull=True) | Q(done__lte=F("total")),
                name="job_does_not_exceed_its_total",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=False, state__in=["DONE", "FAILED", "CANCELLED"])
                | Q(finished_at__isnull=True, state__in=["QUEUED", "RUNNING"]),
                name="job_is_finished_when_its_state_says_so",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
                name="job_unfinished",
            )
        ]

    def __str__(self) -> str:
        return self.title
