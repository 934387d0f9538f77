"""How our price of a record is made up, on the portal: both sides see it, nobody else does."""

from decimal import Decimal
from uuid import UUID

import pytest
import time_machine
from django.urls import reverse

from roaming.models import SdrRating
from roaming.services.rating import rerate
from tests.makers import (
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    later,
    laterne,
    nordlicht,
    partner_of,
    take_one,
    voltaire,
)
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(later(hours=1), tick=False):
        yield


@pytest.fixture
def rated():
    """18.4 kWh at 0.49, a start fee of 0.35, 19 % VAT on the energy."""
    AgreementMaker()
    flat = {"type": "FLAT", "price": 0.35, "step_size": 1}
    published(per_kwh("0.49", flat, vat="19"))
    return UUID(take_one(tariff_id="NLX-AC", received_at=NOON).record_id)


def page_for(client, party, record_id):
    client.force_login(PartnerUserMaker(partner=partner_of(party)))
    return client.get(reverse("portal:record", args=[record_id]))


@pytest.mark.parametrize("side", [nordlicht, voltaire])
def test_each_side_sees_each_line(client, rated, side):
    page = page_for(client, side(), rated)

    told = page.content.decode()
    rating = SdrRating.objects.get(record_id=rated)
    assert page.context["ratings"] == {rated: rating}
    lines = rating.trace
    assert sum(Decimal(line["excl_vat"]) for line in lines) == rating.total_excl_tax
    assert told.count('<th role="rowheader"') == len(lines) == 3
    for words in (
        "Our price by the tariff",
        "NLX-AC</a>, version 1",
        "Rounding",
        "18.4 <small>kWh",
    ):
        assert words in told, words
    assert "9.016" in told  # 18.4 × 0.49, before it is rounded


def test_a_stranger_sees_nothing_of_it(client, rated):
    page = page_for(client, laterne(), rated)

    assert page.status_code == 404
    assert "Our price" not in page.content.decode()


def test_a_record_that_nothing_prices_has_no_such_part(client):
    AgreementMaker()
    record_id = take_one(received_at=NOON).record_id

    assert "Our price" not in page_for(client, nordlicht(), record_id).content.decode()


def test_a_record_that_was_rated_again_shows_the_newest_and_why(client, rated):
    version = published(per_kwh("0.59"), replaces=SdrRating.objects.get().tariff_version.tariff)
    assert version.version == 2
    assert rerate([rated], reason="the seller put its tariff right", now=NOON).changed == [rated]

    told = page_for(client, voltaire(), rated).content.decode()

    assert "NLX-AC</a>, version 2" in told
    assert "the seller put its tariff right" in told
