"""Counter-records by API: one, batch, CSV; once, told field by field, and nobody else's."""

import json

import pytest

from partners.models import Environment, Mandate
from roaming.api import counter_examples as examples
from roaming.models import CounterKey, CounterRecord, CounterTally, RawRecord, RejectedCounterKey
from tests import makers
from tests.makers import NOON, numbered_record, take
from tests.roaming.partner_systems import COUNTERS, PartnerSystem
from tests.roaming.test_api_description import _without_ids
from tests.roaming.test_matching import counter, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


def post(system: PartnerSystem, body: object, **headers):
    return system.post(COUNTERS, json.dumps(body).encode(), **headers)


def post_csv(system: PartnerSystem, text: str):
    return system.post(COUNTERS, text.encode(), content_type="text/csv")


def listed(system: PartnerSystem, **query) -> list[str]:
    answer = system.get(COUNTERS, **query)
    assert answer.status_code == 200, answer.content
    return [row["counter_id"] for row in answer.json()["results"]]


@pytest.fixture
def voltaire():
    makers.AgreementMaker(counter_records="REQUIRED")
    makers.fjell()
    return PartnerSystem(makers.voltaire())


class TestOne:
    def test_is_answered_as_the_examples_show(self, voltaire):
        for example in examples.ONE_BY_ONE:
            answer = post(voltaire, example.request)

            assert answer.status_code == example.status, example.title
            assert _without_ids(answer.json()) == _without_ids(example.answer), example.title

    def test_is_read_where_the_answer_says(self, voltaire):
        sent = post(voltaire, counter(1))

        row = voltaire.get(sent["Location"]).json()

        assert row["record_id"] == sent.json()["record_id"]
        assert (row["counter_id"], row["energy_kwh"], row["match"]) == ("VOL-00001", "18.4", None)
        assert row["pseudonym"]
        assert "contract_id" not in row

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 400, "BODY_UNREADABLE"),
            (b'"text"', 400, "BODY_UNREADABLE"),
            (b" ", 400, "BODY_EMPTY"),
            (b'{"counter_id": "x\\u0000"}', 422, "COUNTER_REJECTED"),
        ],
    )
    def test_that_is_none_is_refused(self, voltaire, body, status, code):
        answer = voltaire.post(COUNTERS, body)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer["Content-Type"] == "application/problem+json"

    def test_comes_as_json_or_csv(self, voltaire):
        answer = voltaire.post(COUNTERS, b"x", content_type="text/xml")

        assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")

    def test_has_one_answer_for_one_key(self, voltaire):
        answers = [post(voltaire, counter(1), Idempotency_Key="one") for _ in range(2)]
        other = post(voltaire, counter(2), Idempotency_Key="one")

        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[1]["Idempotency-Replayed"] == "true"
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")

    @pytest.mark.parametrize("scope", ["counter:read", "sdr:write"])
    def test_needs_its_own_scope(self, voltaire, scope):
        weak = PartnerSystem(makers.voltaire(), scopes=[scope])

        assert post(weak, counter(1)).json()["code"] == "SCOPE_MISSING"
        assert CounterRecord.objects.count() == 0


class TestBatch:
    def test_is_answered_as_the_example_shows(self, voltaire):
        answer = post(voltaire, examples.BATCH.request)

        assert answer.status_code == 200
        assert _without_ids(answer.json()) == _without_ids(examples.BATCH.answer)

    def test_is_not_sunk_by_what_is_no_record(self, voltaire):
        body = b'[%s, NaN, 7, {"counter_id": 1}]' % json.dumps(counter(1)).encode()

        told = voltaire.post(COUNTERS, body).json()

        assert [one["outcome"] for one in told["results"]] == ["accepted", *["rejected"] * 3]
        assert told["results"][1]["errors"][0]["code"] == "RECORD_UNREADABLE"
        fields = {error["field"] for error in told["results"][3]["errors"]}
        assert fields == {"counter_id", "csp_id", "cso_id", "started_at", "ended_at"}

    def test_may_be_lines(self, voltaire):
        lines = b"\n".join(json.dumps(counter(number)).encode() for number in (1, 2))

        told = voltaire.post(COUNTERS, lines, content_type="application/x-ndjson").json()

        assert (told["received"], told["accepted"]) == (2, 2)

    def test_has_a_limit(self, voltaire, settings):
        settings.BATCH_MAX_RECORDS = 1

        answer = post(voltaire, [counter(1), counter(2)])

        assert (answer.status_code, answer.json()["code"]) == (413, "BATCH_TOO_MANY_RECORDS")

    def test_replaces_earlier_ones_at_once(self, voltaire):
        post(voltaire, [counter(1), counter(2), counter(3)])

        new = [
            counter(n, counter_id=f"new-{n}", replaces_counter_id=f"VOL-0000{n}") for n in (1, 2)
        ]
        post(voltaire, new)

        replaced = CounterKey.objects.filter(is_replaced=True).order_by("counter_id")
        assert [key.counter_id for key in replaced] == ["VOL-00001", "VOL-00002"]
        shown = {row["counter_id"]: row["is_replaced"] for row in
                 voltaire.get(COUNTERS).json()["results"]}  # fmt: skip
        assert [name for name, is_replaced in shown.items() if is_replaced] == [
            "VOL-00002",
            "VOL-00001",
        ]


class TestCsv:
    def test_is_taken_in_line_by_line(self, voltaire):
        assert post_csv(voltaire, examples.CSV).json()["accepted"] == 1

        row = CounterRecord.objects.get()
        assert (row.counter_id, str(row.energy_kwh)) == ("VOL-2026-000421", "7.250000")

    def test_may_be_divided_by_semicolons(self, voltaire):
        assert post_csv(voltaire, examples.CSV.replace(",", ";")).json()["accepted"] == 1

    def test_names_each_bad_line(self, voltaire):
        header, line = examples.CSV.splitlines()
        bad = line.replace("000421", "000422").replace("7.250", "7,250")
        worse = line.replace("000421", "000423").replace("7.250", "much")

        told = post_csv(voltaire, "\n".join([header, bad, line, worse])).json()

        assert [one["outcome"] for one in told["results"]] == ["rejected", "accepted", "rejected"]
        assert told["results"][0]["errors"][0]["code"] == "CELLS_TOO_MANY"
        assert told["results"][2]["errors"][0]["field"] == "energy_kwh"

    def test_must_be_utf_8(self, voltaire):
        answer = voltaire.post(COUNTERS, b"counter_id\n\xff", content_type="text/csv")

        assert (answer.status_code, answer.json()["code"]) == (400, "BODY_UNREADABLE")


class TestBytes:
    def test_of_what_is_refused_are_kept_once(self, voltaire):
        bad = counter(1, ended_at=None)
        first, again = post(voltaire, bad).json(), post(voltaire, bad).json()
        twice = post(voltaire, [bad, bad]).json()

        assert first["record_id"] == again["record_id"] == twice["results"][1]["record_id"]
        assert RawRecord.objects.count() == RejectedCounterKey.objects.count() == 1
        assert tallies() == [(1, 0, 1, 0), (1, 0, 0, 1), (2, 0, 0, 2)]

    def test_of_a_conflict_are_kept_once(self, voltaire):
        post(voltaire, counter(1))
        told = [post(voltaire, counter(1, energy_kwh="1")).json() for _ in range(2)]

        assert told[0]["record_id"] == told[1]["record_id"]
        assert RawRecord.objects.count() == 2
        assert tallies() == [(1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1)]

    def test_of_a_repeat_are_kept_once(self, voltaire):
        post(voltaire, [counter(1), counter(1), counter(2)])

        assert tallies() == [(3, 2, 0, 1)]
        assert RawRecord.objects.count() == 2

    def test_refused_for_a_cso_not_known_yet_are_taken_later(self, voltaire):
        early = counter(1, cso_id="NL*PLD")
        assert post(voltaire, early).status_code == 422
        makers.polder()
        assert post(voltaire, early).status_code == 201


def tallies() -> list[tuple[int, ...]]:
    return list(
        CounterTally.objects.order_by("id").values_list("received", "taken", "rejected", "repeated")
    )


class TestList:
    @pytest.fixture
    def sent(self, voltaire):
        take(numbered_record(1))
        post(voltaire, [counter(1), counter(2, ended_at="2026-11-14T11:30:00Z"), counter(3)])
        run()

    def test_is_newest_first_in_pages(self, voltaire, sent):
        page = voltaire.get(COUNTERS, limit=2).json()
        rest = voltaire.http.get(page["next"], headers=voltaire.headers).json()

        names = [row["counter_id"] for row in page["results"] + rest["results"]]
        assert names == ["VOL-00003", "VOL-00002", "VOL-00001"]
        assert rest["next"] is None

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"outcome": "MATCHED"}, [1]),
            ({"outcome": ["MATCHED", "CSP_ONLY"]}, [3, 2, 1]),
            ({"counter_id": "VOL-00002"}, [2]),
            ({"service_session_id": "S-00003"}, [3]),
            ({"party": "DE*NLX"}, [3, 2, 1]),
            ({"party": "NL*PLD"}, []),
            ({"ended_from": "2026-11-14T11:30:00Z"}, [2]),
            ({"ended_to": "2026-11-14T11:30:00Z"}, [3, 1]),
            ({"received_from": "2026-11-14T12:00:00Z"}, [3, 2, 1]),
            ({"received_to": "2026-11-14T12:00:00Z"}, []),
        ],
    )
    def test_is_filtered(self, voltaire, sent, query, names):
        assert listed(voltaire, **query) == [f"VOL-{number:05d}" for number in names]

    @pytest.mark.parametrize("query", [{"outcom": "x"}, {"outcome": "x"}, {"cursor": "x"},
                                       {"party": "x"}, {"limit": "0"}])  # fmt: skip
    def test_refuses_what_it_does_not_know(self, voltaire, query):
        answer = voltaire.get(COUNTERS, **query)

        assert (answer.status_code, answer.json()["code"]) == (400, "PARAMETERS_INVALID")

    def test_needs_as_many_queries_for_many_as_for_one(
        self, voltaire, sent, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(14):
            assert len(listed(voltaire)) == 3


class TestStrangers:
    def test_see_nothing_of_it(self, voltaire):
        sent = post(voltaire, counter(1)).json()

        for party in (makers.nordlicht(), makers.fjell(), makers.laterne()):
            stranger = PartnerSystem(party)
            assert stranger.get(f"{COUNTERS}{sent['record_id']}/").status_code == 404
            assert listed(stranger) == listed(stranger, party="FR*VOL") == []

    def test_cannot_send_for_it(self, voltaire):
        answer = post(PartnerSystem(makers.fjell()), counter(1))

        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["PARTY_NOT_YOURS"]

    def test_learn_nothing_of_an_id_that_is_taken(self, voltaire):
        post(voltaire, counter(1))
        known = post(PartnerSystem(makers.fjell()), counter(1)).json()
        unknown = post(PartnerSystem(makers.fjell()), counter(2)).json()

        assert known["errors"] == unknown["errors"]

    def test_of_the_test_environment_neither(self, voltaire):
        makers.voltaire(Environment.TEST)
        sent = post(voltaire, counter(1)).json()
        trial = PartnerSystem(makers.voltaire(), environment=Environment.TEST)

        assert listed(trial) == []
        assert trial.get(f"{COUNTERS}{sent['record_id']}/").status_code == 404

    def test_with_a_mandate_reads_and_sends(self, voltaire):
        agent = PartnerSystem(makers.laterne())
        mandate = Mandate.objects.create(
            grantor=makers.partner_of(makers.voltaire()),
            agent=agent.partner,
            verbs=[Mandate.Verb.READ_SDR, Mandate.Verb.SUBMIT_SDR],
            starts_at=NOON,
        )
        mandate.parties.add(makers.voltaire())

        assert post(agent, counter(1)).status_code == 201
        assert listed(agent) == ["VOL-00001"]
