"""Invoices and credit notes: who issues them, what they sum, which records are behind them."""

from django.db import models
from django.db.models import F, Q

from billing.models.document import Document
from billing.models.settlement import Settlement
from billing.models.tax import TaxedSupply
from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, RoamingAgreement
from partners.models.environment import environment_field
from partners.models.exclusions import one_at_a_time


class InvoicingMode(models.TextChoices):
    """Who issues the document of a supply (finance.md 3.4)."""

    SELLER = "A0", "The seller issues it and reports it"
    ON_BEHALF = "A1", "The clearing house issues it for the seller"
    SELF_BILLING = "A2", "The clearing house issues it for the buyer"
    OWN = "B", "The clearing house buys and sells in its own name"
    FEE = "FEE", "Fees of the clearing house"


class DocumentIssuer(models.Model):
    """The code that a legal issuer's numbers carry; given once, never changed. Append-only."""

    partner = models.OneToOneField(
        Partner, on_delete=models.PROTECT, primary_key=True, related_name="document_issuer"
    )
    code = models.CharField(max_length=8, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex="^[A-Z][A-Z0-9]{1,7}$"), name="issuer_code_is_plain"
            )
        ]

    def __str__(self) -> str:
        return self.code


class InvoicingTerms(models.Model):
    """Who issues the seller's invoices to a buyer; valid on from_date ≤ day < until_date.

    Without ``buyer``: to all buyers that have no terms of their own. No row: the seller issues
    (A0). A1 needs the seller's mandate, A2 the agreement of both sides on self-billing (VAT
    directive Art. 224), each dated, with the paper that proves it. The house as buyer: mode B.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    environment = environment_field()
    seller = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invoicing_terms")
    buyer = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    mode = models.CharField(max_length=3, choices=InvoicingMode)
    agreed_date = models.DateField(help_text="of the mandate or of the agreement on self-billing")
    proof = models.CharField(max_length=200, help_text="the paper that proves it")
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "invoicing terms"
        constraints = [
            one_at_a_time(
                name="invoicing_terms_of_a_pair_do_not_overlap",
                uuids=("seller_id", "buyer_id"),
                texts=("environment",),
                condition=Q(buyer__isnull=False),
                by_day=True,
            ),
            one_at_a_time(
                name="invoicing_terms_with_all_do_not_overlap",
                uuids=("seller_id",),
                texts=("environment",),
                condition=Q(buyer__isnull=True),
                by_day=True,
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["A0", "A1", "A2"]), name="invoicing_terms_are_of_a_pair"
            ),
            models.CheckConstraint(
                condition=Q(buyer__isnull=True) | ~Q(buyer=F("seller")),
                name="invoicing_terms_have_two_sides",
            ),
            models.CheckConstraint(condition=~Q(proof=""), name="invoicing_terms_have_a_proof"),
            models.CheckConstraint(
                condition=Q(agreed_date__lte=F("from_date")),
                name="invoicing_terms_were_agreed_before_they_hold",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="invoicing_terms_end_after_they_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} of {self.seller} to {self.buyer or 'all'}"


class Invoice(models.Model):
    """One invoice or credit note over supplies of a settlement; amounts in minor units, ≥ 0.

    Insert-only. ``document`` holds what we issued; an invoice of mode A0 is the seller's own, as
    it reported it (ReportedInvoice). gross = net + VAT. The supply period is half-open.
    """

    class TypeCode(models.TextChoices):
        INVOICE = "380", "Invoice"
        CREDIT_NOTE = "381", "Credit note"
        SELF_BILLED = "389", "Self-billed invoice"
        SELF_BILLED_CREDIT = "261", "Self-billed credit note"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, null=True, related_name="invoice"
    )
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="invoices")
    environment = environment_field()
    mode = models.CharField(max_length=3, choices=InvoicingMode)
    type_code = models.CharField(max_length=3, choices=TypeCode)
    number = models.CharField(max_length=30)
    seller = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invoices_sold")
    buyer = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invoices_bought")
    currency = models.CharField(max_length=3)
    price_basis = models.CharField(max_length=8, choices=RoamingAgreement.PriceBasis)
    issue_date = models.DateField()
    due_date = models.DateField(null=True, blank=True)
    supply_starts_at = models.DateTimeField()
    supply_ends_at = models.DateTimeField()
    sdrs = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "number"], name="invoice_number_is_once_per_seller"
            ),
            models.CheckConstraint(
                condition=Q(gross_minor=F("net_minor") + F("vat_minor")),
                name="invoice_gross_is_net_plus_vat",
            ),
            models.CheckConstraint(
                condition=Q(net_minor__gte=0, vat_minor__gte=0),
                name="invoice_amounts_are_not_negative",
            ),
            models.CheckConstraint(condition=~Q(seller=F("buyer")), name="invoice_has_two_sides"),
            models.CheckConstraint(
                condition=Q(mode="A0", document__isnull=True)
                | ~Q(mode="A0") & Q(document__isnull=False),
                name="invoice_that_we_issued_has_a_document",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["A0", "A1", "FEE"], type_code__in=["380", "381"])
                | Q(mode="A2", type_code__in=["389", "261"])
                | Q(mode="B"),
                name="invoice_type_fits_who_issues_it",
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-id"], name="invoice_of_seller"),
            models.Index(fields=["buyer", "-id"], name="invoice_of_buyer"),
            models.Index(fields=["number"], name="invoice_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.type_code} {self.number}"

    @property
    def is_credit(self) -> bool:
        """A credit note: what it states goes the other way."""
        return self.type_code in ("381", "261")


class PrecedingInvoice(models.Model):
    """An invoice that a credit note corrects (BG-3). Append-only."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="preceding")
    preceding = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="followed_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "preceding"], name="preceding_invoice_is_named_once"
            ),
            models.CheckConstraint(
                condition=~Q(invoice=F("preceding")), name="invoice_does_not_precede_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} follows {self.preceding}"


class InvoiceSupply(models.Model):
    """A taxed supply stands on one active invoice.

    ``released_at`` is set, once, where the invoice lost its effect: another may then hold it.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="supplies")
    supply = models.ForeignKey(TaxedSupply, on_delete=models.PROTECT, related_name="on_invoices")
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supply"],
                condition=Q(released_at__isnull=True),
                name="supply_is_on_one_active_invoice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.supply} on {self.invoice}"


class InvoicedSdr(models.Model):
    """What a cleared record brings to an invoice, signed as cleared, in minor units.

    A record has a row per leg (from whom to whom) and kind: what is outside of the scope of VAT
    is invoiced apart. It is in one active invoice: ``released_at`` is set, once, where an
    invoice lost its effect. ``sdr_id`` is the ClearedSdr's.
    """

    class Leg(models.TextChoices):
        DIRECT = "DIRECT", "Seller to buyer"
        BOUGHT = "BOUGHT", "Seller to the house (CCP)"
        SOLD = "SOLD", "House to the buyer (CCP)"

    pk = models.CompositePrimaryKey("invoice_id", "sdr_id", "kind")
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="records", db_index=False
    )
    sdr_id = models.UUIDField()
    leg = models.CharField(max_length=6, choices=Leg)
    kind = models.CharField(max_length=11)
    amount_minor = models.BigIntegerField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "invoiced SDR"
        constraints = [
            models.UniqueConstraint(
                fields=["sdr_id", "leg", "kind"],
                condition=Q(released_at__isnull=True),
                name="sdr_is_in_one_active_invoice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sdr_id} {self.amount_minor}"


class ReportedInvoice(models.Model):
    """The seller's own invoice (A0), as it sent it: the bytes are kept as received. Append-only."""

    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, primary_key=True, related_name="report"
    )
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    channel_reference = models.CharField(
        max_length=100, blank=True, help_text="of the state's channel, such as a KSeF number"
    )
    reported_by = models.CharField(max_length=150)
    reported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="reported_invoice_is_hashed"
            )
        ]

    def __str__(self) -> str:
        return f"report of {self.invoice}"


class IssuingBlock(models.Model):
    """A task: supplies of a pair of which we may not issue the invoice.

    ``code`` says why (a channel of the state that we lack, a mandate or consent that is missing);
    ``content`` is the invoice as it would be, without a number, offered as XML. Resolved by the
    invoice that was issued elsewhere and reported, or by ours once the reason is gone.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="issuing_blocks"
    )
    environment = environment_field()
    seller = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    what_to_do = models.CharField(max_length=500)
    supplies = models.JSONField(help_text="ids of the taxed supplies")
    content = models.JSONField()
    opened_at = models.DateTimeField()
    resolved_by = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="resolved_blocks"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="issuing_block_is_resolved_by_an_invoice",
            ),
            models.CheckConstraint(
                condition=~Q(supplies=[]), name="issuing_block_names_its_supplies"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.seller} to {self.buyer}"


class InvoiceObjection(models.Model):
    """The seller refuses a self-billed document: it loses its effect as an invoice. Append-only."""

    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, primary_key=True, related_name="objection"
    )
    reason = models.CharField(max_length=2000)
    raised_by = models.CharField(max_length=150)
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="invoice_objection_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"objection to {self.invoice}"


class InvoiceCancellation(models.Model):
    """The document by which we take back a self-billed one that was refused. Append-only.

    It states the same amounts, the other way; no supply stands on it.
    """

    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, primary_key=True, related_name="cancels"
    )
    objection = models.OneToOneField(
        InvoiceObjection, on_delete=models.PROTECT, related_name="cancellation"
    )

    def __str__(self) -> str:
        return f"{self.invoice} after {self.objection}"


class ValidationReport(models.Model):
    """What the official rules said of a document's XML. Append-only.

    ``fired`` counts the rules that were looked at: a validator that ran none proves nothing.
    """

    class Syntax(models.TextChoices):
        CII = "CII"
        UBL = "UBL"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="validation_reports"
    )
    syntax = models.CharField(max_length=3, choices=Syntax)
    xml_sha256 = models.CharField(max_length=64)
    fired = models.PositiveIntegerField()
    failures = models.JSONField(default=list)
    validator = models.CharField(max_length=100, help_text="name and version of the rules")
    validated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "syntax", "xml_sha256"], name="xml_is_validated_once"
            ),
            models.CheckConstraint(condition=Q(fired__gt=0), name="validation_looked_at_some_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.syntax} of {self.document}"
