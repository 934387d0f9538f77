"""Reading records: pages, filters, the pull in sequence, one in full."""

from datetime import timedelta

import pytest

from partners.models import Mandate, PartyOwnership
from roaming.models import Delivery
from roaming.services import deliveries
from tests import makers
from tests.makers import numbered_record, record
from tests.roaming.partner_systems import RECORDS, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire(nordlicht):
    return PartnerSystem(makers.voltaire())


def _ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["sdr_id"] for one in answer.json()["results"]]


class TestList:
    def test_shows_both_sides_their_record(self, nordlicht, voltaire):
        sent = nordlicht.send(record()).json()

        seller, buyer = nordlicht.get().json(), voltaire.get().json()

        assert seller == buyer
        [row] = seller["results"]
        assert (row["record_id"], row["state"]) == (sent["record_id"], "ACCEPTED")
        assert (row["energy_kwh"], row["total_amount"]) == ("18.4", "9.02")
        assert (row["started_at"], row["evse_id"]) == ("2026-11-14T10:00:00Z", "DE*NLX*E1001*1")

    def test_never_shows_a_contract_id(self, nordlicht, voltaire):
        sent = nordlicht.send(record(credential_id="04A1B2C3")).json()

        for system in (nordlicht, voltaire):
            told = system.get().content + system.read(sent["record_id"]).content
            assert b"CA2B3C4D5" not in told, system.partner
            assert b"04A1B2C3" not in told, system.partner
            assert len(system.get().json()["results"][0]["pseudonym"]) == 16

    def test_shows_a_rejected_record_to_its_sender_only(self, nordlicht, voltaire):
        nordlicht.send(record(energy_kwh="-1"))

        assert nordlicht.get().json()["results"][0]["codes"] == ["V201"]
        assert voltaire.get().json()["results"] == []

    def test_pages_from_the_newest_by_the_next_link(self, nordlicht):
        nordlicht.send_batch([numbered_record(n) for n in range(5)])

        first = nordlicht.get(limit=2)
        second = nordlicht.http.get(first.json()["next"], headers=nordlicht.headers)
        third = nordlicht.http.get(second.json()["next"], headers=nordlicht.headers)

        assert _ids(first) == ["NLX-00004", "NLX-00003"]
        assert _ids(second) == ["NLX-00002", "NLX-00001"]
        assert _ids(third) == ["NLX-00000"]
        assert third.json()["next"] is None

    def test_takes_the_same_few_queries_whatever_the_page(
        self, nordlicht, django_assert_max_num_queries
    ):
        nordlicht.send_batch([numbered_record(n) for n in range(60)])

        for limit in (1, 50):
            with django_assert_max_num_queries(8):
                assert len(_ids(nordlicht.get(limit=limit, party="FR*VOL"))) == limit


class TestListFilter:
    @pytest.fixture
    def three(self, nordlicht):
        """00001 ended at 11:00, 00002 at 09:00 and held, 00003 rejected."""
        nordlicht.send(numbered_record(1))
        nordlicht.send(
            numbered_record(
                2,
                csp_id="IT*ZZZ",
                started_at="2026-11-14T08:00:00Z",
                ended_at="2026-11-14T09:00:00Z",
            )
        )
        nordlicht.send(numbered_record(3, energy_kwh="-1"))
        return nordlicht

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"state": "HELD"}, ["NLX-00002"]),
            ({"state": ["HELD", "REJECTED"]}, ["NLX-00003", "NLX-00002"]),
            ({"party": "FR*VOL"}, ["NLX-00001"]),
            ({"party": "fr-vol", "state": "ACCEPTED"}, ["NLX-00001"]),
            ({"party": "NO*FJL"}, []),
            ({"ended_to": "2026-11-14T09:00:00Z"}, []),
            ({"ended_to": "2026-11-14T09:00:01Z"}, ["NLX-00002"]),
            ({"ended_from": "2026-11-14T11:00:00Z", "state": "ACCEPTED"}, ["NLX-00001"]),
            ({"started_to": "2026-11-14T10:00:00Z"}, ["NLX-00002"]),
            ({"started_from": "2026-11-14T10:00:00Z", "state": "ACCEPTED"}, ["NLX-00001"]),
            ({"changed_from": "2026-11-14T12:00:01Z"}, []),
        ],
    )
    def test_narrows_the_list(self, three, query, expected):
        assert _ids(three.get(**query)) == expected

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"colour": "green"}, "colour"),
            ({"state": "PAID"}, "state"),
            ({"party": "nobody at all"}, "party"),
            ({"ended_from": "yesterday"}, "ended_from"),
            ({"limit": "0"}, "limit"),
            ({"limit": "1001"}, "limit"),
            ({"limit": "-1"}, "limit"),
            ({"cursor": "x"}, "cursor"),
            ({"after_sequence": "x", "receiver": "FR*VOL"}, "after_sequence"),
            ({"receiver": "?"}, "receiver"),
            ({"receiver": "FR*VOL", "state": "HELD"}, "state"),
        ],
    )
    def test_refuses_what_it_does_not_understand(self, nordlicht, query, field):
        answer = nordlicht.get(**query)

        assert answer.status_code == 400
        assert field in [error["field"] for error in answer.json()["errors"]]


class TestPull:
    def test_gives_what_is_owed_in_gapless_sequence(self, nordlicht, voltaire):
        nordlicht.send_batch([numbered_record(n) for n in range(3)])
        nordlicht.send(numbered_record(3, csp_id="IT*ZZZ"))

        first = voltaire.get(receiver="FR*VOL", limit=2).json()
        second = voltaire.http.get(first["next"], headers=voltaire.headers).json()

        told = [*first["results"], *second["results"]]
        assert [one["sequence"] for one in told] == [1, 2, 3]
        assert [one["record"]["sdr_id"] for one in told] == ["NLX-00000", "NLX-00001", "NLX-00002"]
        assert (second["last_sequence"], second["next"]) == (3, None)

    def test_says_where_to_go_on_when_there_is_nothing_new(self, nordlicht, voltaire):
        nordlicht.send(record())

        answer = voltaire.get(receiver="FR*VOL", after_sequence=1).json()

        assert answer == {"results": [], "last_sequence": 1, "next": None}

    def test_names_a_statement_in_the_same_sequence(self, nordlicht, voltaire):
        nordlicht.send(record())
        party, document_id = makers.voltaire(), makers.nordlicht().pk
        deliveries.owe_news(Delivery.Kind.STATEMENT, {party.pk: document_id}, now=makers.NOON)
        deliveries.publish([party.pk])

        told = voltaire.get(receiver="FR*VOL", after_sequence=1).json()["results"]

        assert told == [{"sequence": 2, "kind": "STATEMENT", "document_id": str(document_id)}]

    def test_is_for_the_receiver_alone(self, nordlicht):
        nordlicht.send(record())

        own_customer, nobody = nordlicht.get(receiver="FR*VOL"), nordlicht.get(receiver="IT*ZZZ")

        assert (own_customer.status_code, nobody.status_code) == (404, 404)
        assert own_customer.json()["code"] == nobody.json()["code"] == "PARTY_NOT_FOUND"


class TestDetail:
    def test_tells_the_whole_story(self, nordlicht):
        sent = nordlicht.send(
            record(
                max_power_kw="10",
                charging_periods=[
                    {
                        "started_at": "2026-11-14T10:00:00Z",
                        "energy_kwh": "18.4",
                        "duration_s": 3600,
                    }
                ],
            )
        ).json()

        told = nordlicht.read(sent["record_id"]).json()

        # 18.4 kWh in an hour at 10 kW is beyond 1.5 times what is possible.
        assert told["state"] == "REJECTED"
        assert [finding["code"] for finding in told["findings"]] == ["V202"]
        assert told["findings"][0]["remedy"]
        assert told["items"] == [
            {"kind": "ENERGY", "quantity": "18.4", "unit_price": "0.49", "amount": "9.02"}
        ]
        assert told["charging_periods"] == [
            {"started_at": "2026-11-14T10:00:00Z", "energy_kwh": "18.4", "duration_s": 3600}
        ]
        [event] = told["events"]
        assert event["path"] == ["RECEIVED", "REJECTED"]
        assert (event["at"], event["version"]) == ("2026-11-14T12:00:00Z", 1)
        assert "actor" not in event

    def test_of_an_unknown_id_is_404(self, nordlicht):
        answer = nordlicht.read("01a1d9ed-c41a-7389-8f58-80f9479187f6")

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    def test_of_what_is_no_id_is_404(self, nordlicht):
        assert nordlicht.get(f"{RECORDS}1/").status_code == 404


class TestMandate:
    @pytest.fixture
    def backend(self, nordlicht):
        return PartnerSystem(makers.laterne())

    def _let(self, agent: PartnerSystem, *verbs: str, **changes) -> None:
        party = makers.nordlicht()
        mandate = Mandate.objects.create(
            grantor=makers.partner_of(party),
            agent=agent.partner,
            verbs=list(verbs),
            **({"starts_at": makers.LONG_AGO} | changes),
        )
        mandate.parties.add(party)

    def test_to_read_shows_the_partys_records(self, nordlicht, backend):
        nordlicht.send(record())
        self._let(backend, "READ_SDR")

        assert _ids(backend.get()) == ["NLX-0001"]

    def test_to_send_shows_only_what_was_rejected(self, backend):
        self._let(backend, "SUBMIT_SDR")

        good = backend.send(record())
        backend.send(numbered_record(2, energy_kwh="-1"))

        assert good.status_code == 201
        assert _ids(backend.get()) == ["NLX-00002"]
        assert backend.read(good.json()["record_id"]).status_code == 404

    def test_that_has_ended_shows_nothing(self, nordlicht, backend):
        nordlicht.send(record())
        self._let(backend, "READ_SDR", ends_at=makers.NOON)

        assert _ids(backend.get()) == []

    def test_of_a_former_owner_shows_nothing(self, nordlicht, backend):
        nordlicht.send(record())
        self._let(backend, "READ_SDR")
        _sell_nordlicht_to(makers.partner_of(makers.polder()), at=makers.NOON)

        assert _ids(backend.get()) == []


class TestSoldParty:
    def test_shows_its_past_to_both_owners_and_its_future_to_the_new_one(self, nordlicht):
        polder = PartnerSystem(makers.polder())
        nordlicht.send(numbered_record(1))
        _sell_nordlicht_to(polder.partner, at=makers.NOON - timedelta(minutes=30))
        polder.send(
            numbered_record(2, started_at="2026-11-14T11:00:00Z", ended_at="2026-11-14T11:30:00Z")
        )

        assert _ids(nordlicht.get()) == ["NLX-00001"]
        assert _ids(polder.get()) == ["NLX-00002", "NLX-00001"]


def _sell_nordlicht_to(partner, *, at) -> None:
    party = makers.nordlicht()
    party.ownerships.update(ends_at=at)
    PartyOwnership.objects.create(party=party, partner=partner, starts_at=at)
