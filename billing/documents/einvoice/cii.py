"""An invoice as UN/CEFACT Cross Industry Invoice (D22B), profile EN 16931 of Factur-X 1.09.

Serves all four types; the order of elements is the schema's.
"""

from datetime import date

from billing.documents import invoice_text as text
from billing.documents.einvoice.xml import (
    UNIT,
    Builder,
    Element,
    compact,
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

PROFILE = "urn:cen.eu:en16931:2017"
_DATA = "urn:un:unece:uncefact:data:standard:"
_X = Builder(
    {
        "rsm": f"{_DATA}CrossIndustryInvoice:100",
        "ram": f"{_DATA}ReusableAggregateBusinessInformationEntity:100",
        "qdt": f"{_DATA}QualifiedDataType:100",
        "udt": f"{_DATA}UnqualifiedDataType:100",
    }
)


def build_cii(content: InvoiceContent) -> bytes:
    """The XML that goes into the PDF as ``factur-x.xml``."""
    root = _X.root("rsm:CrossIndustryInvoice")
    context = _X.add(root, "rsm:ExchangedDocumentContext")
    guideline = _X.add(context, "ram:GuidelineSpecifiedDocumentContextParameter")
    _X.add(guideline, "ram:ID", PROFILE)
    head = _X.add(root, "rsm:ExchangedDocument")
    _X.add(head, "ram:ID", content.number)
    _X.add(head, "ram:TypeCode", content.type_code)
    _date(_X.add(head, "ram:IssueDateTime"), content.issue_date)
    for note in text.notes(content):
        _X.add(_X.add(head, "ram:IncludedNote"), "ram:Content", note)
    trade = _X.add(root, "rsm:SupplyChainTradeTransaction")
    for number, line in enumerate(content.lines, start=1):
        _line(trade, number, line, content)
    _agreement(trade, content)
    delivery = _X.add(trade, "ram:ApplicableHeaderTradeDelivery")
    event = _X.add(delivery, "ram:ActualDeliverySupplyChainEvent")
    _date(_X.add(event, "ram:OccurrenceDateTime"), text.last_day(content))
    _settlement(trade, content)
    return to_bytes(root)


def _date(parent: Element, day: date) -> None:
    _X.add(parent, "udt:DateTimeString", compact(day), format="102")


def _line(trade: Element, number: int, line: InvoiceLine, content: InvoiceContent) -> None:
    quantity, price = quantity_and_price(line.amount_minor, content.currency)
    item = _X.add(trade, "ram:IncludedSupplyChainTradeLineItem")
    _X.add(_X.add(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(number))
    product = _X.add(item, "ram:SpecifiedTradeProduct")
    _X.add(product, "ram:Name", text.line_name(line, content))
    _X.add_if(product, "ram:Description", text.line_description(line, content))
    for name, value in text.line_attributes(line, content):
        attribute = _X.add(product, "ram:ApplicableProductCharacteristic")
        _X.add(attribute, "ram:Description", name)
        _X.add(attribute, "ram:Value", value)
    agreement = _X.add(item, "ram:SpecifiedLineTradeAgreement")
    _X.add(_X.add(agreement, "ram:NetPriceProductTradePrice"), "ram:ChargeAmount", price)
    delivery = _X.add(item, "ram:SpecifiedLineTradeDelivery")
    _X.add(delivery, "ram:BilledQuantity", quantity, unitCode=UNIT)
    settlement = _X.add(item, "ram:SpecifiedLineTradeSettlement")
    tax = _X.add(settlement, "ram:ApplicableTradeTax")
    _X.add(tax, "ram:TypeCode", "VAT")
    _X.add(tax, "ram:CategoryCode", line.category)
    if line.category != "O":
        _X.add(tax, "ram:RateApplicablePercent", percentage(line.rate))
    total = _X.add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _X.add(total, "ram:LineTotalAmount", money(line.amount_minor, content.currency))


def _agreement(trade: Element, content: InvoiceContent) -> None:
    agreement = _X.add(trade, "ram:ApplicableHeaderTradeAgreement")
    _X.add_if(agreement, "ram:BuyerReference", content.buyer_reference)
    with_vat = shows_vat_ids(content)
    _party(_X.add(agreement, "ram:SellerTradeParty"), content.seller, with_vat=with_vat)
    _party(_X.add(agreement, "ram:BuyerTradeParty"), content.buyer, with_vat=with_vat)


def _party(parent: Element, party: InvoiceParty, *, with_vat: bool) -> None:
    _X.add_if(parent, "ram:ID", party.code)
    _X.add(parent, "ram:Name", party.legal_name)
    if party.legal_id:
        legal = _X.add(parent, "ram:SpecifiedLegalOrganization")
        _X.add_if(legal, "ram:ID", party.legal_id, schemeID=party.legal_id_scheme)
    address = _X.add(parent, "ram:PostalTradeAddress")
    _X.add_if(address, "ram:PostcodeCode", party.postal_code)
    _X.add_if(address, "ram:LineOne", party.street)
    _X.add_if(address, "ram:CityName", party.city)
    _X.add(address, "ram:CountryID", party.country_code)
    if party.endpoint:
        channel = _X.add(parent, "ram:URIUniversalCommunication")
        _X.add_if(channel, "ram:URIID", party.endpoint, schemeID=party.endpoint_scheme)
    if party.vat_number and with_vat:
        registration = _X.add(parent, "ram:SpecifiedTaxRegistration")
        _X.add(registration, "ram:ID", party.vat_number, schemeID="VA")


def _settlement(trade: Element, content: InvoiceContent) -> None:
    settlement = _X.add(trade, "ram:ApplicableHeaderTradeSettlement")
    _X.add_if(settlement, "ram:PaymentReference", content.payment.reference)
    if content.local_vat:
        _X.add(settlement, "ram:TaxCurrencyCode", content.local_vat.currency)
    _X.add(settlement, "ram:InvoiceCurrencyCode", content.currency)
    _payment_means(settlement, content)
    for one in content.vat:
        _tax(settlement, one, content)
    period = _X.add(settlement, "ram:BillingSpecifiedPeriod")
    _date(_X.add(period, "ram:StartDateTime"), content.supply_from_date)
    _date(_X.add(period, "ram:EndDateTime"), text.last_day(content))
    terms = _X.add(settlement, "ram:SpecifiedTradePaymentTerms")
    _X.add(terms, "ram:Description", text.payment_terms(content))
    _date(_X.add(terms, "ram:DueDateDateTime"), content.due_date)
    _totals(settlement, content)
    for earlier in content.preceding:
        document = _X.add(settlement, "ram:InvoiceReferencedDocument")
        _X.add(document, "ram:IssuerAssignedID", earlier.number)
        issued = _X.add(document, "ram:FormattedIssueDateTime")
        _X.add(issued, "qdt:DateTimeString", compact(earlier.issue_date), format="102")


def _payment_means(settlement: Element, content: InvoiceContent) -> None:
    means = _X.add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    _X.add(means, "ram:TypeCode", payment_code(content))
    if content.payment.iban:
        account = _X.add(means, "ram:PayeePartyCreditorFinancialAccount")
        _X.add(account, "ram:IBANID", content.payment.iban.replace(" ", ""))
        _X.add_if(account, "ram:AccountName", content.payment.holder)
        if content.payment.bic:
            bank = _X.add(means, "ram:PayeeSpecifiedCreditorFinancialInstitution")
            _X.add(bank, "ram:BICID", content.payment.bic)


def _tax(settlement: Element, one: VatBreakdown, content: InvoiceContent) -> None:
    tax = _X.add(settlement, "ram:ApplicableTradeTax")
    _X.add(tax, "ram:CalculatedAmount", money(one.vat_minor, content.currency))
    _X.add(tax, "ram:TypeCode", "VAT")
    _X.add_if(tax, "ram:ExemptionReason", text.reason(one, content))
    _X.add(tax, "ram:BasisAmount", money(one.basis_minor, content.currency))
    _X.add(tax, "ram:CategoryCode", one.category)
    _X.add_if(tax, "ram:ExemptionReasonCode", one.code)
    if one.category != "O":
        _X.add(tax, "ram:RateApplicablePercent", percentage(one.rate))


def _totals(settlement: Element, content: InvoiceContent) -> None:
    totals, currency = content.totals, content.currency
    told = _X.add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _X.add(told, "ram:LineTotalAmount", money(totals.excl_tax_minor, currency))
    _X.add(told, "ram:TaxBasisTotalAmount", money(totals.excl_tax_minor, currency))
    _X.add(told, "ram:TaxTotalAmount", money(totals.vat_minor, currency), currencyID=currency)
    if local := content.local_vat:
        vat = money(local.vat_minor, local.currency)
        _X.add(told, "ram:TaxTotalAmount", vat, currencyID=local.currency)
    _X.add(told, "ram:GrandTotalAmount", money(totals.incl_tax_minor, currency))
    _X.add(told, "ram:DuePayableAmount", money(totals.incl_tax_minor, currency))
