"""Invented statements: what a sample shows, and what is hard to set on a page."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec.structs import replace

from billing.documents.content import (
    AnnexFacts,
    BankBlock,
    CollectionFacts,
    Company,
    ConservationLine,
    CounterpartyLine,
    CoverLine,
    DisputedLine,
    EmbeddableAnnex,
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
from billing.documents.statement_pdf import render_statement

HOUSE = Company(
    legal_name="Interroam Clearing House ASBL",
    street="Rue de la Loi 99",
    postal_code="1040",
    city="Bruxelles",
    country_code="BE",
    vat_number="BE0123456749",
    email="settlement@interroam.example",
)
NORDLICHT = Company(
    legal_name="Nordlicht Ladenetz GmbH",
    street="Am Sandtorkai 37",
    postal_code="20457",
    city="Hamburg",
    country_code="DE",
    vat_number="DE136695976",
    email="finance@nordlicht.example",
)
_PARTIES = (
    PartyCode(code="DE*NLX", role="CSO", name="Nordlicht"),
    PartyCode(code="DE*NLP", role="CSP", name="Nordlicht drive"),
)
_RECORDS = ConservationLine(
    received=371, rejected=4, held=2, open=0, disputed=1, withdrawn=0, cleared=364, credited=0
)
_BUYERS = (("Fjell Mobility", "NO*FJL"), ("Polder Laden", "NL*PLP"), ("Voltaire", "FR*VOL"))
_SITES = (
    ("Rasthof Lüneburger Heide Ost", "Soltau", "DE"),
    ("Hafencity Quartier", "Hamburg", "DE"),
    ("P+R Bruxelles-Erasme", "Anderlecht", "BE"),
)


def statement(language: str) -> StatementContent:
    """A seller of two months, with taxes, invoices, a limit and two persons behind it."""
    months = ("2026-10", "2026-11")
    sites = [
        _site(("DE*NLX", "CSO"), (*site, month), 40 + 7 * place, 1800_00 + 317 * place)
        for place, (site, month) in enumerate((site, month) for site in _SITES for month in months)
    ]
    paris = ("Stationnement Opéra", "Paris", "FR", "2026-11")
    bought = _site(("DE*NLP", "CSP"), paris, 19, -412_40)
    net = sum(line.net_minor for line in (*sites, bought))
    sold = sum(line.sold_claim_minor for line in sites)
    commission = sum(line.commission_minor for line in sites)
    vat, fee_vat, carried = 91_230, 2_312, 125_00
    further = _further(vat, fee_vat)
    return StatementContent(
        number="ST-2026-000042",
        environment="LIVE",
        language=language,
        issued_at=datetime(2026, 12, 8, 17, 0, 3, tzinfo=UTC),
        cut_off_at=datetime(2026, 12, 8, 17, 0, tzinfo=UTC),
        supply_starts_at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC),
        supply_ends_at=datetime(2026, 11, 30, 23, 0, tzinfo=UTC),
        time_zone="Europe/Brussels",
        group="EUR monthly",
        currency="EUR",
        house=HOUSE,
        partner=NORDLICHT,
        parties=list(_PARTIES),
        position=PositionFigures(
            receivable_minor=sold,
            payable_minor=412_40,
            fees_minor=-commission,
            net_minor=net + vat - fee_vat + carried,
            vat_minor=vat,
            fee_vat_minor=fee_vat,
            carried_minor=carried,
            direction="RECEIVES",
        ),
        counterparties=_counterparties(sites, bought),
        fees=[FeeLine(rate="0.01", sdrs=345, claim_minor=sold, amount_minor=-commission)],
        bank=BankBlock(
            money_flow="PI_PARTNER",
            account_of="PARTNER",
            holder=NORDLICHT.legal_name,
            iban="DE … 3000",
            bic="COBADEFFXXX",
            reference="ST-2026-000042",
        ),
        conservation=_RECORDS,
        positions_sha256="5f" * 32,
        annex=AnnexFacts(rows=364, size_bytes=90_000, sha256="c4" * 32),
        objection_until_date=date(2027, 2, 6),
        replaces="PROV-9F3A11D2C4E7-3",
        further=[*further, _carried(carried)],
        months=_months(sites, bought),
        sites=[*sites, bought],
        vat=_vat(vat, fee_vat),
        documents=_documents(vat),
        **_behind(),
    )


def _behind() -> dict:
    """Who and what stands behind the statement."""
    return {
        "exposure": ExposureFacts(
            exposure_minor=1_204_11,
            limit_minor=25_000_00,
            read_at=datetime(2026, 12, 8, 16, 0, tzinfo=UTC),
        ),
        "release": ReleaseFacts(
            maker="a.peeters",
            checker="m.dubois",
            released_at=datetime(2026, 12, 8, 17, 0, 3, tzinfo=UTC),
        ),
        "ledger": LedgerHead(sequence=18_204, chain_sha256="0e" * 32),
        "disputed": [DisputedLine(side="SOLD", sdrs=1, amount_minor=12_50)],
        "cover": [CoverLine(account="DEPOSIT", held_minor=5_000_00)],
    }


def statement_pdf(language: str) -> bytes:
    content = statement(language)
    rows = b"sdr_id;cso;csp\nNLX-00001;DE*NLX;FR*VOL\n"
    annex = EmbeddableAnnex(
        f"{content.number}-sdrs.csv", "text/csv", io.BytesIO(rows), content.annex
    )
    return render_statement(content, annex=annex)


def provisional_pdf(language: str) -> bytes:
    return render_statement(provisional(language))


def provisional(language: str) -> StatementContent:
    """The same services before they are final."""
    return replace(
        statement(language),
        number="PROV-9F3A11D2C4E7-3",
        status="PROVISIONAL",
        bank=BankBlock(money_flow="PI_PARTNER"),
        objection_until_at=datetime(2026, 12, 11, 11, 0, tzinfo=UTC),
        replaces="",
        release=None,
        documents=[],
    )


def collected_pdf(language: str) -> bytes:
    return render_statement(collected(language))


def collected(language: str) -> StatementContent:
    """A buyer's, whose debt is drawn by direct debit; its prefund covered a default before."""
    plain = statement(language)
    bought = [replace(line, sold_claim_minor=0, commission_minor=0) for line in plain.sites[-1:]]
    lines = [replace(plain.counterparties[-1], sdrs=19, billed_sdrs=18, energy_kwh="349.600")]
    owed = 412_40
    figures = {"sold_claim_minor": 0, "commission_minor": 0, "bought_claim_minor": owed}
    return replace(
        plain,
        number="ST-2026-000043",
        replaces="",
        position=PositionFigures(
            receivable_minor=0, payable_minor=owed, fees_minor=0, net_minor=-owed, direction="PAYS"
        ),
        counterparties=[replace(lines[0], net_minor=-owed, **figures)],
        sites=bought,
        months=[],
        fees=[],
        further=[],
        vat=[],
        documents=plain.documents[1:],
        conservation=replace(_RECORDS, received=0, rejected=0, held=0, disputed=0, cleared=0),
        annex=AnnexFacts(rows=19, size_bytes=5_000, sha256="c5" * 32),
        disputed=[DisputedLine(side="BOUGHT", sdrs=3, amount_minor=38_20)],
        cover=[CoverLine(account="PREFUND", held_minor=1_500_00, drawn_minor=250_00)],
        bank=BankBlock(
            money_flow="PI_PARTNER",
            account_of="PARTNER",
            holder=NORDLICHT.legal_name,
            iban="DE … 3000",
            bic="COBADEFFXXX",
            reference="ST-2026-000043",
            creditor_reference="RF50ST2026000043",
            due_date=date(2026, 12, 18),
            collection=CollectionFacts(
                collection_date=date(2026, 12, 22),
                mandate_reference="CH-2026-0017",
                creditor_id="BE81ZZZ0123456749",
            ),
        ),
    )


def hard_cases(language: str) -> dict[str, StatementContent]:
    """What is likely to break a page, by name."""
    plain = statement(language)
    return {
        "empty": _empty(plain),
        "crowd": _crowd(plain),
        "debt": _debt(plain),
        "yen": _yen(plain),
        "test": replace(plain, environment="TEST", number="TST-2026-000001", currency="CHF"),
    }


def _empty(plain: StatementContent) -> StatementContent:
    nothing = PositionFigures(
        receivable_minor=0, payable_minor=0, fees_minor=0, net_minor=0, direction="BALANCED"
    )
    return replace(
        plain,
        partner=Company(legal_name="Nobody"),
        parties=[],
        position=nothing,
        counterparties=[],
        fees=[],
        further=[],
        months=[],
        sites=[],
        vat=[],
        documents=[],
        exposure=None,
        release=None,
        ledger=None,
        replaces="",
        conservation=replace(
            plain.conservation, received=0, rejected=0, held=0, disputed=0, cleared=0
        ),
        bank=BankBlock(money_flow="INSTRUCTION_ONLY"),
    )


def _crowd(plain: StatementContent) -> StatementContent:
    """Forty counterparties with long names, forty sites, amounts of hundreds of millions."""
    long = "Gesellschaft für elektromobile Ladeinfrastruktur und Energiedienstleistungen mbH"
    lines = [
        replace(
            plain.counterparties[0],
            name=f"{long} {n}" if n % 3 else f"Kurz {n}",
            code=f"DE*{n:03}",
            sdrs=123_456,
            billed_sdrs=120_000,
            energy_kwh="2345678.123",
            sold_claim_minor=123_456_789_01,
            net_minor=-123_456_789_01,
        )
        for n in range(40)
    ]
    sites = [
        replace(plain.sites[0], site=f"{long[: 40 + n % 30]} {n}", sold_claim_minor=10_000_000_00)
        for n in range(40)
    ]
    rest = replace(plain.sites[0], site="", city="", country_code="", month="", left_out=1_817)
    return replace(
        plain,
        counterparties=lines,
        sites=[*sites, rest],
        partner=replace(plain.partner, legal_name=f"{long} & Co. Kommanditgesellschaft auf Aktien"),
        position=replace(plain.position, net_minor=123_456_789_012_34),
    )


def _debt(plain: StatementContent) -> StatementContent:
    owed = replace(plain.position, net_minor=-4_812_77, direction="PAYS", adjustments_minor=-9_00)
    return replace(plain, position=owed, bank=BankBlock(money_flow="INSTRUCTION_ONLY"))


def _yen(plain: StatementContent) -> StatementContent:
    return replace(plain, currency="JPY", bank=BankBlock(money_flow="PI_PARTNER"))


def _site(party: tuple[str, str], place: tuple[str, ...], sdrs: int, claim: int) -> SiteLine:
    site, city, country, month = place
    commission = -round(claim * 0.01) if claim > 0 else 0
    return SiteLine(
        party=party[0],
        role=party[1],
        site=site,
        city=city,
        country_code=country,
        month=month,
        sdrs=sdrs,
        billed_sdrs=sdrs - 1,
        energy_kwh=f"{sdrs * 18.4:.3f}",
        sold_claim_minor=max(claim, 0),
        bought_claim_minor=max(-claim, 0),
        commission_minor=commission,
        net_minor=claim + commission,
    )


def _counterparties(sites: list[SiteLine], bought: SiteLine) -> list[CounterpartyLine]:
    figures = ("sdrs", "billed_sdrs", "sold_claim_minor", "bought_claim_minor", "commission_minor")
    groups = [sites[0::3], sites[1::3], [*sites[2::3], bought]]
    return [
        CounterpartyLine(
            name=name,
            code=code,
            is_own_network=False,
            energy_kwh=f"{sum(Decimal(one.energy_kwh) for one in group):.3f}",
            net_minor=sum(one.net_minor for one in group),
            **{name: sum(getattr(one, name) for one in group) for name in figures},
        )
        for (name, code), group in zip(_BUYERS, groups, strict=True)
    ]


def _months(sites: list[SiteLine], bought: SiteLine) -> list[MonthLine]:
    figures = ("sdrs", "billed_sdrs", "sold_claim_minor", "bought_claim_minor", "commission_minor")
    lines = []
    for month in ("2026-10", "2026-11"):
        group = [one for one in (*sites, bought) if one.month == month]
        lines.append(
            MonthLine(
                month=month,
                energy_kwh=f"{sum(Decimal(one.energy_kwh) for one in group):.3f}",
                net_minor=sum(one.net_minor for one in group),
                **{name: sum(getattr(one, name) for one in group) for name in figures},
            )
        )
    return lines


def _further(vat: int, fee_vat: int) -> list[FurtherLine]:
    on_services = {"rate": "0.19", "country": "DE", "name": "Voltaire"}
    on_fees = {"rate": "0.21", "country": "BE", "name": "Interroam"}
    return [
        FurtherLine(
            kind="VAT",
            text="VAT 19 % DE on services to Voltaire",
            basis_minor=480_158,
            amount_minor=vat,
            phrase="vat_services_to",
            values=on_services,
        ),
        FurtherLine(
            kind="VAT",
            text="VAT 21 % BE on fees of the clearing house of Interroam",
            basis_minor=11_010,
            amount_minor=-fee_vat,
            phrase="vat_fees_of",
            values=on_fees,
        ),
    ]


def _vat(vat: int, fee_vat: int) -> list[VatLine]:
    ground = "Reverse charge, Article 199a (1)(e) of Directive 2006/112/EC"
    rows = [
        ("SOLD", "DE", "S", "0.19", "", 480_158, vat),
        ("SOLD", "BE", "AE", "0", ground, 361_900, 0),
        ("FEES", "DE", "S", "0.21", "", 11_010, -fee_vat),
    ]
    names = "supply country_code category rate ground basis_minor vat_minor".split()
    return [VatLine(**dict(zip(names, row, strict=True))) for row in rows]


def _documents(vat: int) -> list[NettedDocument]:
    return [
        NettedDocument(
            number="NL26-INV-000117",
            kind="INVOICE",
            issued_date=date(2026, 12, 8),
            net_minor=480_158,
            vat_minor=vat,
            gross_minor=480_158 + vat,
        ),
        NettedDocument(
            number="VOL26-CN-000003",
            kind="SELF_BILLED_CREDIT",
            issued_date=date(2026, 12, 7),
            net_minor=-412_40,
            vat_minor=0,
            gross_minor=-412_40,
        ),
    ]


def _carried(minor: int) -> FurtherLine:
    return FurtherLine(
        kind="CARRIED",
        text="Carried from the settlement before",
        amount_minor=minor,
        phrase="carried",
    )
