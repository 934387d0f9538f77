"""What people are told by mail: the events, the letters that hold them, and who wants which."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import User


class NotificationKind(models.TextChoices):
    RECORDS = "RECORDS", "Records held or refused"
    DISPUTES = "DISPUTES", "Disputes"
    DEADLINES = "DEADLINES", "Deadlines of disputes"
    TARIFFS = "TARIFFS", "Tariff changes"
    AGREEMENTS = "AGREEMENTS", "Offers of agreements"
    DOCUMENTS = "DOCUMENTS", "Documents"
    PAYMENTS = "PAYMENTS", "Payments due or overdue"
    CONNECTIONS = "CONNECTIONS", "Connections"
    SECRETS = "SECRETS", "Secrets that run out"
    NOTICES = "NOTICES", "Notices of the clearing house"


class NotificationMode(models.TextChoices):
    AT_ONCE = "AT_ONCE", "At once"
    DAILY = "DAILY", "Once a day"
    OFF = "OFF", "Not by mail"


class NotificationChoice(models.Model):
    """How often a person wants to be told of a kind; without a row as is usual."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notification_choices")
    kind = models.CharField(max_length=11, choices=NotificationKind)
    mode = models.CharField(max_length=7, choices=NotificationMode)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="person_chooses_a_kind_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["DISPUTES", "TARIFFS", "DOCUMENTS", "CONNECTIONS", "NOTICES"])
                | Q(kind="RECORDS", mode__in=["DAILY", "OFF"]),
                name="what_must_be_told_is_not_switched_off",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.mode}"


class NotificationMail(models.Model):
    """One letter to a person with all that was due; done when a server took it."""

    class State(models.TextChoices):
        QUEUED = "QUEUED"
        SENT = "SENT", "Taken by the mail server"
        FAILED = "FAILED", "Given up"
        BOUNCED = "BOUNCED", "Came back"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recipient = models.EmailField()
    language = models.CharField(max_length=2, default="en")
    message_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=500, blank=True, help_text="the server's own words")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="QUEUED", next_attempt_at__isnull=False)
                | ~Q(state="QUEUED") & Q(next_attempt_at__isnull=True),
                name="queued_notification_mail_has_its_next_attempt",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="QUEUED"),
                name="notification_mail_queued",
            ),
            models.Index(fields=["message_id"], name="notification_mail_by_message"),
        ]

    def __str__(self) -> str:
        return f"letter to {self.user}"


class Notification(models.Model):
    """The duty to tell a person of one event; in one letter, and never twice.

    ``subject`` names the event, ``facts`` what its line says: words are made in the reader's
    language when the letter is written.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=11, choices=NotificationKind)
    subject = models.CharField(max_length=120)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    mail = models.ForeignKey(
        NotificationMail, on_delete=models.PROTECT, null=True, related_name="notifications"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "subject"], name="person_is_told_of_an_event_once"
            ),
            models.CheckConstraint(condition=~Q(subject=""), name="notification_names_its_event"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(mail__isnull=True), name="notification_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class NotificationMark(models.Model):
    """How far events were read, and whose digest was made; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until_at = models.DateTimeField()
    digest_day = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="events_are_read_by_one_mark")
        ]

    def __str__(self) -> str:
        return f"until {self.until_at:%Y-%m-%d %H:%M}Z"
