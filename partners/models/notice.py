"""What partners are told in the portal: maintenance to come, incidents while they last."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.partner import Partner


class Notice(models.Model):
    """One notice, shown in the portal in [``shown_from_at``, ``shown_until_at``).

    An incident's end may be open; a maintenance says how long it takes.
    """

    class Kind(models.TextChoices):
        MAINTENANCE = "MAINTENANCE", "Maintenance"
        INCIDENT = "INCIDENT", "Incident"

    class Audience(models.TextChoices):
        EVERYBODY = "EVERYBODY", "Every partner"
        CSOS = "CSOS", "Operators of stations"
        CSPS = "CSPS", "Providers of drivers"
        PARTNER = "PARTNER", "One partner"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    kind = models.CharField(max_length=11, choices=Kind)
    title = models.CharField(max_length=120)
    text = models.TextField(
        max_length=2000, help_text="what it means for partners, and what they should do"
    )
    audience = models.CharField(max_length=9, choices=Audience, default=Audience.EVERYBODY)
    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        help_text="only where the audience is one partner",
    )
    shown_from_at = models.DateTimeField()
    shown_until_at = models.DateTimeField(
        null=True, blank=True, help_text="of an incident that goes on: empty"
    )
    created_by = models.CharField(max_length=150, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="INCIDENT") | Q(kind="MAINTENANCE", shown_until_at__isnull=False),
                name="maintenance_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(shown_until_at__isnull=True) | Q(shown_until_at__gt=F("shown_from_at")),
                name="notice_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(audience="PARTNER", partner__isnull=False)
                | Q(audience__in=["EVERYBODY", "CSOS", "CSPS"], partner__isnull=True),
                name="notice_names_a_partner_where_it_is_for_one",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(text="") & ~Q(created_by=""),
                name="notice_says_something_and_by_whom",
            ),
        ]
        indexes = [models.Index(fields=["-shown_from_at"], name="notice_newest")]

    def __str__(self) -> str:
        return self.title
