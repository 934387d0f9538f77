"""An invoice as UBL 2.1 Invoice or CreditNote, after EN 16931 and Peppol BIS Billing 3.0.

Types 381 and 261 are legal as CreditNote only. Self-billed ones carry Peppol's own identifiers:
their sender is the buyer, while seller and buyer stay who they are. Where an electronic address is
not on file, Peppol cannot route it, and the document names EN 16931 alone.
"""

from billing.documents import invoice_text as text
from billing.documents.einvoice.xml import (
    UNIT,
    Builder,
    Element,
    money,
    payment_code,
    percentage,
    quantity_and_price,
    shows_vat_ids,
    to_bytes,
)
from billing.documents.invoice_content import (
    InvoiceContent,
    InvoiceLine,
    InvoiceParty,
    VatBreakdown,
)

EN_16931 = "urn:cen.eu:en16931:2017"
_PEPPOL = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:"
BILLING = (f"{_PEPPOL}billing:3.0", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0")
SELF_BILLING = (f"{_PEPPOL}selfbilling:3.0", "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0")
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


class _Words:
    """The few names in which an Invoice and a CreditNote differ."""

    def __init__(self, root: str, quantity: str):
        self.root, self.quantity = root, quantity
        self.type_code, self.line = f"{root}TypeCode", f"{root}Line"
        self.x = Builder(
            {
                None: f"{_UBL}{root}-2",
                "cac": f"{_UBL}CommonAggregateComponents-2",
                "cbc": f"{_UBL}CommonBasicComponents-2",
            }
        )


_INVOICE = _Words("Invoice", "InvoicedQuantity")
_CREDIT_NOTE = _Words("CreditNote", "CreditedQuantity")


def build_ubl(content: InvoiceContent) -> bytes:
    """The XML for partners that read UBL, and for Peppol."""
    words = _CREDIT_NOTE if content.is_credit_note else _INVOICE
    return to_bytes(_Document(content, words).root())


def identifiers_of(content: InvoiceContent) -> tuple[str, str]:
    """CustomizationID and ProfileID; no profile where Peppol could not route it."""
    parties = (content.seller, content.buyer)
    if not (
        content.buyer_reference and all(one.endpoint and one.endpoint_scheme for one in parties)
    ):
        return EN_16931, ""
    return SELF_BILLING if content.is_self_billed else BILLING


class _Document:
    def __init__(self, content: InvoiceContent, words: _Words):
        self._content, self._words, self._x = content, words, words.x

    def root(self) -> Element:
        x, content = self._x, self._content
        root = x.root(self._words.root)
        self._head(root)
        for one in content.preceding:
            reference = x.add(x.add(root, "cac:BillingReference"), "cac:InvoiceDocumentReference")
            x.add(reference, "cbc:ID", one.number)
            x.add(reference, "cbc:IssueDate", one.issue_date.isoformat())
        self._party(x.add(root, "cac:AccountingSupplierParty"), content.seller)
        self._party(x.add(root, "cac:AccountingCustomerParty"), content.buyer)
        delivery = x.add(root, "cac:Delivery")
        x.add(delivery, "cbc:ActualDeliveryDate", text.last_day(content).isoformat())
        self._payment_means(root)
        terms = x.add(root, "cac:PaymentTerms")
        x.add(terms, "cbc:Note", text.payment_terms(content))
        self._taxes(root)
        self._totals(root)
        for number, line in enumerate(content.lines, start=1):
            self._line(root, number, line)
        return root

    def _head(self, root: Element) -> None:
        x, content = self._x, self._content
        customization, profile = identifiers_of(content)
        x.add(root, "cbc:CustomizationID", customization)
        x.add_if(root, "cbc:ProfileID", profile)
        x.add(root, "cbc:ID", content.number)
        x.add(root, "cbc:IssueDate", content.issue_date.isoformat())
        if not content.is_credit_note:
            x.add(root, "cbc:DueDate", content.due_date.isoformat())
        x.add(root, f"cbc:{self._words.type_code}", content.type_code)
        # Peppol takes one note alone (PEPPOL-EN16931-R002).
        x.add_if(root, "cbc:Note", "\n".join(text.notes(content)))
        x.add(root, "cbc:DocumentCurrencyCode", content.currency)
        if content.local_vat:
            x.add(root, "cbc:TaxCurrencyCode", content.local_vat.currency)
        x.add_if(root, "cbc:BuyerReference", content.buyer_reference)
        period = x.add(root, "cac:InvoicePeriod")
        x.add(period, "cbc:StartDate", content.supply_from_date.isoformat())
        x.add(period, "cbc:EndDate", text.last_day(content).isoformat())

    def _party(self, parent: Element, party: InvoiceParty) -> None:
        x = self._x
        told = x.add(parent, "cac:Party")
        x.add_if(told, "cbc:EndpointID", party.endpoint, schemeID=party.endpoint_scheme)
        if party.code:
            x.add(x.add(told, "cac:PartyIdentification"), "cbc:ID", party.code)
        address = x.add(told, "cac:PostalAddress")
        x.add_if(address, "cbc:StreetName", party.street)
        x.add_if(address, "cbc:CityName", party.city)
        x.add_if(address, "cbc:PostalZone", party.postal_code)
        x.add(x.add(address, "cac:Country"), "cbc:IdentificationCode", party.country_code)
        if party.vat_number and shows_vat_ids(self._content):
            scheme = x.add(told, "cac:PartyTaxScheme")
            x.add(scheme, "cbc:CompanyID", party.vat_number)
            x.add(x.add(scheme, "cac:TaxScheme"), "cbc:ID", "VAT")
        legal = x.add(told, "cac:PartyLegalEntity")
        x.add(legal, "cbc:RegistrationName", party.legal_name)
        x.add_if(legal, "cbc:CompanyID", party.legal_id, schemeID=party.legal_id_scheme)

    def _payment_means(self, root: Element) -> None:
        x, payment = self._x, self._content.payment
        means = x.add(root, "cac:PaymentMeans")
        x.add(means, "cbc:PaymentMeansCode", payment_code(self._content))
        if self._content.is_credit_note:
            x.add(means, "cbc:PaymentDueDate", self._content.due_date.isoformat())
        x.add_if(means, "cbc:PaymentID", payment.reference)
        if payment.iban:
            account = x.add(means, "cac:PayeeFinancialAccount")
            x.add(account, "cbc:ID", payment.iban.replace(" ", ""))
            x.add_if(account, "cbc:Name", payment.holder)
            if payment.bic:
                x.add(x.add(account, "cac:FinancialInstitutionBranch"), "cbc:ID", payment.bic)

    def _money(self, parent: Element, name: str, minor: int) -> None:
        currency = self._content.currency
        self._x.add(parent, f"cbc:{name}", money(minor, currency), currencyID=currency)

    def _taxes(self, root: Element) -> None:
        x, content = self._x, self._content
        total = x.add(root, "cac:TaxTotal")
        self._money(total, "TaxAmount", content.totals.vat_minor)
        for one in content.vat:
            part = x.add(total, "cac:TaxSubtotal")
            self._money(part, "TaxableAmount", one.basis_minor)
            self._money(part, "TaxAmount", one.vat_minor)
            self._category(x.add(part, "cac:TaxCategory"), one)
        if local := content.local_vat:
            other = x.add(root, "cac:TaxTotal")
            vat = money(local.vat_minor, local.currency)
            x.add(other, "cbc:TaxAmount", vat, currencyID=local.currency)

    def _category(self, parent: Element, one: VatBreakdown | InvoiceLine) -> None:
        x = self._x
        x.add(parent, "cbc:ID", one.category)
        if one.category != "O":
            x.add(parent, "cbc:Percent", percentage(one.rate))
        if isinstance(one, VatBreakdown):
            x.add_if(parent, "cbc:TaxExemptionReasonCode", one.code)
            x.add_if(parent, "cbc:TaxExemptionReason", text.reason(one, self._content))
        x.add(x.add(parent, "cac:TaxScheme"), "cbc:ID", "VAT")

    def _totals(self, root: Element) -> None:
        totals = self._content.totals
        told = self._x.add(root, "cac:LegalMonetaryTotal")
        self._money(told, "LineExtensionAmount", totals.excl_tax_minor)
        self._money(told, "TaxExclusiveAmount", totals.excl_tax_minor)
        self._money(told, "TaxInclusiveAmount", totals.incl_tax_minor)
        self._money(told, "PayableAmount", totals.incl_tax_minor)

    def _line(self, root: Element, number: int, line: InvoiceLine) -> None:
        x, content = self._x, self._content
        quantity, price = quantity_and_price(line.amount_minor, content.currency)
        told = x.add(root, f"cac:{self._words.line}")
        x.add(told, "cbc:ID", str(number))
        x.add(told, f"cbc:{self._words.quantity}", quantity, unitCode=UNIT)
        self._money(told, "LineExtensionAmount", line.amount_minor)
        item = x.add(told, "cac:Item")
        x.add_if(item, "cbc:Description", text.line_description(line, content))
        x.add(item, "cbc:Name", text.line_name(line, content))
        self._category(x.add(item, "cac:ClassifiedTaxCategory"), line)
        for name, value in text.line_attributes(line, content):
            attribute = x.add(item, "cac:AdditionalItemProperty")
            x.add(attribute, "cbc:Name", name)
            x.add(attribute, "cbc:Value", value)
        x.add(x.add(told, "cac:Price"), "cbc:PriceAmount", price, currencyID=content.currency)
