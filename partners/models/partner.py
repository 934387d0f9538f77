"""The companies that signed with the clearing house, and what is true of them from when on."""

from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.exclusions import one_at_a_time


class Partner(models.Model):
    """A company that signed, or the clearing house itself (it settles its fees too)."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    name = models.CharField(max_length=200, unique=True, help_text="short name used everywhere")
    is_clearing_house = models.BooleanField(default=False, editable=False)
    demands_second_factor = models.BooleanField(
        default=False, help_text="its people log in with a second factor only"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("look_as_partner", "Can look at the portal as a partner")]
        constraints = [
            models.UniqueConstraint(
                fields=["is_clearing_house"],
                condition=Q(is_clearing_house=True),
                name="clearing_house_is_one_partner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PartnerState(models.Model):
    """One step in a partner's life; the newest row that has begun says what holds now.

    Append-only. Which step follows which is in ``partners/rules/life.py``, and in a trigger.
    """

    class State(models.TextChoices):
        PROSPECT = "PROSPECT"
        ONBOARDING = "ONBOARDING"
        ACTIVE = "ACTIVE"
        SUSPENDED = "SUSPENDED"
        LEAVING = "LEAVING"
        CLOSED = "CLOSED"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="states")
    state = models.CharField(max_length=10, choices=State)
    starts_at = models.DateTimeField()
    service_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="of who leaves: the first instant that is not served"
    )
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "starts_at"], name="partner_changes_state_once_an_instant"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["PROSPECT", "ONBOARDING", "ACTIVE", "SUSPENDED", "LEAVING", "CLOSED"]
                ),
                name="partner_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(actor=""), name="partner_state_has_reason_and_author"
            ),
            models.CheckConstraint(
                condition=Q(
                    state="LEAVING",
                    service_ends_at__isnull=False,
                    service_ends_at__gte=F("starts_at"),
                )
                | Q(state="CLOSED", service_ends_at__isnull=True)
                | Q(state="CLOSED", service_ends_at__lte=F("starts_at"))
                | ~Q(state__in=["LEAVING", "CLOSED"]) & Q(service_ends_at__isnull=True),
                name="end_of_service_is_of_who_leaves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} from {self.starts_at:%Y-%m-%d}"


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    GERMAN = "de", "German"
    FRENCH = "fr", "French"


class PartnerFacts(models.Model):
    """Legal name, address and tax numbers from ``starts_at`` on; documents freeze them."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="facts")
    legal_name = models.CharField(max_length=200)
    street = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country_code = models.CharField(max_length=2)
    vat_number = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    finance_email = models.EmailField(
        blank=True, help_text="where documents are announced; empty: the address above"
    )
    language = models.CharField(
        max_length=2,
        choices=Language,
        default=Language.ENGLISH,
        help_text="of documents and letters",
    )
    registration_number = models.CharField(
        max_length=40, blank=True, help_text="in the register of companies (BT-30)"
    )
    endpoint_scheme = models.CharField(
        max_length=4, blank=True, help_text="EAS code of the e-invoicing address, such as 9930"
    )
    endpoint_id = models.CharField(max_length=50, blank=True, help_text="that address (BT-34)")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "partner facts"
        constraints = [
            one_at_a_time(name="partner_facts_do_not_overlap", uuids=("partner_id",)),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="partner_facts_end_after_they_start",
            ),
            models.CheckConstraint(
                condition=Q(endpoint_scheme="", endpoint_id="")
                | ~Q(endpoint_scheme="") & ~Q(endpoint_id=""),
                name="einvoicing_address_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name


class BankAccount(models.Model):
    """Where a partner is paid. Shown masked outside its own statements."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="bank_accounts")
    currency = models.CharField(max_length=3)
    holder = models.CharField(max_length=140)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time(
                name="bank_accounts_do_not_overlap_per_currency",
                uuids=("partner_id",),
                texts=("currency",),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="bank_account_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.masked_iban}"

    @property
    def masked_iban(self) -> str:
        return f"{self.iban[:2]} … {self.iban[-4:]}"
