"""Portal pages of disputes: what each side sees and does, and what a stranger does not."""

import re
from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clearinghouse.uuid7 import new_uuid7
from partners.models import Mandate
from roaming.models import Dispute, DisputeAttachment, SdrState
from roaming.services import disputes
from roaming.services.dispute_clock import expire_due
from tests.makers import (
    LONG_AGO,
    NOON,
    PartnerUserMaker,
    StaffMaker,
    later,
    laterne,
    nordlicht,
    partner_of,
    voltaire,
)
from tests.roaming.dispute_world import CSO, CSP, contested, opened, records
from tests.roaming.evidence_files import HOSTILE, pdf

pytestmark = pytest.mark.django_db
LIST = reverse("disputes:list")


@pytest.fixture(autouse=True)
def _an_hour_later(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(later(hours=1), tick=False):
        yield


@pytest.fixture
def people(client):
    """Log in as somebody of a party's partner."""

    def of(party):
        client.force_login(PartnerUserMaker(partner=partner_of(party)))
        return client

    return of


def page_of(dispute) -> str:
    return reverse("disputes:dispute", args=[dispute.pk])


def act_of(dispute, verb) -> str:
    return reverse("disputes:act", args=[dispute.pk, verb])


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def buttons(answer) -> set[str]:
    """What may be done on the page; the menus of its head are those of every page."""
    main = answer.content.decode().partition("<main")[2]
    return set(re.findall(r"<summary>([^<]*)</summary>", main))


def upload(name, content) -> dict:
    return {"file": SimpleUploadedFile(name, content)}


class TestTheList:
    def test_tells_whose_turn_it_is(self, people):
        one, two = records(2)
        opened(one)
        contested(two)
        client = people(nordlicht())

        text = words(client.get(LIST))
        assert text.count("Your turn") == 2  # the choice above, and one dispute
        assert "D01 Energy too high" in text
        assert "Contested, waits for mediation" in text
        assert "NLX-00001" in words(client.get(f"{LIST}?show=mine"))
        assert "NLX-00002" not in words(client.get(f"{LIST}?show=mine"))
        assert "No dispute is closed yet" in words(client.get(f"{LIST}?show=closed"))
        assert "Nothing waits for you" in words(people(voltaire()).get(f"{LIST}?show=mine"))

    def test_turns_its_pages_in_few_queries(
        self, people, monkeypatch, django_assert_max_num_queries
    ):
        monkeypatch.setattr("roaming.views.disputes.PAGE", 2)
        for record_id in records(3):
            opened(record_id)
        client = people(voltaire())

        with django_assert_max_num_queries(14):
            first = client.get(LIST)
        [following] = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
        rest = client.get(LIST + following.replace("&amp;", "&"))

        assert "NLX-00003" in words(first)
        assert "NLX-00001" not in words(first)
        assert "NLX-00001" in words(rest)

    def test_says_how_to_open_the_first_one(self, people):
        assert "Dispute this record" in words(people(voltaire()).get(LIST))


class TestOpening:
    def test_leads_from_the_record_to_the_dispute_and_back(self, people):
        [record_id] = records(1)
        client = people(voltaire())
        record_page = reverse("portal:record", args=[record_id])
        new = reverse("disputes:new", args=[record_id])
        assert new in client.get(record_page).content.decode()
        assert "9.02 EUR" in words(client.get(new))

        form = {"reason": "D01", "amount": "4.02", "text": "The car took 10 kWh."}
        answer = client.post(new, form, follow=True)

        dispute = Dispute.objects.get()
        assert answer.redirect_chain[0][0] == page_of(dispute)
        assert dispute.disputed_amount == Decimal("4.02")
        assert dispute.events.get().actor == "finance@voltaire"
        assert "The dispute is open" in words(answer)
        page = client.get(record_page).content.decode()
        assert new not in page
        assert page_of(dispute) in page
        assert f"Disputed by FR*VOL ({dispute.number})" in page

    @pytest.mark.parametrize(
        ("form", "told"),
        [
            ({"reason": ""}, "required"),
            ({"reason": "D99"}, "valid choice"),
            ({"reason": "D15", "text": "short"}, "at least 20"),
            ({"reason": "D01", "amount": "9.03"}, "at most 9.02"),
            ({"reason": "D01", "amount": "lots"}, "Enter a number"),
            ({"reason": "D01", "text": "a\x00b"}, "Null characters"),
        ],
    )
    def test_says_what_is_wrong_with_the_form(self, people, form, told):
        [record_id] = records(1)

        answer = people(voltaire()).post(reverse("disputes:new", args=[record_id]), form)

        assert answer.status_code == 422
        assert told in words(answer)
        assert not Dispute.objects.exists()

    def test_offers_the_reasons_that_are_still_in_time(self, people):
        [record_id] = records(1, acceptance="ON_VALIDATION")
        new = reverse("disputes:new", args=[record_id])
        with time_machine.travel(later(days=9)):
            page = words(people(voltaire()).get(new))
        assert "D01 Energy too high" in page
        assert "You have accepted the record" in page
        with time_machine.travel(later(days=11)):
            page = words(people(voltaire()).get(new))
        assert "D01" not in page
        assert "D06 Duplicate" in page
        assert "they are over" in page
        with time_machine.travel(later(days=61)):
            page = words(people(voltaire()).get(new))
        assert "It is too late for a dispute" in page
        assert "Open the dispute" not in page

    def test_is_for_the_buyer_alone(self, people):
        [record_id] = records(1)
        client = people(nordlicht())
        new = reverse("disputes:new", args=[record_id])

        assert new not in client.get(reverse("portal:record", args=[record_id])).content.decode()
        assert client.post(new, {"reason": "D01"}).status_code == 404


class TestAnswering:
    @pytest.fixture
    def dispute(self):
        return opened(records(1)[0])

    def test_shows_each_side_its_own_verbs(self, people, dispute):
        cso = people(nordlicht()).get(page_of(dispute))
        assert buttons(cso) == {
            "Accept: the provider is right",
            "Offer a part",
            "Reject: the record is right",
            "Write a message",
        }
        assert "Your turn" in words(cso)
        assert "21 November 2026" in words(cso)
        csp = people(voltaire()).get(page_of(dispute))
        assert buttons(csp) == {"Withdraw the dispute", "Write a message"}
        assert "Your turn" not in words(csp)

    def test_offers_contests_and_agrees_to_the_end(self, people, dispute):
        offer = {"amount": "7", "text": "The meter says 14 kWh."}
        told = people(nordlicht()).post(act_of(dispute, "partial"), offer, follow=True)
        assert "Your offer is on its way" in words(told)
        page = people(voltaire()).get(page_of(dispute))
        assert buttons(page) == {"Agree", "Contest", "Withdraw the dispute", "Write a message"}
        assert "Offered a part: 7.00 EUR" in words(page)

        ended = people(voltaire()).post(act_of(dispute, "agree"), {}, follow=True)

        assert "takes its place within a few minutes, by itself" in words(ended)
        disputes.replace_agreed(now=NOON)
        for party in (nordlicht(), voltaire()):
            text = words(people(party).get(page_of(dispute)))
            assert "Corrections as one history" in text
            assert "Together 7.00 EUR" in text
            record = words(people(party).get(reverse("portal:record", args=[dispute.record_id])))
            assert "Replaced by NLX-00001-R1" in record
            assert "Together 7.00 EUR" in record

    @pytest.mark.parametrize(
        ("verb", "form", "status", "told"),
        [
            ("partial", {"amount": "9.50", "text": "More."}, 409, "between 5"),
            ("partial", {"amount": "", "text": "More."}, 422, "required"),
            ("reject", {"text": " "}, 422, "required"),
            ("agree", {}, 409, "takes no agree"),
            ("withdraw", {}, 409, "Only CSP"),
            ("message", {"text": "x" * 2001}, 422, "at most 2000"),
        ],
    )
    def test_says_why_an_answer_is_refused(self, people, dispute, verb, form, status, told):
        answer = people(nordlicht()).post(act_of(dispute, verb), form)

        assert answer.status_code == status
        assert told in words(answer)
        assert Dispute.objects.get().stage == "OPEN"

    @pytest.mark.parametrize("verb", ["decide", "mediate", "expire", "stop_clock", "nonsense"])
    def test_knows_no_verb_of_the_house(self, people, dispute, verb):
        answer = people(nordlicht()).post(act_of(dispute, verb), {"text": "I decide."})

        assert answer.status_code == 404

    def test_is_by_post_alone(self, people, dispute):
        assert people(nordlicht()).get(act_of(dispute, "accept")).status_code == 405

    def test_keeps_an_accepted_record_out_and_says_so(self, people):
        [record_id] = records(1, acceptance="ON_VALIDATION")
        opened(record_id, "9.02", reason="D06")

        text = words(people(nordlicht()).get(reverse("portal:record", args=[record_id])))

        assert "Kept out by dispute" in text
        assert "in no statement until it is settled" in text


class TestEvidence:
    @pytest.fixture
    def dispute(self):
        return opened(records(1)[0])

    def attach(self, dispute) -> str:
        return reverse("disputes:attach", args=[dispute.pk])

    def test_is_seen_by_both_sides_and_only_saved(self, people, dispute):
        sent = people(nordlicht()).post(
            self.attach(dispute), upload("meter.pdf", pdf()), follow=True
        )
        assert "both sides see it" in words(sent)
        kept = DisputeAttachment.objects.get()
        assert kept.user.username == "finance@nordlicht"

        client = people(voltaire())
        assert "meter.pdf" in words(client.get(page_of(dispute)))
        got = client.get(reverse("disputes:file", args=[dispute.pk, kept.pk]))

        assert got.content == pdf()
        assert got["Content-Disposition"] == 'attachment; filename="meter.pdf"'
        assert got["X-Content-Type-Options"] == "nosniff"

    def test_that_is_hostile_is_refused_in_words(self, people, dispute):
        client = people(voltaire())
        for name, content, _ in HOSTILE:
            answer = client.post(self.attach(dispute), upload(name, content))
            assert answer.status_code == 422, name
            assert b"<script>alert" not in answer.content
        assert client.post(self.attach(dispute), {}).status_code == 422
        assert not DisputeAttachment.objects.exists()

    def test_that_is_too_large_is_refused_before_it_is_read(self, people, dispute, settings):
        settings.DISPUTE_FILE_MAX_BYTES = 2**20

        answer = people(voltaire()).post(self.attach(dispute), upload("a.csv", b"a;b\n" * 2**19))

        assert answer.status_code == 422
        assert "at most 1 MiB" in words(answer)


class TestAStranger:
    @pytest.fixture
    def addresses(self):
        dispute = contested(records(1)[0])
        file = dispute.attachments.get()
        return [
            page_of(dispute),
            reverse("disputes:file", args=[dispute.pk, file.pk]),
            act_of(dispute, "message"),
            reverse("disputes:attach", args=[dispute.pk]),
            reverse("disputes:new", args=[dispute.record_id]),
        ]

    def test_of_another_partner_gets_404_and_nothing_in_the_list(self, people, addresses):
        client = people(laterne("CSP"))

        for address in addresses:
            for answer in (client.get(address), client.post(address, {"text": "Let me in."})):
                assert answer.status_code in (404, 405), address
        assert "DP-" not in words(client.get(f"{LIST}?show=all"))
        assert Dispute.objects.get().events.filter(verb="message").count() == 0

    def test_is_sent_to_log_in(self, client, addresses):
        for address in [LIST, *addresses]:
            assert "/account/login/" in client.get(address).get("Location", "/account/login/")
        client.force_login(StaffMaker())
        assert client.get(LIST).url == reverse("admin:index")

    def test_learns_nothing_of_what_is_not(self, people, addresses):
        client = people(laterne("CSP"))

        theirs = client.get(addresses[0])
        nothing = client.get(reverse("disputes:dispute", args=[new_uuid7()]))

        assert theirs.content == nothing.content

    def test_with_a_mandate_reads_and_does_not_act(self, people, addresses):
        mandate = Mandate.objects.create(
            grantor=partner_of(nordlicht()),
            agent=partner_of(laterne("CSP")),
            verbs=["READ_SDR"],
            starts_at=LONG_AGO,
        )
        mandate.parties.add(nordlicht())
        client = people(laterne("CSP"))

        page = client.get(addresses[0])
        assert page.status_code == 200
        assert buttons(page) == set()
        answer = client.post(addresses[2], {"text": "I am not a side."})
        assert answer.status_code == 409
        assert "only a side may act" in words(answer)


def test_a_stopped_clock_and_an_end_are_told(people):
    one, two = records(2)
    stopped = opened(one)
    disputes.act(stopped.pk, "stop_clock", by=disputes.Actor(side="HOUSE", name="olga"), now=NOON)
    expire_due(now=later(days=7))
    assert SdrState.objects.get(id=two).state == "DELIVERED"
    ended = opened(two)
    disputes.act(ended.pk, "accept", by=CSO, now=NOON)
    disputes.act(ended.pk, "agree", by=CSP, now=NOON)
    client = people(voltaire())

    assert "Clock stopped" in words(client.get(page_of(stopped)))
    text = words(client.get(page_of(ended)))
    assert "Agreed" in text
    assert "Worth at the end 5.00 EUR" in text
    assert buttons(client.get(page_of(ended))) == set()
