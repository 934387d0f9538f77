"""A statement splits its services by supply month: late records stand with their own month."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from billing.documents.content import from_json
from billing.documents.statement_text import shown
from billing.services import statement_contents
from billing.services.closing import close_window
from tests.billing.stories import Story, World, a_world, close_october, tell
from tests.billing.test_twins_of_part_three import beneficiaries, database, stories, undone
from tests.makers import NOON, nordlicht, partner_of

pytestmark = pytest.mark.django_db

FIGURES = ("sdrs", "billed_sdrs", "sold_claim_minor", "bought_claim_minor", "commission_minor")
# 23:30 in Brussels on the last of September, and half an hour past midnight in October.
SEPTEMBER = datetime(2026, 9, 30, 21, 30, tzinfo=UTC)
OCTOBER = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)


def test_late_records_stand_with_their_month():
    world = a_world()
    close_october(world)
    tell(
        world,
        Story(Decimal("10.00"), ended_at=SEPTEMBER),
        Story(Decimal("20.00"), ended_at=OCTOBER),
        Story(Decimal("-4.00"), ended_at=OCTOBER),
        Story(Decimal("30.00")),
    )

    closing = close_window(world.group, now=NOON)

    document = closing.settlement.documents.get(partner=partner_of(nordlicht()))
    content = from_json(document.content)
    assert [
        (line.month, line.sdrs, line.sold_claim_minor, line.net_minor) for line in content.months
    ] == [
        ("2026-09", 1, 1000, 900),
        ("2026-10", 2, 1600, 1440),
        ("2026-11", 1, 3000, 2700),
    ]
    lines = shown(content)["months"]
    assert [(line["name"], line["net"]) for line in lines] == [
        ("September 2026", "9.00"),
        ("October 2026", "14.40"),
        ("November 2026", "27.00"),
    ]


def test_one_month_is_told_by_the_title_alone():
    world = a_world()
    tell(world, Story(Decimal("10.00")))

    closing = close_window(world.group, now=NOON)

    content = from_json(closing.settlement.documents.first().content)
    assert len(content.months) == 1
    assert shown(content)["months"] == []


def compare_months(world: World) -> None:
    """Months and counterparties of each partner are the same services, figure by figure."""
    closing = close_window(world.group, now=NOON)
    partners = [row.partner for row in closing.positions]
    gathered = statement_contents.gather(closing.settlement, partners, now=NOON)

    for partner in partners:
        lines, months = gathered.counterparties[partner.pk], gathered.months[partner.pk]
        for figure in FIGURES:
            assert sum(getattr(line, figure) for line in lines) == sum(
                getattr(line, figure) for line in months
            ), figure
        assert sum(Decimal(line.energy_kwh) for line in lines) == sum(
            Decimal(line.energy_kwh) for line in months
        )


@database
@given(told=stories, beneficiaries=beneficiaries)
def test_of_any_records_add_up_to_the_counterparties(told, beneficiaries):
    by = {"rates": ["0.1", "0.015"], "beneficiaries": beneficiaries}

    undone(compare_months, told=[*told, Story(Decimal(1))], by=by)
