"""Numbered documents, frozen as JSON, and their bytes. Insert-only."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Length

from billing.models.settlement import Settlement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner
from partners.models.environment import environment_field


class NumberSeries(models.Model):
    """The last number given in a series; the row is locked while a document takes the next."""

    series = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    environment = environment_field()
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [
            models.UniqueConstraint(
                fields=["series", "year", "environment"], name="number_series_is_one_per_year"
            )
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last_number}"


class Signs(Func):
    """The letters and digits of a number in capitals: as people and banks write references."""

    template = "regexp_replace(upper(%(expressions)s), '[^A-Z0-9]', '', 'g')"
    output_field = models.CharField()
    arity = 1


class Document(models.Model):
    """What a document says, frozen when it was issued; its files are rendered from this.

    A PROVISIONAL statement takes no number of a series: it is marked ``PROV-…``. The final
    one of the same settlement replaces it. An invoice's ``partner`` is its seller; what else is
    known of it stands in Invoice.
    """

    class Kind(models.TextChoices):
        STATEMENT = "STATEMENT", "Settlement statement"
        PROVISIONAL = "PROVISIONAL", "Provisional statement"
        INVOICE = "INVOICE", "Invoice or credit note"
        BALANCE = "BALANCE", "Balance confirmation"
        DUNNING = "DUNNING", "Dunning letter"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=11, choices=Kind)
    environment = environment_field()
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="documents")
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="documents", null=True
    )
    content = models.JSONField()
    content_sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "partner", "kind"],
                condition=Q(kind__in=["STATEMENT", "PROVISIONAL"]),
                name="statement_is_one_per_partner",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="PROVISIONAL", number__startswith="PROV-", settlement__isnull=False
                )
                | ~Q(kind="PROVISIONAL") & ~Q(number__startswith="PROV-"),
                name="provisional_statement_is_marked_as_such",
            ),
        ]
        indexes = [models.Index(Signs("number"), name="document_by_signs")]

    def __str__(self) -> str:
        return self.number


class DocumentFile(models.Model):
    """The bytes that were handed out first are the bytes that are always handed out."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="files")
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "media_type"], name="document_has_one_file_per_media_type"
            ),
            models.CheckConstraint(
                condition=Q(size_bytes=Length(F("content"))),
                name="document_file_size_is_that_of_its_bytes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} ({self.media_type})"
