"""Letters about documents, with what the mail server said."""

from django.db import models
from django.db.models import Q

from billing.models.document import Document
from clearinghouse.uuid7 import new_uuid7


class DocumentMail(models.Model):
    """The duty to tell an address of a document; done when a server took the letter."""

    class State(models.TextChoices):
        QUEUED = "QUEUED"
        SENT = "SENT", "Taken by the mail server"
        FAILED = "FAILED", "Given up"
        BOUNCED = "BOUNCED", "Came back"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="mails")
    recipient = models.EmailField()
    language = models.CharField(max_length=2, default="en")
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "recipient"], name="document_is_mailed_once_per_address"
            ),
            models.CheckConstraint(
                condition=Q(state="QUEUED", next_attempt_at__isnull=False)
                | ~Q(state="QUEUED") & Q(next_attempt_at__isnull=True),
                name="queued_mail_has_its_next_attempt",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="QUEUED"), name="mail_queued"
            )
        ]

    def __str__(self) -> str:
        return f"letter about {self.document}"


class MailAttempt(models.Model):
    """One attempt to hand a letter to the mail server, and its answer. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    mail = models.ForeignKey(DocumentMail, on_delete=models.PROTECT, related_name="log")
    message_id = models.CharField(max_length=200)
    is_accepted = models.BooleanField()
    answer = models.CharField(max_length=500, blank=True, help_text="the server's own words")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(message_id=""), name="mail_attempt_names_its_letter"
            )
        ]

    def __str__(self) -> str:
        return self.message_id
