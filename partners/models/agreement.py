"""What a seller and a buyer agreed: prices are not here, how records become money is."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.contract import SettlementGroup
from partners.models.environment import environment_field
from partners.models.exclusions import one_at_a_time
from partners.models.party import Party
from partners.rules.terms import wrong_terms


class RegistryUse(models.TextChoices):
    """May rules that need a registry's facts be applied?"""

    REQUIRED = "REQUIRED", "Required: a record without the fact is held"
    IF_PRESENT = "IF_PRESENT", "If present: checked where the fact is known"
    NONE = "NONE", "None: rules that need it do not apply"


def _registry() -> models.CharField:
    return models.CharField(max_length=10, choices=RegistryUse, default=RegistryUse.IF_PRESENT)


class RoamingAgreement(models.Model):
    """One version of an agreement between a seller party and a buyer party.

    A draft may be edited. Once in force it is immutable (only an open end may be closed, when the
    next version takes over); every cleared record stores the version it used.
    """

    class Mode(models.TextChoices):
        CLEARED_PO = "CLEARED_PO", "Cleared, CSP and CSO"
        CLEARED_PP = "CLEARED_PP", "Cleared, CSP and reselling CSP"
        DIRECT = "DIRECT", "Direct, not cleared here"
        MIXED = "MIXED", "Control direct, records cleared"

    class ServiceClass(models.TextChoices):
        CHARGING = "CHARGING"
        PARKING = "PARKING"
        RESERVATION = "RESERVATION"

    class PriceBasis(models.TextChoices):
        EXCL_TAX = "EXCL_TAX"
        INCL_TAX = "INCL_TAX"

    class Acceptance(models.TextChoices):
        ON_VALIDATION = "ON_VALIDATION", "As soon as it is valid"
        DEEMED = "DEEMED", "Deemed accepted after some days"
        EXPLICIT = "EXPLICIT", "Only when the CSP says so"

    class Beneficiary(models.TextChoices):
        CLEARING_HOUSE = "CLEARING_HOUSE", "The clearing house (a fee)"
        BUYER = "BUYER", "The buyer (a price reduction)"

    class Rating(models.TextChoices):
        CLAIM = "CLAIM", "The claim, checked against our price"
        HOUSE = "HOUSE", "Our price"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    number = models.CharField(max_length=60, help_text="the same for all versions")
    version = models.PositiveSmallIntegerField(default=1)
    environment = environment_field()
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="agreements_sold")
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="agreements_bought")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.CLEARED_PO)
    group = models.ForeignKey(SettlementGroup, on_delete=models.PROTECT, related_name="agreements")
    service_class = models.CharField(
        max_length=11, choices=ServiceClass, default=ServiceClass.CHARGING
    )
    currency = models.CharField(max_length=3)
    price_basis = models.CharField(max_length=8, choices=PriceBasis, default=PriceBasis.EXCL_TAX)
    acceptance = models.CharField(
        max_length=13, choices=Acceptance, default=Acceptance.ON_VALIDATION
    )
    acceptance_days = models.PositiveSmallIntegerField(default=10)
    evse_registry = _registry()
    meter_key_registry = _registry()
    credential_registry = _registry()
    authorization_registry = _registry()
    warn_after_days = models.PositiveSmallIntegerField(
        null=True, blank=True, default=7, help_text="a later record is noted; empty: never"
    )
    refuse_after_days = models.PositiveSmallIntegerField(
        null=True, blank=True, default=90, help_text="a later record is refused; empty: never"
    )
    counter_records = models.CharField(
        max_length=10,
        choices=RegistryUse,
        default=RegistryUse.IF_PRESENT,
        help_text="does the CSP send its own record of each session?",
    )
    match_tolerances = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"energy_kwh": "0.10", "energy_fraction": "0.01"}; empty: the usual ones',
    )
    split_allowed = models.BooleanField(
        default=False, help_text="may the undisputed part of a record be cleared at once?"
    )
    rule_overrides = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"V203": {"severity": "WARN", "reason": "truck site", "limits": {…}}}',
    )
    rating = models.CharField(
        max_length=7,
        choices=Rating,
        default=Rating.CLAIM,
        help_text="which price counts where there is a tariff",
    )
    tariff_notice_days = models.PositiveSmallIntegerField(
        default=14, help_text="an increase told later waits for the CSP's consent; 0: dynamic"
    )
    price_tolerances = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"amount": "0.02", "fraction": "0.005"}; empty: the usual ones',
    )
    tariff_extras = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"idle_fee": {…}, "session_minimum": {…}, "volume_discount": […]}',
    )
    commission_rate = models.DecimalField(
        max_digits=7, decimal_places=6, default=Decimal("0"), help_text="0.1 = 10 %"
    )
    commission_beneficiary = models.CharField(
        max_length=14, choices=Beneficiary, default=Beneficiary.CLEARING_HOUSE
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="when it was signed; empty: a draft"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number", "version"], name="agreement_version_is_unique"
            ),
            one_at_a_time(
                name="agreements_in_force_do_not_overlap",
                uuids=("seller_id", "buyer_id"),
                texts=("currency", "service_class"),
                condition=Q(in_force_at__isnull=False),
            ),
            models.CheckConstraint(
                condition=~Q(seller=F("buyer")), name="agreement_has_two_parties"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="agreement_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(commission_rate__gte=0, commission_rate__lte=1),
                name="commission_rate_is_a_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"

    def clean(self) -> None:
        chosen = None not in (self.group_id, self.seller_id, self.buyer_id)
        if chosen and (wrong := self.wrong_terms()):
            raise ValidationError(wrong)

    def wrong_terms(self) -> dict[str, str]:
        """What keeps this version from being put in force, by field."""
        return wrong_terms(
            currency=self.currency,
            group_currency=self.group.currency,
            overrides=self.rule_overrides,
            mode=self.mode,
            roles=(self.seller.role, self.buyer.role),
        )
