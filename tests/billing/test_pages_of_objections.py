"""Objections in the portal and in the admin: raised by finance people, answered by staff."""

import pytest
import time_machine
from django.urls import reverse

from billing.models import Objection
from billing.services import settling
from partners.models import AuditEvent, User
from tests.billing.objection_world import (
    NEXT_DAY,
    UNTIL,
    a_waiting_settlement,
    an_adjustment,
    an_issued_settlement,
    objected,
    somebody,
    statement_of,
)
from tests.makers import PartnerUserMaker, laterne, partner_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NEXT_DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world():
    return a_waiting_settlement()


def page_of(objection: Objection, name: str = "change") -> str:
    return reverse(f"admin:billing_objection_{name}", args=[objection.pk])


def text(response) -> str:
    return response.content.decode()


class TestPortal:
    def logged_in(self, client, oracle, letter="A"):
        client.force_login(PartnerUserMaker(partner=oracle.partners[letter], username="finance"))

    def test_raises_one_and_shows_the_answer(self, client, world):
        oracle, _ = world
        document = statement_of(*world)
        url = reverse("portal:object", args=[document.pk])
        self.logged_in(client, oracle)
        assert url in text(client.get(reverse("portal:home")))
        assert "You may object until" in text(client.get(url))

        done = client.post(
            url,
            {"text": "A day is missing", "amount": "12.50", "counterparty": "DE*BBB"},
            follow=True,
        )

        raised = Objection.objects.get()
        assert (raised.amount_minor, raised.raised_by) == (1250, "finance")
        assert "Waits for an answer" in text(done)
        raised.state, raised.answer, raised.answered_at = "REJECTED", "It is on page 2.", NEXT_DAY
        raised.save()
        listed = text(client.get(reverse("portal:objections")))
        assert "It is on page 2." in listed
        assert "12.50 EUR" in listed
        assert reverse("portal:objections") in text(client.get(reverse("portal:statements")))

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"text": ""}, "This field is required"),
            ({"amount": "0"}, "above zero in EUR"),
            ({"amount": "1.505"}, "may be read in two ways"),
            ({"amount": "0.005"}, "above zero in EUR"),
            ({"amount": "99999999999999.999"}, "no more than"),
            ({"counterparty": "FR*VOL"}, "Select a valid choice"),
        ],
    )
    def test_says_what_is_wrong(self, client, world, changes, told):
        self.logged_in(client, world[0])
        url = reverse("portal:object", args=[statement_of(*world).pk])

        answer = client.post(url, {"text": "t"} | changes)

        assert answer.status_code == 422
        assert told in text(answer)
        assert not Objection.objects.exists()

    def test_offers_none_after_the_time_and_none_where_cancelled(self, client, world, clock):
        self.logged_in(client, world[0])
        url = reverse("portal:object", args=[statement_of(*world).pk])
        clock.move_to(UNTIL.replace(minute=1))
        late = client.get(url)
        home = client.get(reverse("portal:home"))
        refused = client.post(url, {"text": "t"})
        clock.move_to(NEXT_DAY)
        settling.cancel(world[1], reason="a fee is missing", now=NEXT_DAY)
        cancelled = client.get(url)

        assert "were possible until 2027-02-11 11:00 UTC" in text(late)
        assert '<form method="post" class="stack' not in text(late)
        assert url not in text(home)
        assert refused.status_code == 422
        assert "was cancelled" in text(cancelled)
        assert not Objection.objects.exists()

    def test_takes_objections_to_a_final_statement(self, client):
        oracle, settlement = an_issued_settlement()
        self.logged_in(client, oracle)
        url = reverse("portal:object", args=[statement_of(oracle, settlement).pk])

        assert url in text(client.get(reverse("portal:statements")))
        client.post(url, {"text": "wrong fee"})

        assert Objection.objects.get().document.kind == "STATEMENT"

    def test_shows_strangers_nothing(self, client, world):
        own = objected(*world, text="ours alone")
        url = reverse("portal:object", args=[own.document_id])
        for partner in (world[0].partners["B"], partner_of(laterne())):
            client.force_login(PartnerUserMaker(partner=partner))
            assert client.get(url).status_code == 404
            assert client.post(url, {"text": "t"}).status_code == 404
            assert "ours alone" not in text(client.get(reverse("portal:objections")))
        assert Objection.objects.count() == 1

    def test_says_what_to_do_where_there_is_none(self, client, world):
        self.logged_in(client, world[0])

        assert "You have not objected" in text(client.get(reverse("portal:objections")))


class TestAdmin:
    def test_rejects_with_grounds(self, client, world):
        raised = objected(*world)
        client.force_login(somebody())
        assert "Reject…" in text(client.get(page_of(raised)))
        assert "a day is missing" in text(client.get(page_of(raised, "reject")))

        short = client.post(page_of(raised, "reject"), {"answer": "no"})
        done = client.post(page_of(raised, "reject"), {"answer": "It is on page 2."}, follow=True)

        raised.refresh_from_db()
        assert short.status_code == 200
        assert (raised.state, raised.answered_by) == ("REJECTED", "olga")
        assert "It is on page 2." in text(done)
        assert AuditEvent.objects.get(action="objection.rejected").reason == "It is on page 2."
        again = client.post(page_of(raised, "reject"), {"answer": "once more"})
        assert "REJECTED already" in text(again)

    def test_upholds_and_cancels_the_calculation(self, client, world):
        raised = objected(*world)
        client.force_login(somebody())
        assert "Cancel the calculation" in text(client.get(page_of(raised, "uphold")))

        done = client.post(
            page_of(raised, "uphold"),
            {"answer": "The fee is wrong.", "mended_by": "CANCELLATION"},
            follow=True,
        )

        world[1].refresh_from_db()
        assert world[1].state == "CANCELLED"
        settlement = reverse("admin:billing_settlement_change", args=[world[1].pk])
        assert settlement in text(done)

    def test_upholds_with_an_adjustment_of_the_partner_alone(self, client, world):
        oracle, _ = world
        raised = objected(*world)
        own, foreign = an_adjustment(oracle), an_adjustment(oracle, "B")
        client.force_login(somebody())
        answer = {"answer": "Next month."}

        page = text(client.get(page_of(raised, "uphold")))
        wrong = client.post(
            page_of(raised, "uphold"), answer | {"mended_by": f"adjustment:{foreign.pk}"}
        )
        done = client.post(
            page_of(raised, "uphold"), answer | {"mended_by": f"adjustment:{own.pk}"}, follow=True
        )

        assert str(own.pk) in page
        assert str(foreign.pk) not in page
        assert "Select a valid choice" in text(wrong)
        raised.refresh_from_db()
        assert raised.adjustment == own
        url = reverse("admin:billing_manualadjustment_change", args=[own.pk])
        assert url in text(done)

    def test_of_a_final_statement_says_what_to_make_first(self, client):
        raised = objected(*an_issued_settlement())
        client.force_login(somebody())

        page = text(client.get(page_of(raised, "uphold")))

        assert "make the adjustment or the correction run first" in page

    def test_stands_on_the_pages_of_the_release_which_waits(self, client, world):
        raised = objected(*world)
        client.force_login(somebody())
        _, settlement = world
        change, ask = (
            reverse(f"admin:billing_settlement_{name}", args=[settlement.pk])
            for name in ("change", "request")
        )

        assert "answer the objections: 1" in text(client.get(reverse("admin:index")))
        assert page_of(raised) in text(client.get(change))
        assert "Answer the objections first" in text(client.get(ask))
        client.post(ask, {"reason": "month-end"})
        assert not AuditEvent.objects.filter(action="settlement.release_requested").exists()
        client.post(page_of(raised, "reject"), {"answer": "It is on page 2."})
        client.post(ask, {"reason": "month-end"})
        assert AuditEvent.objects.filter(action="settlement.release_requested").exists()

    def test_the_release_page_says_until_when_more_may_come(self, client, world, clock):
        client.force_login(somebody())
        ask = reverse("admin:billing_settlement_request", args=[world[1].pk])

        before = text(client.get(ask))
        clock.move_to(UNTIL.replace(minute=1))

        assert "may object until 11 Feb 2027, 12:00" in before
        assert "may object until" not in text(client.get(ask))

    def test_lists_by_state(self, client, world, django_assert_max_num_queries):
        for number in range(5):
            objected(*world, text=f"no. {number}")
        client.force_login(somebody())
        url = reverse("admin:billing_objection_changelist")

        with django_assert_max_num_queries(12):
            page = client.get(f"{url}?state__exact=OPEN")

        assert len(page.context["cl"].result_list) == 5

    def test_refuses_partners_and_staff_without_the_right(self, client, world):
        raised = objected(*world)
        addresses = [
            reverse("admin:billing_objection_changelist"),
            *(page_of(raised, name) for name in ("change", "uphold", "reject")),
        ]
        client.force_login(PartnerUserMaker(partner=world[0].partners["A"]))
        for address in addresses:
            assert client.get(address).status_code == 302
            assert "/login/" in client.get(address).url
        client.force_login(User.objects.create(username="new", is_staff=True))
        for address in addresses:
            assert client.get(address).status_code == 403
        raised.refresh_from_db()
        assert raised.state == "OPEN"
