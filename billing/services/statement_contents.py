"""Gathers what the statements of one settlement say, from the books as they stand.

Set-based: a handful of queries for all partners of the window, none per partner.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from billing.documents.content import (
    AnnexFacts,
    Company,
    ConservationLine,
    CounterpartyLine,
    CoverLine,
    DisputedLine,
    ExchangeFacts,
    ExposureFacts,
    FeeLine,
    FurtherLine,
    LedgerHead,
    MonthLine,
    NettedDocument,
    PartyCode,
    PositionFigures,
    ReleaseFacts,
    SiteLine,
    StatementContent,
    VatLine,
)
from billing.documents.languages import DEFAULT
from billing.models import Position, Settlement
from billing.services.annex import Source, digest_annexes, empty_annex
from billing.services.further_lines import further_lines, rates_of, rates_text
from billing.services.statement_beside import cover_lines, disputed_lines
from billing.services.statement_facts import (
    exposures,
    ledger_head,
    netted_documents,
    release_of,
    vat_lines,
)
from billing.services.statement_payment import PaymentFacts, bank_block, payment_facts
from clearinghouse.statements import load_statement
from partners.models import Partner, PartnerFacts, PartyOwnership
from partners.queries import clearing_house, in_period

# Clearing rules of the house: disputes after settlement are heard for so long.
OBJECTION_PERIOD = timedelta(days=60)

# Lines by site and month on a statement's pages, at 10 to 20 ms each. The annex has all.
MOST_SITE_LINES = 12

_SQL = Path(__file__).resolve().parent.parent / "sql"
_NOTHING_SENT = ConservationLine(
    received=0, rejected=0, held=0, open=0, disputed=0, withdrawn=0, cleared=0, credited=0
)


class StatementDiffers(Exception):
    """A partner's lines do not add up to its position: nothing may be issued on such figures."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts behind all statements of one settlement, by partner."""

    settlement: Settlement
    now: datetime
    house: Company
    payment: PaymentFacts
    companies: dict[UUID, Company]
    parties: dict[UUID, list[PartyCode]]
    counterparties: dict[UUID, list[CounterpartyLine]]
    months: dict[UUID, list[MonthLine]]
    fees: dict[UUID, list[FeeLine]]
    records: dict[UUID, ConservationLine]
    annexes: dict[UUID, AnnexFacts]
    further: dict[UUID, list[FurtherLine]]
    exchanges: dict[UUID, ExchangeFacts]
    languages: dict[UUID, str]
    sites: dict[UUID, list[SiteLine]]
    vat: dict[UUID, list[VatLine]]
    documents: dict[UUID, list[NettedDocument]]
    exposures: dict[UUID, ExposureFacts]
    release: ReleaseFacts | None
    ledger: LedgerHead | None
    cover: dict[UUID, list[CoverLine]]
    disputed: dict[UUID, list[DisputedLine]]


def gather(settlement: Settlement, partners: Iterable[Partner], *, now: datetime) -> Gathered:
    """Read once what every statement of the settlement needs; ``now`` is the issue date."""
    window, house = settlement.window, clearing_house()
    with_house = {partner.id: partner for partner in [*partners, house]}
    companies, languages = _companies(with_house, now=now)
    key = {"window_id": window.id}
    return Gathered(
        settlement=settlement,
        now=now,
        house=companies[house.id],
        payment=payment_facts(settlement, with_house, now=now),
        companies=companies,
        parties=_parties(with_house, environment=settlement.environment, now=now),
        counterparties=_by_partner("statement_counterparties.sql", key, CounterpartyLine),
        months=_by_partner("statement_months.sql", key, MonthLine),
        fees=_by_partner("statement_fees.sql", key, FeeLine),
        records=_records(key),
        annexes=digest_annexes(Source(settlement, now)),
        further=further_lines(settlement),
        exchanges=_exchanges(settlement),
        languages=languages,
        sites=_by_partner("statement_sites.sql", key | {"most": MOST_SITE_LINES}, SiteLine),
        vat=vat_lines(settlement),
        documents=netted_documents(settlement),
        exposures=exposures(settlement, with_house),
        release=release_of(settlement),
        ledger=ledger_head(),
        cover=cover_lines(settlement, with_house, now=now),
        disputed=disputed_lines(settlement, with_house, now=now),
    )


def content_of(position: Position, *, number: str, gathered: Gathered) -> StatementContent:
    """Compose one partner's statement.

    :raises StatementDiffers: its lines, fees or annex do not add up to the position.
    """
    settlement, partner_id = gathered.settlement, position.partner_id
    window, group = settlement.window, settlement.window.group
    issued_on = gathered.now.astimezone(ZoneInfo(group.time_zone)).date()
    content = StatementContent(
        number=number,
        environment=settlement.environment,
        issued_at=gathered.now,
        cut_off_at=window.closed_at or gathered.now,
        supply_starts_at=window.supply_starts_at,
        supply_ends_at=window.supply_ends_at,
        time_zone=group.time_zone,
        group=group.name,
        currency=settlement.currency,
        house=gathered.house,
        partner=gathered.companies[partner_id],
        parties=gathered.parties.get(partner_id, []),
        position=_figures(position),
        counterparties=sorted(gathered.counterparties.get(partner_id, []), key=_reading_order),
        fees=gathered.fees.get(partner_id, []),
        bank=bank_block(position, number=number, facts=gathered.payment),
        conservation=gathered.records.get(partner_id, _NOTHING_SENT),
        positions_sha256=settlement.positions_sha256,
        annex=gathered.annexes.get(partner_id) or empty_annex(),
        objection_until_date=issued_on + OBJECTION_PERIOD,
        further=gathered.further.get(partner_id, []),
        exchange=gathered.exchanges.get(partner_id),
        months=gathered.months.get(partner_id, []),
        language=gathered.languages.get(partner_id, DEFAULT),
        sites=gathered.sites.get(partner_id, []),
        vat=gathered.vat.get(partner_id, []),
        documents=gathered.documents.get(partner_id, []),
        exposure=gathered.exposures.get(partner_id),
        release=gathered.release,
        ledger=gathered.ledger,
        cover=gathered.cover.get(partner_id, []),
        disputed=gathered.disputed.get(partner_id, []),
    )
    _check_sums(content)
    return content


def _figures(position: Position) -> PositionFigures:
    net, due = position.net_minor, position.due_minor
    return PositionFigures(
        receivable_minor=position.receivable_minor,
        payable_minor=position.payable_minor,
        fees_minor=position.fees_minor,
        net_minor=net,
        direction="RECEIVES" if due > 0 else "PAYS" if due < 0 else "BALANCED",
        vat_minor=position.vat_minor,
        fee_vat_minor=position.fee_vat_minor,
        adjustments_minor=position.adjustments_minor,
        carried_minor=position.carried_minor,
        carried_on_minor=position.carried_on_minor,
        exchanged_minor=position.exchanged_minor,
        exchanged_on_minor=position.exchanged_on_minor,
    )


def _check_sums(content: StatementContent) -> None:
    position = content.position
    services = sum(line.net_minor for line in content.counterparties)
    further = sum(line.amount_minor for line in content.further)
    pairs = {
        "net": (services + further, position.net_minor),
        "months": (sum(line.net_minor for line in content.months), services),
        "sites": (sum(line.net_minor for line in content.sites), services),
        "records": (sum(line.sdrs for line in content.counterparties), content.annex.rows),
    }
    for what, (added, stated) in pairs.items():
        if added != stated:
            raise StatementDiffers(
                f"Statement of {content.partner.legal_name}: the {what} of its lines add up to"
                f" {added}, but {stated} is stated. Prove the ledger of the window before closing."
            )


def _companies(
    partners: dict[UUID, Partner], *, now: datetime
) -> tuple[dict[UUID, Company], dict[UUID, str]]:
    """Legal facts that hold at ``now`` and the language of letters; without any the short name."""
    names = Company.__struct_fields__
    companies = {id_: Company(legal_name=partner.name) for id_, partner in partners.items()}
    languages = {}
    for facts in PartnerFacts.objects.filter(in_period(now), partner__in=list(partners)):
        companies[facts.partner_id] = Company(**{name: getattr(facts, name) for name in names})
        languages[facts.partner_id] = facts.language
    return companies, languages


def _parties(
    partners: dict[UUID, Partner], *, environment: str, now: datetime
) -> dict[UUID, list[PartyCode]]:
    rows = PartyOwnership.objects.filter(
        in_period(now), partner__in=list(partners), party__environment=environment
    ).select_related("party")
    parties = defaultdict(list)
    for row in rows.order_by("party__country_code", "party__party_id", "party__role"):
        party = row.party
        parties[row.partner_id].append(PartyCode(code=party.code, role=party.role, name=party.name))
    return parties


def _exchanges(settlement: Settlement) -> dict[UUID, ExchangeFacts]:
    rows = settlement.exchanges.exclude(from_minor=0).select_related("to_group")
    return {
        row.partner_id: ExchangeFacts(
            group=row.to_group.name,
            currency=row.to_currency,
            amount_minor=row.to_minor,
            rates=rates_text(row),
            per_euro=rates_of(row),
            rate_date=row.rate_date,
        )
        for row in rows
    }


def _records(key: dict) -> dict[UUID, ConservationLine]:
    return {
        row.pop("sender_id"): ConservationLine(**row)
        for row in _select("statement_records.sql", key)
    }


def _by_partner(file_name: str, key: dict, line: type) -> dict[UUID, list]:
    lines = defaultdict(list)
    for row in _select(file_name, key):
        lines[row.pop("partner_id")].append(line(**row))
    return lines


def _select(file_name: str, parameters: dict) -> Iterable[dict]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / file_name), parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _reading_order(line: CounterpartyLine) -> tuple:
    """By name as a person looks it up: accents and capitals do not matter."""
    plain = unicodedata.normalize("NFKD", line.name)
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return letters.casefold(), line.code, line.is_own_network
