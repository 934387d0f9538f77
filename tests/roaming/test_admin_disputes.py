"""Staff's pages of disputes: the list, the story, what the house may do, and who may not."""

import re
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from partners.models import AuditEvent
from roaming.models import Dispute, DisputeEvent
from roaming.services import dispute_escalation, disputes
from roaming.services.dispute_owner import assign
from tests.makers import (
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    StaffMaker,
    later,
    nordlicht,
    numbered_record,
    partner_of,
    polder,
    take,
)
from tests.roaming.dispute_world import CSO, CSP, OLGA, contested, opened, records
from tests.roaming.evidence_files import pdf

pytestmark = pytest.mark.django_db
LIST = reverse("admin:roaming_dispute_changelist")
GROUNDS = "Both meters were read; the second one counts."


@pytest.fixture(autouse=True)
def _noon(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(later(days=1), tick=False):
        yield


@pytest.fixture
def olga(client):
    user = StaffMaker()
    client.force_login(user)
    return user


def page_of(dispute) -> str:
    return reverse("admin:roaming_dispute_change", args=[dispute.pk])


def act_of(dispute, verb) -> str:
    return reverse("admin:roaming_dispute_act", args=[dispute.pk, verb])


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def numbers(answer) -> set[str]:
    return set(re.findall(r"DP-[0-9a-f]{12}", answer.content.decode()))


def priced_record(total: str) -> dict[str, object]:
    """One whose items come to ``total``."""
    items = [{"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.49", "amount": total}]
    return numbered_record(1, total_amount=total, items=items)


class TestTheList:
    def test_says_whose_turn_it_is(self, client, olga):
        one, two = records(2)
        opened(one)
        contested(two)
        told = words(client.get(LIST))
        assert "the CSO" in told
        assert " us " in told

    def test_leaves_what_waits_for_us_on_the_first_page(self, client, olga):
        one, two = records(2)
        first, second = opened(one), contested(two)
        page = client.get(reverse("admin:index")).content.decode()
        assert page_of(second) in page
        assert "take it into mediation" in page
        assert page_of(first) not in page

    @pytest.fixture
    def three(self, olga):
        one, two, three = records(3)
        first, second = opened(one, "1.00"), contested(two)
        third = opened(three, "9.02", reason="D06")
        assign(second.pk, olga)
        disputes.act(third.pk, "stop_clock", by=OLGA, now=NOON)
        return first, second, third

    def test_is_filtered_by_each_question(self, client, three, olga):
        first, second, third = (one.number for one in three)
        everything = {first, second, third}
        for query, found in (
            ("", everything),
            ("stage=CONTESTED", {second}),
            ("reason=D06", {third}),
            (f"party={nordlicht().pk}", everything),
            (f"party={polder().pk}", set()),
            ("party=nonsense", set()),
            ("deadline=open", everything),
            ("deadline=stopped", {third}),
            ("deadline=over", set()),
            ("disputed_amount_from=2", {second, third}),
            (f"owner__id__exact={olga.pk}", {second}),
            ("q=NLX-00003", {third}),
            (f"q={first}", {first}),
            ("q=nothing", set()),
        ):
            assert numbers(client.get(f"{LIST}?{query}")) == found, query

    def test_tells_what_is_overdue_and_what_soon(self, client, three):
        with time_machine.travel(later(days=6), tick=False):
            assert numbers(client.get(f"{LIST}?deadline=soon")) == {three[0].number}
        with time_machine.travel(later(days=8), tick=False):
            assert three[0].number in numbers(client.get(f"{LIST}?deadline=over"))

    def test_says_where_disputes_come_from_when_there_are_none(self, client, olga):
        assert "A CSP disputes a record by API or in the portal" in words(client.get(LIST))


class TestTheStory:
    def test_tells_both_values_messages_evidence_and_what_is_next(self, client, olga):
        dispute = contested(records(1)[0])

        text = words(client.get(page_of(dispute)))

        for told in (
            "D01 Energy too high",
            "signed meter values, from the CSO",
            "The car took 10 kWh.",
            "Contested, waits for mediation",
            "CSO says 18.4 9.02 EUR",
            "The CSP sent no record of its own",
            "It is the wrong meter.",
            "Partial: 7.00 EUR",
            "meter.pdf",
            "The clearing house takes it up.",
            "NLX-00001",
        ):
            assert told in text, told
        assert "Take into mediation" in text
        assert "Decide…" not in text

    def test_hands_out_a_file_to_be_saved_and_notes_it(self, client, olga):
        dispute = contested(records(1)[0])
        url = reverse("admin:roaming_dispute_file", args=[dispute.pk, dispute.attachments.get().pk])

        got = client.get(url)

        assert got.content == pdf()
        assert got["Content-Disposition"].startswith("attachment")
        assert AuditEvent.objects.get(action="dispute.file_downloaded").actor == "olga"

    def test_flags_a_pair_with_too_much_in_dispute(self, client, olga):
        dispute = opened(records(1)[0])
        dispute_escalation.watch(now=NOON)

        assert "Escalated: more than 3 %" in words(client.get(page_of(dispute)))

    def test_shows_the_chain_with_its_sum_on_both_pages(self, client, olga):
        dispute = opened(records(1)[0])
        disputes.act(dispute.pk, "partial", by=CSO, now=NOON, amount=Decimal(8), text="Eight.")
        disputes.act(dispute.pk, "agree", by=CSP, now=NOON)
        assert "within a few minutes, by itself" in words(client.get(page_of(dispute)))
        disputes.replace_agreed(now=NOON)

        for page in (
            page_of(dispute),
            reverse("admin:roaming_sdr_change", args=[dispute.record_id]),
        ):
            text = words(client.get(page))
            assert "Corrections as one history" in text
            assert "replaces NLX-00001" in text
            assert "Together they ask for 8.00 EUR" in text


class TestTheHouse:
    @pytest.fixture
    def dispute(self, olga):
        return contested(records(1)[0])

    def test_mediates_and_decides_with_grounds_each_audited(self, client, dispute):
        asked = client.get(act_of(dispute, "mediate"))
        assert "This cannot be undone" in words(asked)
        assert Dispute.objects.get().stage == "CONTESTED"

        client.post(act_of(dispute, "mediate"), {"text": "We look at it."})
        moved = Dispute.objects.get()
        assert (moved.stage, moved.owner.username) == ("MEDIATION", "olga")

        assert "cannot be undone" in words(client.get(act_of(dispute, "decide")))
        answer = client.post(
            act_of(dispute, "decide"), {"amount": "6.50", "text": GROUNDS}, follow=True
        )

        decided = Dispute.objects.get()
        assert "both sides have five days to appeal" in words(answer)
        assert (decided.stage, decided.decided_amount, decided.grounds) == (
            "DECIDED",
            Decimal("6.50"),
            GROUNDS,
        )
        step = DisputeEvent.objects.get(verb="decide")
        assert (step.side, step.actor, step.at) == ("HOUSE", "olga", later(days=1))
        audits = AuditEvent.objects.filter(object_id=str(dispute.pk)).order_by("at", "id")
        assert [(one.action, one.reason) for one in audits] == [
            ("dispute.mediate", "We look at it."),
            ("dispute.decide", GROUNDS),
        ]

    @pytest.mark.parametrize(
        ("amount", "text", "told"),
        [
            ("9.03", GROUNDS, "Decide an amount from 5"),
            ("4.99", GROUNDS, "Decide an amount from 5"),
            ("6", "because", "at least 20"),
            ("", GROUNDS, "required"),
        ],
    )
    def test_is_told_why_a_decision_is_refused(self, client, dispute, amount, text, told):
        disputes.act(dispute.pk, "mediate", by=OLGA, now=NOON)

        answer = client.post(act_of(dispute, "decide"), {"amount": amount, "text": text})

        assert told in words(answer)
        assert Dispute.objects.get().stage == "MEDIATION"
        assert not AuditEvent.objects.filter(action="dispute.decide").exists()

    def test_finds_the_operator_right_to_the_last_decimal(self, client):
        """A claim has up to six decimals, and it is what the page says to enter."""
        AgreementMaker(acceptance="EXPLICIT")
        priced = priced_record("9.016")
        dispute = contested(take(priced)[0].record_id)
        by = OLGA
        disputes.act(dispute.pk, "mediate", by=by, now=NOON, text="Both sides are heard.")
        client.force_login(StaffMaker())
        assert "9.016 EUR" in words(client.get(act_of(dispute, "decide")))

        wrong = client.post(act_of(dispute, "decide"), {"amount": "9.02", "text": GROUNDS})
        assert "Decide an amount from 4.996 to 9.016." in words(wrong)
        client.post(act_of(dispute, "decide"), {"amount": "9.016", "text": GROUNDS})

        dispute.refresh_from_db()
        assert (dispute.stage, dispute.decided_amount) == ("DECIDED", Decimal("9.016"))

    def test_stops_and_starts_the_clock(self, client, dispute):
        client.post(act_of(dispute, "stop_clock"), {"text": "The meter is at the lab."})
        assert Dispute.objects.get().clock_stopped_at == later(days=1)
        assert "The clock stands still" in words(client.get(page_of(dispute)))

        before = Dispute.objects.get().deadline_at
        with time_machine.travel(later(days=4), tick=False):
            client.post(act_of(dispute, "start_clock"), {"text": "It is back."})

        after = Dispute.objects.get()
        assert after.clock_stopped_at is None
        assert (after.deadline_at - before).days == 3
        assert {one.action for one in AuditEvent.objects.all()} >= {
            "dispute.stop_clock",
            "dispute.start_clock",
        }

    def test_writes_to_both_sides_and_takes_ownership(self, client, dispute):
        client.post(act_of(dispute, "message"), {"text": "Please send the log."})
        client.post(act_of(dispute, "own"), {"text": "Mine this week."})

        assert DisputeEvent.objects.get(verb="message").text == "Please send the log."
        assert Dispute.objects.get().owner.username == "olga"
        assert not DisputeEvent.objects.filter(verb="own").exists()

    def test_does_nothing_that_the_stage_does_not_take(self, client, dispute):
        for verb in ("decide", "start_clock"):
            asked = client.get(act_of(dispute, verb))
            assert "not possible at the present stage" in words(asked), verb
            client.post(act_of(dispute, verb), {"amount": "6", "text": GROUNDS})
        for verb in ("accept", "withdraw", "expire", "nonsense"):
            assert client.post(act_of(dispute, verb), {"text": GROUNDS}).status_code == 404

        assert Dispute.objects.get().stage == "CONTESTED"

    def test_hears_an_appeal_by_another_person(self, client, dispute):
        disputes.act(dispute.pk, "mediate", by=OLGA, now=NOON)
        decide = {"amount": "6", "text": GROUNDS}
        client.post(act_of(dispute, "decide"), decide)
        disputes.act(dispute.pk, "appeal", by=CSP, now=later(days=1), text="Look again.")

        again = client.post(act_of(dispute, "decide"), decide)

        assert "decided by a second officer" in words(again)
        client.force_login(StaffMaker(username="otto"))
        client.post(act_of(dispute, "decide"), decide)
        assert Dispute.objects.get().stage == "DECIDED"


class TestAStranger:
    def test_of_a_partner_enters_no_page_and_does_nothing(self, client):
        dispute = contested(records(1)[0])
        client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
        file = dispute.attachments.get()

        for url in (
            LIST,
            page_of(dispute),
            act_of(dispute, "mediate"),
            reverse("admin:roaming_dispute_file", args=[dispute.pk, file.pk]),
        ):
            for answer in (client.get(url), client.post(url, {"text": "Let me in."})):
                assert (answer.status_code, "/login/" in answer.url) == (302, True), url
        assert Dispute.objects.get().stage == "CONTESTED"

    def test_among_staff_reads_without_the_right_to_act(self, client):
        dispute = contested(records(1)[0])
        reader = StaffMaker(username="rita", is_superuser=False)
        client.force_login(reader)
        assert client.get(page_of(dispute)).status_code == 403
        reader.user_permissions.add(Permission.objects.get(codename="view_dispute"))

        page = client.get(page_of(dispute))

        assert page.status_code == 200
        assert "Take into mediation" not in words(page)
        assert client.post(act_of(dispute, "mediate"), {"text": "I may."}).status_code == 403
        assert Dispute.objects.get().stage == "CONTESTED"
