"""An agreement on its way: one side offers terms, the other says yes, no, or something else."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.agreement import RoamingAgreement
from partners.models.contract import SettlementGroup
from partners.models.environment import environment_field
from partners.models.party import Party


class AgreementOffer(models.Model):
    """What ``maker`` offers to whoever has ``taker_code``; what it says never changes.

    ``taker`` is empty where nobody here has that code: such an offer runs out unanswered, and the
    one who made it learns no more than from silence. Which step follows which is in
    ``partners/rules/offers.py`` and in a trigger. ``base``: the version that it would follow.
    """

    class State(models.TextChoices):
        OFFERED = "OFFERED", "Waits for an answer"
        ACCEPTED = "ACCEPTED", "Accepted"
        DECLINED = "DECLINED", "Declined"
        COUNTERED = "COUNTERED", "Answered by a counter-offer"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"
        EXPIRED = "EXPIRED", "Ran out"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    maker = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="offers_made")
    taker = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="offers_got"
    )
    taker_code = models.CharField(max_length=6, help_text="as it was written, such as FR*VOL")
    taker_role = models.CharField(max_length=4, choices=Party.Role)
    maker_sells = models.BooleanField(help_text="the maker sends the records, the taker pays them")
    base = models.ForeignKey(
        RoamingAgreement, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    mode = models.CharField(max_length=10, choices=RoamingAgreement.Mode)
    service_class = models.CharField(max_length=11, choices=RoamingAgreement.ServiceClass)
    price_basis = models.CharField(max_length=8, choices=RoamingAgreement.PriceBasis)
    acceptance = models.CharField(max_length=13, choices=RoamingAgreement.Acceptance)
    acceptance_days = models.PositiveSmallIntegerField()
    warn_after_days = models.PositiveSmallIntegerField(null=True, blank=True)
    refuse_after_days = models.PositiveSmallIntegerField(null=True, blank=True)
    tariff_notice_days = models.PositiveSmallIntegerField()
    reduction = models.DecimalField(
        max_digits=7, decimal_places=6, help_text="of the price, for the buyer: 0.1 = 10 %"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OFFERED)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    agreement = models.OneToOneField(
        RoamingAgreement, on_delete=models.PROTECT, null=True, blank=True, related_name="offer"
    )
    counter = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="answers"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taker__isnull=True) | ~Q(maker=F("taker")), name="offer_has_two_parties"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at"), expires_at__lte=F("starts_at")),
                name="offer_runs_out_before_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="offer_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(reduction__gte=0, reduction__lte=1),
                name="offer_reduction_is_a_fraction",
            ),
            models.CheckConstraint(
                condition=Q(state="OFFERED", decided_at__isnull=True, decided_by="")
                | ~Q(state="OFFERED") & Q(decided_at__isnull=False) & ~Q(decided_by=""),
                name="offer_says_who_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True)
                | Q(state="EXPIRED", decided_at__gte=F("expires_at"))
                | ~Q(state="EXPIRED") & Q(decided_at__lt=F("expires_at")),
                name="offer_is_decided_in_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="DECLINED") | ~Q(reason=""), name="declined_offer_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(state="ACCEPTED", agreement__isnull=False)
                | ~Q(state="ACCEPTED") & Q(agreement__isnull=True),
                name="accepted_offer_names_its_agreement",
            ),
            models.CheckConstraint(
                condition=Q(state="COUNTERED", counter__isnull=False)
                | ~Q(state="COUNTERED") & Q(counter__isnull=True),
                name="countered_offer_names_its_answer",
            ),
            models.UniqueConstraint(
                fields=[
                    "maker",
                    "taker_code",
                    "taker_role",
                    "maker_sells",
                    "service_class",
                    "currency",
                ],
                condition=Q(state="OFFERED"),
                name="offer_is_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state="OFFERED"), name="offer_runs_out"
            ),
            models.Index(fields=["-made_at"], name="offer_newest"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"offer of {self.maker} to {self.taker_code} {self.taker_role}"
