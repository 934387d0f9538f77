"""Portal pages of tariffs: what each side sees, the buyer's answer, and nothing for strangers."""

import re

import pytest
import time_machine
from django.urls import reverse

from partners.models import Mandate
from roaming.models import Delivery, Tariff, TariffNotice
from tests import makers
from tests.makers import LONG_AGO, NOON, PartnerUserMaker, StaffMaker, later, partner_of
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db
LIST = reverse("tariffs:list")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(later(hours=1), tick=False):
        yield


@pytest.fixture
def notice():
    """Nordlicht raises its price from 0.49 to 0.59 from tomorrow on; 14 days are agreed."""
    makers.AgreementMaker()
    first = published(per_kwh("0.49", vat="19"))
    makers.take(
        *(
            makers.numbered_record(
                number,
                tariff_id="NLX-AC",
                started_at="2026-10-14T10:00:00Z",
                ended_at="2026-10-14T11:00:00Z",
            )
            for number in range(1, 3)
        ),
        received_at=later(days=-20),
    )
    published(per_kwh("0.59"), at=NOON, valid_from=later(days=1), replaces=first.tariff)
    return TariffNotice.objects.get(version__version=2)


@pytest.fixture
def people(client):
    """Log in as somebody of a party's partner."""

    def of(party):
        client.force_login(PartnerUserMaker(partner=partner_of(party)))
        return client

    return of


def notice_page(notice) -> str:
    return reverse("tariffs:notice", args=[notice.pk])


def answer(notice, verb: str) -> str:
    return reverse("tariffs:answer", args=[notice.pk, verb])


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def buttons(page) -> set[str]:
    main = page.content.decode().partition("<main")[2]
    return set(re.findall(r"<summary>([^<]*)</summary>", main))


class TestTheList:
    def test_tells_the_buyer_what_waits_for_it(self, people, notice):
        client = people(makers.voltaire())

        text = words(client.get(LIST))
        home = words(client.get(reverse("portal:home")))

        assert "NLX-AC Nordlicht DE*NLX EUR version 1" in text
        assert "an increase waits for you" in text
        assert "1 price increase waits for your answer" in home
        assert "NLX-AC" in words(client.get(f"{LIST}?show=mine"))

    def test_tells_the_seller_what_waits_for_its_buyers(self, people, notice):
        client = people(makers.nordlicht())

        text = words(client.get(LIST))

        assert "NLX-AC yours" in text
        assert "1 increase waits for a provider's consent" in text
        assert "No increase waits for you" in words(client.get(f"{LIST}?show=mine"))
        assert "price increase" not in words(client.get(reverse("portal:home")))

    def test_is_empty_with_a_way_on(self, people):
        assert "publish their tariffs by the interface" in words(people(makers.fjell()).get(LIST))

    def test_pages_and_costs_the_same_for_many(self, people, notice, django_assert_max_num_queries):
        for number in range(60):
            published(per_kwh("0.49", id=f"T-{number:02d}"))
        client = people(makers.voltaire())

        # Session, person, partner, role; then the reader, owned parties and the tariffs.
        with django_assert_max_num_queries(20):
            page = client.get(LIST)

        further = client.get(f"{LIST}?after={page.context['further']}")
        shown = [line.row.name for one in (page, further) for line in one.context["lines"]]
        assert (len(page.context["lines"]), len(shown)) == (50, 61)
        assert len(set(shown)) == 61


class TestATariff:
    def test_shows_what_counts_and_each_version_with_its_prices(self, people, notice):
        page = people(makers.voltaire()).get(
            reverse("tariffs:tariff", args=[notice.version.tariff_id])
        )

        text = words(page)
        assert "for FR*VOL version 1" in text
        assert "waits for consent until 28 Nov 2026, 00:00" in text
        assert "Energy 0.59 EUR kWh not stated" in text
        assert "Energy 0.49 EUR kWh 19 %" in text

    def test_of_which_no_record_can_be_priced_says_why_to_its_seller_alone(self, people, notice):
        published({"id": "X", "currency": "EUR", "elements": []})
        unusable = reverse("tariffs:tariff", args=[Tariff.objects.get(tariff_id="X").pk])

        assert "NO_ELEMENTS" in words(people(makers.nordlicht()).get(unusable))
        theirs = words(people(makers.voltaire()).get(unusable))
        assert "NO_ELEMENTS" not in theirs


class TestAnIncrease:
    def test_shows_old_new_and_the_effect_on_last_month(self, people, notice):
        text = words(people(makers.voltaire()).get(notice_page(notice)))

        assert "Waits for the provider's consent; the old price counts." in text
        assert "Energy per kWh 0.49 0.59" in text
        assert "Month 2026-10 Records 2" in text
        assert "By the old version 18.04 EUR By the new version 21.72 EUR" in text
        assert "More per record, on average 1.84 EUR In percent 20.40 %" in text

    def test_is_refused_and_later_consented_to_by_its_buyer(self, people, notice):
        client = people(makers.voltaire())
        assert buttons(client.get(notice_page(notice))) == {"Consent", "Refuse"}

        done = client.post(answer(notice, "refuse"), {"reason": "too late"}, follow=True)
        assert "Refused: the old price counts until 28 November 2026, 00:00." in words(done)
        assert buttons(done) == {"Consent"}
        again = client.post(answer(notice, "refuse"), {"reason": ""})
        assert (again.status_code, "only a consent can follow" in words(again)) == (409, True)
        done = client.post(answer(notice, "consent"), {"reason": "for our drivers"}, follow=True)

        notice.refresh_from_db()
        assert (notice.state, notice.counts_from_at) == ("COUNTS", later(days=1))
        assert notice.answered_by == partner_of(makers.voltaire()).users.get().username
        assert notice.reason == "for our drivers"
        assert "It counts from 15 November 2026, 13:00." in words(done)
        assert buttons(done) == set()
        told = Delivery.objects.filter(receiver=makers.nordlicht(), kind="TARIFF")
        assert {(one.subject_id, one.subject_version) for one in told} == {
            (notice.pk, 1),
            (notice.pk, 2),
        }

    def test_is_read_by_the_seller_and_not_answered(self, people, notice):
        client = people(makers.nordlicht())

        assert buttons(client.get(notice_page(notice))) == set()
        refused = client.post(answer(notice, "consent"), {"reason": ""})
        assert (refused.status_code, "only the buyer answers" in words(refused)) == (409, True)
        notice.refresh_from_db()
        assert notice.state == "WAITING"

    def test_is_read_by_an_agent_and_not_answered(self, people, notice):
        buyer = makers.voltaire()
        mandate = Mandate.objects.create(
            grantor=partner_of(buyer),
            agent=partner_of(makers.laterne()),
            verbs=[Mandate.Verb.READ_SDR],
            starts_at=LONG_AGO,
        )
        mandate.parties.add(buyer)
        client = people(makers.laterne())

        page = client.get(notice_page(notice))

        assert (page.status_code, buttons(page)) == (200, set())
        assert client.post(answer(notice, "consent"), {"reason": ""}).status_code == 409

    @pytest.mark.parametrize(
        ("verb", "reason", "status"),
        [("shrug", "", 404), ("consent", "x" * 501, 422), ("consent", "a\0b", 422)],
    )
    def test_takes_no_other_word(self, people, notice, verb, reason, status):
        client = people(makers.voltaire())

        assert client.post(answer(notice, verb), {"reason": reason}).status_code == status
        assert client.get(answer(notice, verb)).status_code == 405
        notice.refresh_from_db()
        assert notice.state == "WAITING"

    def test_is_not_answered_once_its_notice_has_run(self, people, notice):
        client = people(makers.voltaire())

        with time_machine.travel(later(days=20), tick=False):
            client = people(makers.voltaire())
            page = client.get(notice_page(notice))
            late = client.post(answer(notice, "consent"), {"reason": ""})

        assert "Its notice has run" in words(page)
        assert buttons(page) == set()
        assert (late.status_code, "The notice has run" in words(late)) == (409, True)


@pytest.mark.parametrize("who", [makers.laterne, makers.fjell, makers.polder])
def test_a_stranger_sees_no_tariff_and_no_notice(people, notice, who):
    client = people(who())

    assert "NLX-AC" not in words(client.get(LIST))
    assert client.get(reverse("tariffs:tariff", args=[notice.version.tariff_id])).status_code == 404
    assert client.get(notice_page(notice)).status_code == 404
    assert client.post(answer(notice, "consent"), {"reason": ""}).status_code == 404
    notice.refresh_from_db()
    assert notice.state == "WAITING"


def test_another_buyer_sees_the_tariff_but_not_the_notice(people, notice):
    makers.AgreementMaker(buyer=makers.fjell())
    client = people(makers.fjell())

    page = client.get(reverse("tariffs:tariff", args=[notice.version.tariff_id]))

    assert page.status_code == 200
    assert "FR*VOL" not in words(page)
    assert client.get(notice_page(notice)).status_code == 404


def test_staff_and_nobody_are_sent_away(client, notice):
    assert client.get(LIST).url.startswith("/account/login/")
    client.force_login(StaffMaker())
    assert client.get(notice_page(notice)).url == reverse("admin:index")
