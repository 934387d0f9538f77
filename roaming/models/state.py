"""Where a record stands, and each step it took to get there."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from partners.models import Partner, Party, RoamingAgreement
from partners.models.environment import environment_field


class SdrState(models.Model):
    """One narrow row per record, changed by ``version``; cleared or paid is billing's to say."""

    class State(models.TextChoices):
        RECEIVED = "RECEIVED"
        REJECTED = "REJECTED"
        HELD = "HELD"
        VALIDATED = "VALIDATED"
        RATED = "RATED"
        DELIVERED = "DELIVERED"
        DISPUTED = "DISPUTED"
        ACCEPTED = "ACCEPTED"
        WITHDRAWN = "WITHDRAWN"
        SUPERSEDED = "SUPERSEDED"

    id = models.UUIDField(primary_key=True, editable=False, help_text="of the SDR")
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    environment = environment_field()
    state = models.CharField(max_length=10, choices=State)
    version = models.PositiveSmallIntegerField()
    seller = models.ForeignKey(
        Party,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    buyer = models.ForeignKey(
        Party,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    agreement = models.ForeignKey(
        RoamingAgreement,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    ended_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    accept_by_at = models.DateTimeField(null=True, help_text="then deemed accepted")
    accepted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "SDR state"
        indexes = [
            models.Index(fields=["seller", "id"], name="state_by_seller"),
            models.Index(fields=["buyer", "id"], name="state_by_buyer"),
            models.Index(
                fields=["agreement", "id"], condition=Q(state="ACCEPTED"), name="state_accepted"
            ),
            models.Index(fields=["id"], condition=Q(state="HELD"), name="state_held"),
            models.Index(
                fields=["sender", "changed_at"],
                condition=Q(state="REJECTED"),
                name="state_refused",
            ),
            models.Index(
                fields=["accept_by_at"], condition=Q(state="DELIVERED"), name="state_to_be_deemed"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "RECEIVED",
                        "REJECTED",
                        "HELD",
                        "VALIDATED",
                        "RATED",
                        "DELIVERED",
                        "DISPUTED",
                        "ACCEPTED",
                        "WITHDRAWN",
                        "SUPERSEDED",
                    ]
                ),
                name="sdr_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="ACCEPTED")
                | Q(
                    accepted_at__isnull=False,
                    buyer__isnull=False,
                    seller__isnull=False,
                    agreement__isnull=False,
                ),
                name="accepted_sdr_has_two_sides_and_an_agreement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} v{self.version}"


class SdrEvent(models.Model):
    """One act upon a record: the states it passed through, who, when and why.

    An act may pass several states at one instant (intake: RECEIVED, VALIDATED, …); ``path``
    lists them in order and the last one is where the record stood afterwards.
    """

    pk = models.CompositePrimaryKey("record_id", "version", "sender")
    sender = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    record_id = models.UUIDField()
    version = models.PositiveSmallIntegerField()
    from_state = models.CharField(max_length=10, blank=True)
    path = ArrayField(models.CharField(max_length=10))
    to_state = models.CharField(max_length=10, choices=SdrState.State)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)

    class Meta:
        verbose_name = "SDR event"
        # Events are written in the order of their instants, so a small index finds the new ones.
        indexes = [BrinIndex(fields=["at"], name="sdr_event_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.to_state} at {self.at:%Y-%m-%d %H:%M:%S}"
