"""A statement splits its services by party, site and supply month; SQL and slow twin agree."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billing.documents.content import SiteLine, from_json
from billing.documents.statement_text import shown
from billing.models import ClearedSdr
from billing.rules.sites import SiteRecord, site_lines
from billing.services import statement_contents
from billing.services.closing import close_window
from partners.models import PartnerFacts, Party
from roaming.models import Sdr
from tests.billing.stories import Story, World, a_world, close_october, tell
from tests.billing.test_statement_months import OCTOBER, SEPTEMBER
from tests.billing.test_twins import amounts, ends
from tests.billing.test_twins_of_part_three import beneficiaries, database, undone
from tests.makers import NOON, nordlicht, partner_of
from tests.samples.statement import statement

pytestmark = pytest.mark.django_db

FIGURES = ("sdrs", "billed_sdrs", "sold_claim_minor", "bought_claim_minor", "commission_minor")
stories = st.lists(
    st.builds(
        Story,
        claim=amounts,
        seller=st.integers(0, 1),
        buyer=st.integers(0, 2),
        ended_at=ends,
        energy_kwh=st.decimals("0", "200", places=6),
        country=st.sampled_from(["DE", "NL"]),
        site=st.sampled_from(["", "Ähre", "Zum Hafen", "a"]),
    ),
    min_size=1,
    max_size=12,
)


def statement_of_nordlicht(world: World):
    closing = close_window(world.group, now=NOON)
    return from_json(closing.settlement.documents.get(partner=partner_of(nordlicht())).content)


def test_lists_each_site_of_each_party_by_month():
    world = a_world()
    close_october(world)
    tell(
        world,
        Story(Decimal("10.00"), site="Hafen", ended_at=SEPTEMBER),
        Story(Decimal("20.00"), site="Hafen", ended_at=OCTOBER),
        Story(Decimal("4.00"), site="Hafen", ended_at=OCTOBER),
        Story(Decimal("30.00"), site=""),
        Story(Decimal("7.00"), seller=1, buyer=2, site="Gracht", country="NL"),
    )

    content = statement_of_nordlicht(world)

    assert [
        (line.party, line.role, line.site, line.month, line.sdrs, line.net_minor)
        for line in content.sites
    ] == [
        ("DE*NLD", "CSP", "Gracht", "2026-11", 1, -700),
        ("DE*NLX", "CSO", "", "2026-11", 1, 2700),
        ("DE*NLX", "CSO", "Hafen", "2026-09", 1, 900),
        ("DE*NLX", "CSO", "Hafen", "2026-10", 2, 2160),
    ]
    parties = shown(content)["sites"]
    assert [(one["code"], one["sum"] and one["sum"]["net"]) for one in parties] == [
        ("DE*NLD", None),
        ("DE*NLX", "57.60"),
    ]
    assert parties[1]["lines"][0]["site"] == "Site not stated"


def test_sums_the_smallest_of_many(monkeypatch):
    monkeypatch.setattr(statement_contents, "MOST_SITE_LINES", 2)
    world = a_world()
    tell(world, *(Story(Decimal(n), site=f"Site {n}") for n in (5, 1, 9, 2)))

    lines = statement_of_nordlicht(world).sites

    assert [(line.site, line.left_out, line.sold_claim_minor) for line in lines] == [
        ("Site 5", 0, 500),
        ("Site 9", 0, 900),
        ("", 2, 300),
    ]
    assert shown(statement_of_language("de", lines))["sites"][0]["lines"][2]["site"] == (
        "2 weitere Zeilen"
    )


def statement_of_language(language: str, lines: list[SiteLine]):
    return replace(statement(language), sites=lines)


def test_speaks_the_language_of_the_partner():
    facts = PartnerFacts.objects.filter(partner=partner_of(nordlicht()))
    facts.update(language="de")
    world = a_world()
    tell(world, Story(Decimal("10.00"), site="Hafen"))

    content = statement_of_nordlicht(world)

    assert content.language == "de"
    assert shown(content)["name"] == "Verrechnungsaufstellung"


def compare_sites(world: World, most: int) -> None:
    """SQL and twin list the same lines, which add up to the counterparties."""
    closing = close_window(world.group, now=NOON)
    partners = [row.partner for row in closing.positions]
    statement_contents.MOST_SITE_LINES, before = most, statement_contents.MOST_SITE_LINES
    try:
        gathered = statement_contents.gather(closing.settlement, partners, now=NOON)
    finally:
        statement_contents.MOST_SITE_LINES = before

    expected = site_lines(records_of(world), most=most)

    for partner in partners:
        lines = gathered.sites[partner.pk]
        assert [told(line) for line in lines] == [
            (key.party, key.role, key.site, key.month, *figures, figures.net_minor)
            for key, figures in expected
            if key.partner == partner.pk
        ]
        for figure in FIGURES:
            assert sum(getattr(line, figure) for line in lines) == sum(
                getattr(line, figure) for line in gathered.counterparties[partner.pk]
            ), figure


def told(line: SiteLine) -> tuple:
    site = (line.site, line.city, line.country_code)
    return (
        *(line.party, line.role, site, line.month, line.sdrs, line.billed_sdrs),
        *(Decimal(line.energy_kwh), line.sold_claim_minor, line.bought_claim_minor),
        *(line.commission_minor, line.left_out, line.net_minor),
    )


def records_of(world: World) -> list[SiteRecord]:
    parties = {party.pk: party for party in Party.objects.all()}
    zone = ZoneInfo(world.group.time_zone)
    records = []
    for row in ClearedSdr.objects.filter(window__state__in=["CLOSED", "IN_SETTLEMENT", "SETTLED"]):
        sdr = Sdr.objects.get(pk=row.pk)
        seller, buyer = parties[row.seller_id], parties[row.buyer_id]
        records.append(
            SiteRecord(
                seller=(row.seller_partner_id, seller.code, seller.role),
                buyer=(row.buyer_partner_id, buyer.code, buyer.role),
                site=(sdr.location_name, sdr.location_city, sdr.location_country),
                month=f"{row.ended_at.astimezone(zone):%Y-%m}",
                is_billed=row.is_billed,
                energy_kwh=row.energy_kwh,
                claim_minor=row.claim_minor,
                commission_minor=row.commission_minor,
                beneficiary=row.commission_beneficiary,
            )
        )
    return records


@database
@given(told=stories, beneficiaries=beneficiaries, most=st.integers(1, 6))
def test_of_any_records_are_what_the_twin_says(told, beneficiaries, most):
    by = {"rates": ["0.1", "0.015"], "beneficiaries": beneficiaries}

    undone(lambda world: compare_sites(world, most), told=[*told, Story(Decimal(1))], by=by)
