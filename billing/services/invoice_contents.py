"""Composes what an invoice says from a draft of supplies and the facts of its two sides.

A handful of queries for all documents of a settlement, none per document.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from billing.documents.invoice_content import (
    Category,
    InvoiceContent,
    InvoiceLine,
    InvoiceParty,
    InvoiceTotals,
    Language,
    LocalVat,
    Mode,
    PaymentTerms,
    Preceding,
    TypeCode,
    VatBreakdown,
)
from billing.models import Document, Settlement, TaxedSupply
from billing.rules.conversion import NoRate
from billing.rules.invoicing.currencies import currency_of, local_vat
from billing.rules.invoicing.drafts import ON_BEHALF, SELF_BILLING, Draft, Line, TaxedSum
from billing.services.fx import rates_of
from partners.models import Partner, PartnerFacts, PartyOwnership
from partners.queries import clearing_house, in_period

# Until a document has a number; a draft that may not be issued keeps it.
NO_NUMBER = "DRAFT"
HOUSE_CODE = "CH"


@dataclass(frozen=True, slots=True)
class InvoicingFacts:
    """What the documents of one settlement are made of, by partner; ``vat_ids`` and ``days`` by
    supply."""

    settlement: Settlement
    now: datetime
    house: UUID
    parties: dict[UUID, InvoiceParty]
    languages: dict[UUID, str]
    statements: dict[UUID, str]
    vat_ids: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    days: dict[UUID, list[tuple[str, str, date]]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settlement.window.group.time_zone)

    @property
    def issue_date(self) -> date:
        return self.now.astimezone(self.zone).date()


def gather_facts(
    settlement: Settlement,
    supplies: Iterable[TaxedSupply],
    *,
    statements: dict[UUID, str] | None = None,
    now: datetime,
) -> InvoicingFacts:
    """Read once what every document of the settlement needs; ``now`` is the issue date.

    ``statements``: numbers by partner, where they are not issued yet.
    """
    rows = list(supplies)
    house = clearing_house().pk
    ids = {house} | {row.supplier_id for row in rows} | {row.customer_id for row in rows}
    parties, languages = _parties(ids, environment=settlement.environment, now=now)
    if statements is None:
        issued = settlement.documents.filter(kind=Document.Kind.STATEMENT)
        statements = dict(issued.values_list("partner_id", "number"))
    return InvoicingFacts(
        settlement=settlement,
        now=now,
        house=house,
        parties=parties,
        languages=languages,
        statements=statements,
        vat_ids={row.pk: _vat_ids(row.evidence) for row in rows},
        days={row.pk: _days(row.evidence) for row in rows},
    )


def sums_of(supplies: Iterable[TaxedSupply]) -> list[TaxedSum]:
    """Taxed supplies as the rules of invoicing see them."""
    return [
        TaxedSum(
            id=row.pk,
            window=row.window_id,
            supplier=row.supplier_id,
            customer=row.customer_id,
            place=row.place_country_code,
            category=row.category,
            rate=row.rate,
            price_basis=row.price_basis,
            is_service=row.is_service,
            is_credit=row.is_credit,
            sdrs=row.sdrs,
            net_minor=row.net_minor,
            vat_minor=row.vat_minor,
            ground=row.ground,
            exemption_code=row.exemption_code,
            lines=tuple(_line(line) for line in row.lines),
        )
        for row in supplies
    ]


def compose(
    draft: Draft, *, mode: str, type_code: str, facts: InvoicingFacts
) -> tuple[InvoiceContent, str]:
    """What the document says, without a number; and what keeps its VAT from being told, or ""."""
    settlement, key = facts.settlement, draft.key
    from_date, until_date = period_of(draft, facts)
    own, problem = _local_vat(draft, facts)
    seller_vat, buyer_vat = _printed_vat_ids(draft, facts)
    # Who reads it: the receiver, which of a self-billed document is the seller.
    reader = key.supplier if type_code in ("389", "261") else key.customer
    buyer = facts.parties[key.customer]
    content = InvoiceContent(
        type_code=cast(TypeCode, type_code),
        mode=cast(Mode, mode),
        number=NO_NUMBER,
        environment=settlement.environment,
        language=cast(Language, facts.languages.get(reader, "en")),
        issued_at=facts.now,
        issue_date=facts.issue_date,
        due_date=facts.issue_date + timedelta(days=settlement.window.group.payment_days),
        time_zone=settlement.window.group.time_zone,
        currency=settlement.currency,
        price_basis=cast(Literal["EXCL_TAX", "INCL_TAX"], key.price_basis),
        seller=_with_vat_id(facts.parties[key.supplier], seller_vat),
        buyer=_with_vat_id(buyer, buyer_vat),
        issuer=facts.parties[facts.house] if mode in (ON_BEHALF, SELF_BILLING) else None,
        supply_from_date=from_date,
        supply_until_date=until_date,
        lines=[_told_line(supply, line) for supply, line in draft.lines()],
        vat=[
            VatBreakdown(
                category=cast(Category, one.category),
                rate=_plain(one.rate),
                basis_minor=one.basis_minor,
                vat_minor=one.vat_minor,
                code=one.code,
                ground="" if one.category == "S" else one.ground,
            )
            for one in draft.breakdown()
        ],
        totals=InvoiceTotals(
            excl_tax_minor=draft.net_minor,
            vat_minor=draft.vat_minor,
            incl_tax_minor=draft.net_minor + draft.vat_minor,
        ),
        local_vat=own,
        tax_country=key.place,
        buyer_reference=buyer.code,
        statement=facts.statements.get(key.customer) or facts.statements.get(key.supplier, ""),
        group=settlement.window.group.name,
    )
    return content, problem


def numbered(
    content: InvoiceContent, number: str, preceding: Iterable[Preceding] = ()
) -> InvoiceContent:
    """The content under its number, which is its reference of payment too."""
    return replace(
        content,
        number=number,
        preceding=list(preceding),
        payment=PaymentTerms(reference=number),
    )


def _parties(
    ids: set[UUID], *, environment: str, now: datetime
) -> tuple[dict[UUID, InvoiceParty], dict[UUID, str]]:
    codes = _codes(ids, environment=environment, now=now)
    parties = {
        partner.pk: InvoiceParty(
            legal_name=partner.name, code=codes.get(partner.pk, ""), country_code=""
        )
        for partner in Partner.objects.filter(pk__in=ids)
    }
    languages = {}
    for facts in PartnerFacts.objects.filter(in_period(now), partner__in=ids):
        languages[facts.partner_id] = facts.language
        parties[facts.partner_id] = InvoiceParty(
            legal_name=facts.legal_name,
            code=codes.get(facts.partner_id, ""),
            street=facts.street,
            postal_code=facts.postal_code,
            city=facts.city,
            country_code=facts.country_code,
            vat_number=facts.vat_number,
            legal_id=facts.registration_number,
            endpoint=facts.endpoint_id,
            endpoint_scheme=facts.endpoint_scheme,
            email=facts.finance_email or facts.email,
        )
    return parties, languages


def _codes(ids: set[UUID], *, environment: str, now: datetime) -> dict[UUID, str]:
    """Each partner's first party, by which both sides know it."""
    rows = PartyOwnership.objects.filter(
        in_period(now), partner__in=ids, party__environment=environment
    ).select_related("party")
    codes = {clearing_house().pk: HOUSE_CODE}
    for row in rows.order_by("party__country_code", "party__party_id", "party__role"):
        codes.setdefault(row.partner_id, row.party.code)
    return codes


def period_of(draft: Draft, facts: InvoicingFacts) -> tuple[date, date]:
    """The window's days, and those before it of records that came late; half-open."""
    window = facts.settlement.window
    if draft.key.window != window.pk:
        window = type(window).objects.get(pk=draft.key.window)
    starts = window.supply_starts_at.astimezone(facts.zone).date()
    ends = window.supply_ends_at.astimezone(facts.zone)
    until = ends.date() if (ends.hour, ends.minute) == (0, 0) else ends.date() + timedelta(days=1)
    days = [day for one in draft.supplies for _kind, _country, day in facts.days[one.id]]
    return min([starts, *days]), max([until, *(day + timedelta(days=1) for day in days)])


def _local_vat(draft: Draft, facts: InvoicingFacts) -> tuple[LocalVat | None, str]:
    """VAT in the currency of the state, at the ECB's rate of the issue (Art. 91 (2))."""
    currency = facts.settlement.currency
    local = currency_of(draft.key.place, on=facts.issue_date)
    if not draft.vat_minor or local in (None, currency):
        return None, ""
    try:
        rates = rates_of(facts.now)
        vat, rate = local_vat(draft.vat_minor, currency=currency, local=str(local), rates=rates)
    except NoRate as error:
        return None, str(error)
    return (
        LocalVat(currency=str(local), vat_minor=vat, rate=rate, rate_date=rates.rate_date),
        "",
    )


def _vat_ids(evidence: list[dict[str, Any]]) -> tuple[str, str]:
    first = evidence[0] if evidence else {}
    return str(first.get("supplier_vat_id", "")), str(first.get("customer_vat_id", ""))


def _days(evidence: list[dict[str, Any]]) -> list[tuple[str, str, date]]:
    """Kind, country of charging and day of everything in a supply, as it was decided."""
    return [
        (str(one["kind"]), str(one["charge_country"] or ""), date.fromisoformat(day))
        for one in evidence
        for day in one["tax_dates"]
    ]


def _printed_vat_ids(draft: Draft, facts: InvoicingFacts) -> tuple[str, str]:
    found = [facts.vat_ids[one.id] for one in draft.supplies]
    return next((one[0] for one in found if one[0]), ""), next((o[1] for o in found if o[1]), "")


def _with_vat_id(party: InvoiceParty, vat_number: str) -> InvoiceParty:
    """The VAT id that decided stands on the document; else the one on file."""
    return replace(party, vat_number=vat_number or party.vat_number)


def _line(line: dict[str, Any]) -> Line:
    return Line(
        month=line["month"],
        kind=line["kind"],
        charge_country=line["charge_country"],
        sdrs=line["sdrs"],
        energy_kwh=line["energy_kwh"],
        amount_minor=line["amount_minor"],
    )


def _told_line(supply: TaxedSum, line: Line) -> InvoiceLine:
    return InvoiceLine(
        kind=line.kind,
        charge_country=line.charge_country,
        month=line.month,
        category=cast(Category, supply.category),
        rate=_plain(supply.rate),
        sdrs=line.sdrs,
        energy_kwh=str(line.energy_kwh),
        amount_minor=line.amount_minor,
    )


def _plain(rate) -> str:
    return f"{rate.normalize():f}"
