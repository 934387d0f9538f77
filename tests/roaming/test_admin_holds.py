"""The hold queue as staff sees it: narrowed, taken, checked again, released by two, rejected."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.models import Approval, AuditEvent, User
from roaming.models import Hold, SdrEvent, SdrState
from roaming.services import holds
from tests import makers
from tests.makers import numbered_record, take

pytestmark = pytest.mark.django_db
LIST = "admin:roaming_hold_changelist"
LARGE = {"total_amount": "600.00", "items": [{"kind": "FEE", "amount": "600.00"}]}


@pytest.fixture
def waiting(agreement):
    """By name: one for a fact, one for a person, one that is worth more than 500."""
    takes = take(
        numbered_record(1),
        numbered_record(2, csp_id="IT*NEW", sdr_id="FACT"),
        numbered_record(3, service_session_id="S-00001", sdr_id="PERSON"),
        numbered_record(4, service_session_id="S-00001", sdr_id="LARGE", **LARGE),
    )
    return {one.sdr_id: one.record_id for one in takes[1:]}


def page(name: str, *record_ids: str) -> str:
    return f"{reverse(f'admin:roaming_hold_{name}')}?ids={','.join(record_ids)}"


def listed(client, query: str) -> list[str]:
    answer = client.get(f"{reverse(LIST)}?{query}")
    assert answer.status_code == 200, query
    return [state.sdr_id for state in answer.context["cl"].result_list]


def state_of(record_id: str) -> str:
    return SdrState.objects.get(id=record_id).state


class TestQueue:
    def test_is_narrowed_by_what_matters(self, client, waiting, agreement, olga, noon):
        client.force_login(olga)
        holds.assign([waiting["FACT"]], owner=olga, by=olga, now=makers.NOON)
        sender = makers.partner_of(makers.nordlicht())

        narrowed = {
            query: sorted(listed(client, query))
            for query in (
                "code=V003",
                f"sender={sender.pk}",
                "agreement=none",
                f"agreement={agreement.number}",
                "value=large",
                "owner=me",
                "owner=nobody",
                "age=1",
                "expires=7",
                "q=PERSON",
                "sender=nonsense&owner=nonsense",
            )
        }

        assert narrowed == {
            "code=V003": ["FACT"],
            f"sender={sender.pk}": ["FACT", "LARGE", "PERSON"],
            "agreement=none": ["FACT"],
            f"agreement={agreement.number}": ["LARGE", "PERSON"],
            "value=large": ["LARGE"],
            "owner=me": ["FACT"],
            "owner=nobody": ["LARGE", "PERSON"],
            "age=1": [],
            "expires=7": [],
            "q=PERSON": ["PERSON"],
            "sender=nonsense&owner=nonsense": ["FACT", "LARGE", "PERSON"],
        }
        noon.move_to(makers.later(days=25))
        client.force_login(olga)
        assert len(listed(client, "age=21&expires=7")) == 3

    def test_is_sorted_by_value(self, client, waiting, olga):
        client.force_login(olga)

        assert listed(client, "o=-5")[0] == "LARGE"
        assert listed(client, "o=5")[-1] == "LARGE"

    def test_costs_as_many_queries_with_many_rows(self, client, agreement, olga):
        client.force_login(olga)
        costs = []
        for numbers in (range(1, 4), range(4, 61)):
            take(*(numbered_record(number, csp_id="IT*NEW") for number in numbers))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(LIST)).status_code == 200
            costs.append(len(queries))

        assert costs[0] == costs[1] <= 8
        assert [one["sql"] for one in queries if "COUNT(" in one["sql"].upper()] == []
        second = client.get(f"{reverse(LIST)}?p=2").context["cl"]
        assert len(second.result_list) == 10

    def test_tells_what_cures_a_record(self, client, waiting, olga):
        client.force_login(olga)
        told = client.get(reverse("admin:roaming_hold_change", args=[waiting["FACT"]]))
        text = told.content.decode()

        assert "Set up the home-CSP" in text
        assert "by itself" in text

    def test_leads_to_the_record_when_the_hold_is_over(self, client, waiting, olga):
        client.force_login(olga)
        holds.reject([waiting["FACT"]], reason="wrong", user=olga, now=makers.NOON)
        url = reverse("admin:roaming_hold_change", args=[waiting["FACT"]])

        answer = client.get(url)

        assert answer.url == reverse("admin:roaming_sdr_change", args=[waiting["FACT"]])


class TestWork:
    def test_starts_from_ticked_rows(self, client, waiting, olga):
        client.force_login(olga)
        ticked = [waiting["FACT"], waiting["PERSON"]]

        answer = client.post(reverse(LIST), {"action": "take", "_selected_action": ticked})
        shown = client.get(answer.url).content.decode()
        client.post(answer.url)

        assert "Look after 2 records?" in shown
        assert Hold.objects.filter(owner=olga).count() == 2
        assert AuditEvent.objects.filter(action="hold.assigned", actor="olga").count() == 2

    def test_is_given_to_somebody_else_and_back(self, client, waiting, olga, nils):
        client.force_login(olga)
        client.post(page("give", waiting["FACT"]), {"owner": nils.pk})
        assert Hold.objects.get(record_id=waiting["FACT"]).owner == nils
        client.post(page("give", waiting["FACT"]), {"owner": ""})

        assert Hold.objects.get(record_id=waiting["FACT"]).owner is None

    def test_checks_again_when_the_fact_is_there(self, client, waiting, olga):
        client.force_login(olga)
        new = makers.PartnerMaker(name="New")
        party = makers.PartyMaker(
            country_code="IT", party_id="NEW", role="CSP", partner=new, owned_by=new
        )
        makers.AgreementMaker(buyer=party)

        answer = client.post(page("check", *waiting.values()), follow=True)

        said = [str(message) for message in answer.context["messages"]]
        assert said == ["Checked again: 1 went on, 2 still held."]
        assert state_of(waiting["FACT"]) == "ACCEPTED"

    def test_releases_a_small_claim_for_a_reason(self, client, waiting, olga):
        client.force_login(olga)
        client.post(page("release", waiting["PERSON"]), {"reason": ""})
        assert state_of(waiting["PERSON"]) == "HELD"
        client.post(page("release", waiting["PERSON"]), {"reason": "two cars, seen on the camera"})

        assert state_of(waiting["PERSON"]) == "ACCEPTED"
        event = SdrEvent.objects.get(record_id=waiting["PERSON"], version=2)
        assert (event.actor, event.reason) == ("olga", "two cars, seen on the camera")

    def test_says_why_a_record_without_a_buyer_is_not_released(self, client, waiting, olga):
        client.force_login(olga)
        asked = client.get(page("release", waiting["FACT"])).content.decode()
        client.post(page("release", waiting["FACT"]), {"reason": "let it go please"})

        assert "It cannot be released yet" in asked
        assert reverse("admin:partners_party_changelist") in asked
        assert 'name="reason"' not in asked  # nothing to fill in for nothing
        assert state_of(waiting["FACT"]) == "HELD"

    def test_of_many_says_which_were_not_released(self, client, waiting, olga):
        client.force_login(olga)
        both = page("release", waiting["FACT"], waiting["PERSON"])

        answer = client.post(both, {"reason": "two cars, seen on the camera"}, follow=True)

        [said] = [str(message) for message in answer.context["messages"]]
        assert said.startswith("1 record released, 1 record not released: ")
        assert (state_of(waiting["FACT"]), state_of(waiting["PERSON"])) == ("HELD", "ACCEPTED")

    def test_releases_a_large_claim_by_two(self, client, waiting, olga, nils):
        client.force_login(olga)
        client.post(page("release", waiting["LARGE"]), {"reason": "the driver says so"})
        approval = Approval.objects.get()
        agree = reverse("admin:roaming_hold_decide", args=[approval.pk, "agree"])
        assert listed(client, "owner=waiting") == ["LARGE"]

        own = client.post(agree).content.decode()
        assert "who asked cannot decide" in own.lower()
        assert state_of(waiting["LARGE"]) == "HELD"
        client.force_login(nils)
        hold = reverse("admin:roaming_hold_change", args=[waiting["LARGE"]])
        assert agree in client.get(hold).content.decode()
        request = reverse("admin:partners_approval_change", args=[approval.pk])
        assert hold in client.get(request).content.decode()
        client.post(agree)

        assert state_of(waiting["LARGE"]) == "ACCEPTED"
        released = AuditEvent.objects.get(action="hold.released")
        assert (released.actor, released.object_id) == ("nils", waiting["LARGE"])

    def test_keeps_a_record_whose_release_is_refused(self, client, waiting, olga, nils):
        client.force_login(olga)
        client.post(page("release", waiting["LARGE"]), {"reason": "the driver says so"})
        approval = Approval.objects.get()
        client.force_login(nils)
        client.post(reverse("admin:roaming_hold_decide", args=[approval.pk, "refuse"]))

        approval.refresh_from_db()
        assert (approval.state, state_of(waiting["LARGE"])) == ("REFUSED", "HELD")

    def test_rejects_for_good_and_frees_the_id(self, client, waiting, olga):
        client.force_login(olga)
        client.post(page("reject", waiting["PERSON"]), {"reason": "the session is billed twice"})

        assert state_of(waiting["PERSON"]) == "REJECTED"
        assert AuditEvent.objects.get(action="hold.rejected").reason.startswith("the session")
        assert take(numbered_record(7, sdr_id="PERSON"))[0].state == "ACCEPTED"


class TestStrangers:
    def test_of_staff_without_the_right_change_nothing(self, client, waiting):
        looker = User.objects.create(username="looker", is_staff=True)
        client.force_login(looker)
        pages = [page(name, waiting["PERSON"]) for name in ("take", "give", "release", "reject")]

        assert {client.get(url).status_code for url in pages} == {403}
        assert {client.post(url, {"reason": "because I"}).status_code for url in pages} == {403}
        assert client.get(reverse(LIST)).status_code == 403

    def test_of_a_partner_see_no_queue(self, client, waiting):
        client.force_login(makers.PartnerUserMaker(partner=makers.partner_of(makers.nordlicht())))

        assert client.get(reverse(LIST)).status_code in (302, 403)
        assert client.post(page("release", waiting["PERSON"]), {"reason": "ours"}).status_code in (
            302,
            403,
        )
        assert state_of(waiting["PERSON"]) == "HELD"
