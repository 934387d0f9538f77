"""What matching found, as both sides of a session read it."""

import pytest

from partners.models import Environment
from roaming.models import CounterRecord, Match, SdrState
from tests import makers
from tests.makers import numbered_record, take
from tests.roaming.partner_systems import MATCHES, PartnerSystem
from tests.roaming.test_matching import counter, run, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def found():
    """Four outcomes between Nordlicht and Voltaire."""
    makers.AgreementMaker(counter_records="REQUIRED", acceptance="DEEMED")
    makers.fjell()
    take(*map(numbered_record, (1, 2, 3)))
    send(
        counter(1),
        counter(1, counter_id="again"),
        counter(2, energy_kwh="18.70"),
        counter(4, evse_id="DE*NLX*E4", contract_id="DE-8AA-CZZZZZZZZ-1"),
    )
    run()


@pytest.fixture
def nordlicht(found):
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire(found):
    return PartnerSystem(makers.voltaire())


def rows(system: PartnerSystem, **query) -> list[dict]:
    answer = system.get(MATCHES, **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def outcomes(system: PartnerSystem, **query) -> list[str]:
    return sorted(row["outcome"] for row in rows(system, **query))


class TestList:
    def test_shows_each_side_its_own(self, nordlicht, voltaire):
        both = ["CSO_ONLY", "CSP_ONLY", "MATCHED", "MATCHED_TOLERANCE"]

        assert outcomes(nordlicht) == both
        assert outcomes(voltaire) == sorted([*both, "DUPLICATE"])

    def test_shows_both_values_and_the_tolerance(self, nordlicht):
        [row] = rows(nordlicht, outcome="MATCHED_TOLERANCE")

        shown = {name: row[name] for name in (
            "sdr_energy_kwh", "counter_energy_kwh", "energy_tolerance_kwh", "differences",
            "is_held_for_csp", "sdr_id", "cso_id", "csp_id", "start_difference_s",
        )}  # fmt: skip
        assert shown == {
            "sdr_energy_kwh": "18.4",
            "counter_energy_kwh": "18.7",
            "energy_tolerance_kwh": "0.184",
            "differences": ["energy"],
            "is_held_for_csp": True,
            "sdr_id": "NLX-00002",
            "cso_id": "DE*NLX",
            "csp_id": "FR*VOL",
            "start_difference_s": 0,
        }

    def test_names_the_counter_record_to_its_csp_alone(self, nordlicht, voltaire):
        [theirs], [ours] = (rows(one, outcome="MATCHED") for one in (nordlicht, voltaire))

        assert (theirs["counter_record_id"], theirs["counter_id"]) == (None, "")
        assert ours["counter_id"] == "VOL-00001"
        assert theirs | {"counter_record_id": 0, "counter_id": 0} == ours | {
            "counter_record_id": 0,
            "counter_id": 0,
        }

    def test_tells_the_cso_which_session_it_never_sent(self, nordlicht):
        [row] = rows(nordlicht, outcome="CSP_ONLY")

        assert (row["service_session_id"], row["evse_id"]) == ("S-00004", "DE*NLX*E4")
        assert (row["started_at"], row["record_id"]) == ("2026-11-14T10:00:00Z", None)
        assert row["counter_record_id"] is None

    def test_names_the_record_that_a_repeat_speaks_of(self, voltaire):
        [row] = rows(voltaire, outcome="DUPLICATE")

        assert (row["counter_id"], row["sdr_id"]) == ("again", "NLX-00001")

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"outcome": ["MATCHED", "CSO_ONLY"]}, 2),
            ({"counterparty": "FR*VOL"}, 4),
            ({"counterparty": "NO*FJL"}, 0),
            ({"is_held_for_csp": "true"}, 1),
            ({"is_held_for_csp": "false"}, 3),
            ({"ended_from": "2026-11-14T11:00:01Z"}, 0),
            ({"ended_to": "2026-11-14T11:00:01Z"}, 4),
            ({"matched_from": "2026-11-14T12:00:00Z"}, 4),
            ({"matched_to": "2026-11-14T12:00:00Z"}, 0),
        ],
    )
    def test_is_filtered(self, nordlicht, query, count):
        assert len(rows(nordlicht, **query)) == count

    def test_is_filtered_by_record(self, nordlicht):
        record_id = SdrState.objects.order_by("id").first().id

        assert [row["sdr_id"] for row in rows(nordlicht, record_id=record_id)] == ["NLX-00001"]

    def test_comes_in_pages(self, nordlicht):
        page = nordlicht.get(MATCHES, limit=3).json()
        rest = nordlicht.http.get(page["next"], headers=nordlicht.headers).json()

        ids = [row["match_id"] for row in page["results"] + rest["results"]]
        assert len(set(ids)) == 4
        assert ids == sorted(ids, reverse=True)

    def test_refuses_a_filter_that_it_does_not_know(self, nordlicht):
        assert nordlicht.get(MATCHES, outcom="MATCHED").status_code == 400

    def test_needs_as_many_queries_for_many_as_for_one(
        self, voltaire, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(14):
            assert len(rows(voltaire)) == 5


class TestDetail:
    def test_is_read_even_where_a_newer_one_came(self, nordlicht):
        [old] = rows(nordlicht, outcome="CSO_ONLY")
        send(counter(3))
        run("again")

        assert outcomes(nordlicht, record_id=old["record_id"]) == ["MATCHED"]
        read = nordlicht.get(f"{MATCHES}{old['match_id']}/").json()
        assert read == old | {"is_current": False}

    def test_of_a_repeat_is_not_the_csos(self, nordlicht, voltaire):
        repeat = Match.objects.get(outcome="DUPLICATE")

        assert nordlicht.get(f"{MATCHES}{repeat.pk}/").status_code == 404
        assert voltaire.get(f"{MATCHES}{repeat.pk}/").status_code == 200


class TestStrangers:
    def test_see_nothing(self, found):
        makers.voltaire(Environment.TEST)
        strangers = [
            PartnerSystem(makers.laterne()),
            PartnerSystem(makers.fjell()),
            PartnerSystem(makers.voltaire(), environment=Environment.TEST),
        ]
        assert CounterRecord.objects.count() == 4
        for stranger in strangers:
            assert rows(stranger) == rows(stranger, counterparty="FR*VOL") == []
            for match in Match.objects.all():
                assert stranger.get(f"{MATCHES}{match.pk}/").status_code == 404

    def test_need_the_scope(self, found):
        weak = PartnerSystem(makers.voltaire(), scopes=["sdr:read"])

        assert weak.get(MATCHES).json()["code"] == "SCOPE_MISSING"
