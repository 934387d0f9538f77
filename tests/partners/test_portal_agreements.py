"""Portal pages of agreements and offers: each side plays its part, strangers see none."""

import re

import pytest
import time_machine
from django.urls import reverse

from partners.models import AgreementOffer, Party, RoamingAgreement
from roaming.models import Delivery
from roaming.services import agreement_news
from roaming.tasks import tell_of_offers
from tests.makers import (
    NOON,
    AgreementMaker,
    GroupMaker,
    PartyMaker,
    StaffMaker,
    fjell,
    later,
    laterne,
    nordlicht,
    partner_of,
    polder,
    staff_of,
    voltaire,
)
from tests.partners.offer_world import joined, offered, person_of

pytestmark = pytest.mark.django_db
LIST, OFFERS, NEW = (reverse(f"agreements:{name}") for name in ("list", "offers", "new"))


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(later(hours=1), tick=False):
        yield


@pytest.fixture
def enter(client):
    def of(party: Party, role: str = "partner-admin"):
        client.force_login(person_of(party, role))
        return client

    return of


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def address(offer: AgreementOffer, verb: str = "") -> str:
    if verb:
        return reverse("agreements:answer", args=[offer.pk, verb])
    return reverse("agreements:offer", args=[offer.pk])


def filled(**changes: object) -> dict[str, object]:
    fields = {
        "maker": nordlicht().pk,
        "relation": "sells",
        "other": "fr-vol",
        "service_class": "CHARGING",
        "mode": "CLEARED_PO",
        "group": GroupMaker().pk,
        "starts_on": "2027-01-01",
        "ends_on": "2027-12-31",
        "price_basis": "EXCL_TAX",
        "reduction_percent": "1.5",
        "acceptance": "DEEMED",
        "acceptance_days": "5",
        "warn_after_days": "",
        "refuse_after_days": "60",
        "tariff_notice_days": "30",
        "note": "As we said on Monday.",
    }
    return fields | changes


class TestTheWay:
    def test_an_offer_is_made_read_and_accepted(self, enter):
        joined(nordlicht(), voltaire())
        answer = enter(nordlicht()).post(NEW, filled(), follow=True)
        assert "Offered. Nothing is in force" in words(answer)
        # Whether anybody has the code is not told.
        assert "Voltaire" not in words(answer)
        offer = AgreementOffer.objects.get()

        buyer = enter(voltaire())
        assert "Nordlicht offers you an agreement" in words(buyer.get(reverse("portal:home")))
        assert "1 offer waits for your answer" in words(buyer.get(LIST))
        told = words(buyer.get(address(offer)))
        for term in (
            "As we said on Monday.",
            "You would buy from Nordlicht",
            "the buyer pays 1.5 % less than the claim",
            "After 5 days without a dispute",
            "refused after 60 days",
            "31 Dec 2027",
        ):
            assert term in told
        assert "nordlicht-partner-admin" not in told

        done = buyer.post(address(offer, "accept"), follow=True)

        assert "the agreement is signed" in words(done)
        made = RoamingAgreement.objects.get()
        assert made.in_force_at is not None
        assert "Nordlicht" in words(buyer.get(f"{LIST}?show=coming"))
        page = words(buyer.get(reverse("agreements:agreement", args=[made.pk])))
        assert "It comes into force on 1 Jan 2027" in page
        assert "Offered in the portal and accepted" in page
        assert "Voltaire" in words(enter(nordlicht()).get(address(offer)))

    def test_an_offer_of_a_new_version_shows_what_changes(self, enter):
        joined(nordlicht(), voltaire())
        before = AgreementMaker(commission_rate=0)
        follows = f"{NEW}?follows={before.pk}"
        seller = enter(nordlicht())
        assert "New version with Voltaire" in words(seller.get(follows))
        form = {k: v for k, v in filled().items() if k not in ("maker", "relation", "other")}
        seller.post(follows, form)
        told = words(enter(voltaire()).get(address(AgreementOffer.objects.get())))
        assert "After 5 days without a dispute until now: As soon as the record is valid" in told

    def test_a_counter_offer_begins_with_what_was_offered(self, enter):
        offer = offered()
        buyer = enter(voltaire())
        counter = reverse("agreements:counter", args=[offer.pk])
        form = buyer.get(counter).context["form"]
        assert (form["acceptance_days"].value(), str(form["reduction_percent"].value())) == (5, "2")
        said = {k: v for k, v in filled().items() if k not in ("maker", "relation", "other")}

        answer = buyer.post(counter, said | {"reduction_percent": "4"}, follow=True)

        assert "It answers an earlier offer" in words(answer)
        assert "See the counter-offer" in words(enter(nordlicht()).get(address(offer)))

    def test_declining_tells_why_and_withdrawing_is_the_makers(self, enter):
        offer = offered()
        buyer = enter(voltaire())
        assert buyer.post(address(offer, "withdraw")).status_code == 409
        assert "Say why" in words(buyer.post(address(offer, "decline")))
        buyer.post(address(offer, "decline"), {"reason": "Too dear."})
        seller = enter(nordlicht())
        assert "Why: Too dear." in words(seller.get(address(offer)))
        other = offered(taker_code="FR*TWO")
        assert "Withdrawn: nobody" in words(seller.post(address(other, "withdraw"), follow=True))
        assert "Declined" in words(seller.get(OFFERS))
        assert seller.post(address(other, "sign")).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"other": "nobody"}, "such as DE*ABC"),
            ({"starts_on": "2026-11-01"}, "nobody agrees about the past"),
            ({"starts_on": "0001-01-01"}, "with its year"),
            ({"ends_on": "2026-12-01"}, "before the first one"),
            ({"mode": "CLEARED_PP"}, "does not join the roles"),
            ({"acceptance_days": ""}, "Say after how many days"),
            ({"other": "DE*NLX"}, "Both parties are yours"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_is_lost(self, enter, changes, told):
        joined(nordlicht())
        if changes.get("other") == "DE*NLX":
            PartyMaker(country_code="DE", party_id="NLX", role="CSP",
                       owned_by=partner_of(nordlicht()))  # fmt: skip
        page = enter(nordlicht()).post(NEW, filled(**changes))
        assert (page.status_code, AgreementOffer.objects.count()) == (422, 0)
        assert told in words(page)
        assert "As we said on Monday." in words(page)


class TestWhoMay:
    def test_only_administrators_agree_and_others_read(self, enter):
        offer = offered()
        for role in ("partner-operations", "partner-finance", "partner-read-only"):
            person = enter(voltaire(), role)
            told = words(person.get(address(offer)))
            assert "An administrator of your company may answer it" in told
            assert "Accept for my company" not in told
            assert "Offer an agreement…" not in words(person.get(LIST))
            for page in (NEW, reverse("agreements:counter", args=[offer.pk])):
                assert person.get(page).status_code == 403
            assert person.post(address(offer, "accept")).status_code == 403

    def test_strangers_learn_nothing(self, enter):
        agreement = AgreementMaker(commission_rate=0)
        offer = offered(service_class="PARKING")
        for stranger in (laterne(), polder(), fjell()):
            page = enter(stranger)
            assert "No agreement is in force" in words(page.get(LIST))
            assert "No offer was made or received" in words(page.get(OFFERS))
            for hidden in (
                address(offer),
                reverse("agreements:counter", args=[offer.pk]),
                reverse("agreements:agreement", args=[agreement.pk]),
                f"{NEW}?follows={agreement.pk}",
            ):
                assert page.get(hidden).status_code == 404
            assert page.post(address(offer, "accept")).status_code == 404
            suggested = page.get(NEW).content.decode()
            assert not [name for name in ("VOL", "Voltaire", "Nordlicht") if name in suggested]

    def test_staff_read_offers_and_change_none(self, client):
        offer = offered()
        client.force_login(staff_of("operator"))
        page = client.get(reverse("admin:partners_agreementoffer_changelist"))
        assert "Nordlicht DE*NLX CSO" in words(page)
        change = reverse("admin:partners_agreementoffer_change", args=[offer.pk])
        assert "Voltaire FR*VOL CSP" in words(client.get(change))
        client.force_login(StaffMaker())
        assert client.post(change, {"state": "ACCEPTED"}).status_code == 403


class TestLists:
    def test_show_what_holds_what_comes_and_what_was(self, enter):
        AgreementMaker(number="OLD", ends_at=later(days=-9))
        AgreementMaker(number="NOW", starts_at=later(days=-9), ends_at=later(days=9))
        AgreementMaker(number="SOON", starts_at=later(days=9))
        AgreementMaker(number="DRAFT", service_class="PARKING", in_force_at=None)
        page = enter(voltaire())
        shown = {
            name: {
                line.agreement.number for line in page.get(f"{LIST}?show={name}").context["lines"]
            }
            for name in ("current", "coming", "ended")
        }
        assert shown == {"current": {"NOW"}, "coming": {"SOON"}, "ended": {"OLD"}}

    @pytest.mark.parametrize("where", [LIST, OFFERS])
    def test_cost_the_same_for_many(self, enter, where, django_assert_max_num_queries):
        AgreementMaker(commission_rate=0)
        one, buyer = offered(service_class="PARKING"), fjell()
        for number in range(60):
            AgreementMaker(
                buyer=buyer, starts_at=later(days=-number - 1), ends_at=later(days=-number)
            )
            one.pk, one.taker_code = AgreementOffer._meta.pk.get_default(), f"FR*{number + 100}"
            one.save(force_insert=True)
        client = enter(nordlicht())
        where = f"{where}?show=ended" if where == LIST else where
        client.get(where)
        with django_assert_max_num_queries(8):
            page = client.get(where)
        assert len(page.context["lines"]) == 50
        more = "&" if "?" in where else "?"
        further = client.get(f"{where}{more}after={page.context['further']}")
        assert len(further.context["lines"]) in (10, 11)


class TestNews:
    def test_each_side_is_owed_each_news_once(self, enter):
        offer = offered()
        assert (tell_of_offers(), tell_of_offers()) == ({"told": 1}, {"told": 0})
        enter(voltaire()).post(address(offer, "decline"), {"reason": "No."})
        assert (tell_of_offers(), tell_of_offers()) == ({"told": 1}, {"told": 0})
        told = Delivery.objects.filter(kind="AGREEMENT").order_by("subject_version")
        assert [(one.receiver, one.subject_id, one.sequence) for one in told] == [
            (voltaire(), offer.pk, 1),
            (nordlicht(), offer.pk, 1),
        ]

    def test_what_ran_out_is_told_to_both_and_a_code_of_nobody_to_none(self):
        offer, nobody = offered(), offered(taker_code="FR*NIX")
        agreement_news.owe_news(now=NOON)
        for one in (offer, nobody):
            one.state, one.decided_by, one.decided_at = "EXPIRED", "system", one.expires_at
            one.save()
        assert agreement_news.owe_news(now=offer.expires_at) == 3
