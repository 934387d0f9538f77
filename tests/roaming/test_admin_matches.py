"""Staff's pages of counter-records and matches: read only, filtered, and not for partners."""

import re

import pytest
import time_machine
from django.urls import reverse

from roaming.models import CounterRecord, Dispute, Match, Sdr
from roaming.services import matching
from tests import makers
from tests.makers import NOON, PartnerUserMaker, StaffMaker, later, numbered_record, take
from tests.roaming.test_matching import counter, send

pytestmark = pytest.mark.django_db
MATCHES = reverse("admin:roaming_match_changelist")
COUNTERS = reverse("admin:roaming_counterrecord_changelist")


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def found():
    """Five outcomes, one of them in dispute, one replaced."""
    makers.AgreementMaker(counter_records="REQUIRED", acceptance="DEEMED")
    take(*map(numbered_record, (1, 2, 3)))
    send(
        counter(1),
        counter(1, counter_id="again"),
        counter(2, energy_kwh="30", amount="15"),
        counter(4, contract_id="DE-8AA-CZZZZZZZZ-1"),
    )
    run("one")
    send(counter(1, counter_id="better", replaces_counter_id="again", energy_kwh="18.7"))


def run(key: str) -> None:
    matching.match_and_dispute(from_at=later(days=-2), until_at=NOON, run_key=key, now=NOON)


@pytest.fixture
def staff(client):
    client.force_login(StaffMaker())
    return client


def words(answer) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def listed(answer) -> set[str]:
    """The cells of the table: not the filters, which name every outcome."""
    assert answer.status_code == 200
    body = answer.content.decode().partition('id="result_list"')[2].partition("</table>")[0]
    return set(re.sub(r"<[^>]+>", " ", body).split())


def page_of(row) -> str:
    return reverse(f"admin:roaming_{row._meta.model_name}_change", args=[row.pk])


class TestMatches:
    def test_are_listed_with_both_names(self, found, staff):
        shown = listed(staff.get(MATCHES))

        assert {"NLX-00001", "VOL-00001", "again", "NLX-00003", "MISMATCH", "CSP_ONLY"} <= shown

    @pytest.mark.parametrize(
        ("query", "there", "not_there"),
        [
            ({"outcome__exact": "MISMATCH"}, "NLX-00002", "NLX-00001"),
            ({"standing": "past"}, "again", "NLX-00001"),
            ({"ended_at_from": "2026-11-15"}, "", "NLX-00001"),
        ],
    )
    def test_are_filtered(self, found, staff, query, there, not_there):
        run("two")  # the replaced repeat falls out of force
        shown = listed(staff.get(MATCHES, query))

        assert not_there not in shown
        assert not there or there in shown

    def test_are_filtered_by_party(self, found, staff):
        ours, others = makers.voltaire(), makers.fjell()

        assert "MISMATCH" in listed(staff.get(MATCHES, {"party": ours.pk}))
        assert "MISMATCH" not in listed(staff.get(MATCHES, {"party": others.pk}))
        assert "MISMATCH" not in listed(staff.get(MATCHES, {"party": "x"}))

    def test_tell_both_sides_and_lead_to_record_and_dispute(self, found, staff):
        match = Match.objects.get(outcome="MISMATCH")
        answer = staff.get(page_of(match))

        told = words(answer)
        assert "Energy, kWh 18.4 30 0.184 differs" in told
        assert "Currency EUR EUR equal fits" in told
        assert "Tariff — — equal not compared" in told
        page = answer.content.decode()
        for row in (Sdr.objects.get(sdr_id="NLX-00002"), Dispute.objects.get(),
                    CounterRecord.objects.get(counter_id="VOL-00002")):  # fmt: skip
            assert page_of(row) in page

    @pytest.mark.parametrize("outcome", ["MATCHED", "CSO_ONLY", "CSP_ONLY", "DUPLICATE"])
    def test_say_what_comes_next(self, found, staff, outcome):
        told = words(staff.get(page_of(Match.objects.get(outcome=outcome))))

        assert "What now" in told

    def test_of_nobody_tell_where_they_come_from(self, staff):
        assert "Once an hour" in words(staff.get(MATCHES))


class TestCounterRecords:
    def test_are_listed_with_their_outcome(self, found, staff):
        shown = listed(staff.get(COUNTERS))

        assert {"VOL-00001", "MATCHED", "DUPLICATE", "better", "18.7"} <= shown
        assert "not matched yet" in words(staff.get(COUNTERS))

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"outcome": "MISMATCH"}, {"VOL-00002"}),
            ({"outcome": "none"}, {"better"}),
            ({"q": "S-00004"}, {"VOL-00004"}),
            ({"q": "again"}, {"again"}),
        ],
    )
    def test_are_filtered_and_searched(self, found, staff, query, names):
        every = {"VOL-00001", "VOL-00002", "VOL-00004", "again", "better"}

        assert listed(staff.get(COUNTERS, query)) & every == names

    def test_tell_what_was_said_and_found(self, found, staff):
        one = CounterRecord.objects.get(counter_id="VOL-00002")
        answer = staff.get(page_of(one))

        told = words(answer)
        assert "S-00002" in told
        assert "DE-8AA" not in told
        assert page_of(Match.objects.get(counter_id=one.pk)) in answer.content.decode()

    def test_name_the_one_that_took_their_place(self, found, staff):
        old = CounterRecord.objects.get(counter_id="again")

        assert "better took its place" in words(staff.get(page_of(old)))

    def test_lists_need_as_many_queries_for_many_as_for_one(
        self, found, staff, django_assert_max_num_queries
    ):
        for path in (MATCHES, COUNTERS):
            with django_assert_max_num_queries(20):
                staff.get(path)


@pytest.mark.parametrize("path", [MATCHES, COUNTERS])
class TestStrangers:
    def test_partners_are_sent_to_the_login(self, found, client, path):
        client.force_login(PartnerUserMaker(partner=makers.partner_of(makers.voltaire())))

        answer = client.get(path)
        assert answer.status_code == 302
        assert "/admin/login/" in answer["Location"]

    def test_nobody_changes_anything(self, found, staff, path):
        assert staff.get(f"{path}add/").status_code == 403
        model = Match if path == MATCHES else CounterRecord
        assert staff.post(page_of(model.objects.first()), {}).status_code == 403
