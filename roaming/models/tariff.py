"""Tariffs of a seller, their versions, and when each begins to count for a buyer."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from partners.models.environment import environment_field
from roaming.rules.rating.stored import ExactDecoder, ExactEncoder


class Tariff(models.Model):
    """What a seller calls one price list on the wire; its content is in the versions."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="tariffs")
    environment = environment_field()
    tariff_id = models.CharField(max_length=100, help_text="as the seller's records name it")
    currency = models.CharField(max_length=3)
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="offered no more; its records are still rated by it"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "tariff_id"], name="tariff_id_is_unique_per_seller"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="tariff_currency_is_iso_4217"
            ),
        ]
        indexes = [
            # A seller may have ten thousand; ids are compared without regard to case.
            models.Index("seller", Upper("tariff_id"), name="tariff_of_seller_by_name"),
            models.Index(fields=["seller", "currency", "id"], name="tariff_of_seller_newest"),
        ]

    def __str__(self) -> str:
        return self.tariff_id


class TariffVersion(models.Model):
    """A price list from ``valid_from_at`` on, as it was published. Append-only.

    ``content`` is the OCPI tariff as received. A record is rated by the version that counts for
    its buyer at session start; see TariffNotice.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    valid_from_at = models.DateTimeField()
    content = models.JSONField(encoder=ExactEncoder, decoder=ExactDecoder)
    content_format = models.CharField(max_length=20, blank=True, help_text="e.g. OCPI 2.2.1")
    content_sha256 = models.CharField(max_length=64)
    unusable_reason = models.CharField(
        max_length=500, blank=True, help_text="why no record can be rated by it; empty: it can"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tariff", "version"], name="tariff_version_is_unique"),
            models.CheckConstraint(
                condition=Q(content_sha256__regex="^[0-9a-f]{64}$"),
                name="tariff_version_carries_its_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} v{self.version}"


class TariffNotice(models.Model):
    """What a buyer was told of a version, and from when it counts for that buyer.

    An increase told with less than the agreed notice WAITS: the old version stays in force until
    the notice has run or the CSP consents. ``counts_from_at`` is null while it waits.
    """

    class State(models.TextChoices):
        COUNTS = "COUNTS", "Counts from the instant shown"
        WAITING = "WAITING", "Waits for the CSP's consent or the end of the notice"
        REFUSED = "REFUSED", "Refused by the CSP until the notice has run"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    version = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, related_name="notices")
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State)
    is_increase = models.BooleanField()
    told_at = models.DateTimeField()
    notice_ends_at = models.DateTimeField(help_text="from then on it counts without consent")
    counts_from_at = models.DateTimeField()
    effect = models.JSONField(
        default=dict, help_text="old and new price and the average effect on last month"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "buyer"], name="buyer_is_told_of_a_version_once"
            ),
            models.CheckConstraint(
                condition=Q(state="COUNTS")
                | Q(state__in=["WAITING", "REFUSED"], counts_from_at=F("notice_ends_at")),
                name="waiting_increase_counts_after_its_notice",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | ~Q(answered_by=""),
                name="tariff_answer_has_an_author",
            ),
        ]
        indexes = [models.Index(fields=["buyer", "counts_from_at"], name="tariff_notice_of_buyer")]

    def __str__(self) -> str:
        return f"{self.version} for {self.buyer}: {self.state}"


class SdrRating(models.Model):
    """The clearing house's own price of a record, with the trace that replays it. Append-only.

    A re-rating adds the next ``rating_version``; ``record_id`` names an SDR without a foreign key.
    Amounts are in the tariff's currency; ``difference`` = claim − our price.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    record_id = models.UUIDField()
    rating_version = models.PositiveSmallIntegerField(default=1)
    tariff_version = models.ForeignKey(
        TariffVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    currency = models.CharField(max_length=3)
    total_excl_tax = models.DecimalField(max_digits=18, decimal_places=6)
    total_incl_tax = models.DecimalField(max_digits=18, decimal_places=6)
    difference = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    is_within_tolerance = models.BooleanField(null=True)
    components = models.JSONField(help_text="amount excl. tax per component")
    trace = models.JSONField(help_text="component, quantity, unit, price, rounding per step")
    reason = models.CharField(max_length=200, blank=True, help_text="of a re-rating")
    rated_at = models.DateTimeField()

    class Meta:
        verbose_name = "SDR rating"
        constraints = [
            models.UniqueConstraint(
                fields=["record_id", "rating_version"], name="rating_version_is_unique_per_sdr"
            ),
            models.CheckConstraint(
                condition=Q(rating_version=1) | ~Q(reason=""), name="rerating_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"rating {self.rating_version} of {self.record_id}"
