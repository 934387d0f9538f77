"""Staff see tariffs, notices and the trace of a price; partners' people see none of it here."""

import pytest
from django.urls import reverse

from tests import makers
from tests.makers import NOON, later, take_one
from tests.roaming.tariff_world import per_kwh, published

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def notice():
    """0.59 is told at noon for tomorrow; 0.49 counts."""
    makers.AgreementMaker()
    first = published(per_kwh("0.49"))
    second = published(per_kwh("0.59"), at=NOON, valid_from=later(days=1), replaces=first.tariff)
    return second.notices.get()


def page(client, name: str, *args: object) -> str:
    answer = client.get(reverse(f"admin:roaming_{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_notice_tells_both_prices_and_what_happens_next(client, notice):
    client.force_login(makers.StaffMaker())

    assert "WAITING" in page(client, "tariffnotice_changelist")
    told = page(client, "tariffnotice_change", notice.pk)
    assert "The old version counts until the notice has run" in told
    assert "0.49" in told
    assert "0.59" in told


def test_a_tariff_shows_its_versions_and_who_was_told(client, notice):
    client.force_login(makers.StaffMaker())
    published(per_kwh("0.49", tax_included="NO"), at=later(hours=1), replaces=notice.version.tariff)

    assert "NLX-AC" in page(client, "tariff_changelist")
    told = page(client, "tariff_change", notice.version.tariff_id)
    assert "TAX_MODEL_UNSUPPORTED" in told
    assert ">Version 2</a>" in told
    assert "FR*VOL" in told


def test_empty_lists_say_where_rows_come_from(client):
    client.force_login(makers.StaffMaker())

    assert "publish their tariffs by the API" in page(client, "tariff_changelist")
    assert "when its seller publishes" in page(client, "tariffnotice_changelist")


def test_a_record_shows_how_our_price_is_made_up(client, notice):
    client.force_login(makers.StaffMaker())
    taken = take_one(tariff_id="NLX-AC", total_amount="11.80", items=None)

    told = page(client, "sdr_change", taken.record_id)

    assert "How our price is made up" in told
    assert "beyond the tolerance" in told
    assert "2.78" in told


def test_partners_people_are_refused(client, notice):
    client.force_login(makers.PartnerUserMaker(partner=makers.partner_of(makers.nordlicht())))

    for name, args in (
        ("tariff_changelist", ()),
        ("tariff_change", (notice.version.tariff_id,)),
        ("tariffnotice_changelist", ()),
        ("tariffnotice_change", (notice.pk,)),
    ):
        assert client.get(reverse(f"admin:roaming_{name}", args=args)).status_code in (302, 403)
