"""What a partner's system must never see or do: others' records, the other environment."""

import pytest

from partners.models import Environment
from tests import makers
from tests.makers import record
from tests.roaming.partner_systems import RECORDS, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


class TestLaterne:
    @pytest.fixture
    def laterne(self, nordlicht):
        return PartnerSystem(makers.laterne())

    def test_gets_404_on_others_records(self, nordlicht, laterne):
        record_ids = [
            nordlicht.send(record()).json()["record_id"],
            nordlicht.send(record(sdr_id="NLX-2", csp_id="IT*ZZZ")).json()["record_id"],
            nordlicht.send(record(sdr_id="NLX-3", energy_kwh="-1")).json()["record_id"],
        ]

        assert [laterne.read(one).status_code for one in record_ids] == [404, 404, 404]

    def test_gets_an_empty_list_whatever_it_asks_for(self, nordlicht, laterne):
        nordlicht.send(record())

        for query in ({}, {"party": "DE*NLX"}, {"party": "FR*VOL"}, {"state": "ACCEPTED"}):
            assert laterne.get(**query).json() == {"results": [], "next": None}, query

    def test_cannot_pull_for_others(self, nordlicht, laterne):
        nordlicht.send(record())

        assert laterne.get(receiver="FR*VOL", after_sequence=0).status_code == 404

    def test_cannot_send_for_others(self, nordlicht, laterne):
        answer = laterne.send(record())

        assert answer.status_code == 422
        assert laterne.codes_of(answer) == ["V002"]
        assert nordlicht.get().json()["results"] == []

    def test_learns_nothing_from_the_id_of_a_live_record(self, nordlicht, laterne):
        nordlicht.send(record())

        known, unknown = laterne.send(record()), laterne.send(record(sdr_id="NLX-none"))

        assert laterne.codes_of(known) == laterne.codes_of(unknown) == ["V002"]
        assert (known.status_code, known.json()["attempt"]) == (422, 1)


class TestTestClient:
    @pytest.fixture
    def trial(self, nordlicht):
        """Nordlicht's system in the TEST environment, with parties and an agreement there."""
        seller, buyer = makers.nordlicht(Environment.TEST), makers.voltaire(Environment.TEST)
        group = makers.GroupMaker(name="EUR test", environment=Environment.TEST)
        makers.AgreementMaker(seller=seller, buyer=buyer, group=group)
        return PartnerSystem(seller, environment=Environment.TEST)

    def test_never_sees_live_records(self, nordlicht, trial):
        sent = nordlicht.send(record()).json()

        assert trial.get().json()["results"] == []
        assert trial.read(sent["record_id"]).status_code == 404

    def test_sends_records_that_no_live_client_sees(self, nordlicht, trial):
        sent = trial.send(record())

        assert sent.json()["outcome"] == "accepted"
        assert trial.read(sent.json()["record_id"]).status_code == 200
        assert nordlicht.get(RECORDS).json()["results"] == []
        assert nordlicht.read(sent.json()["record_id"]).status_code == 404

    def test_cannot_pull_a_live_party(self, nordlicht, trial):
        voltaire = PartnerSystem(makers.voltaire(), environment=Environment.TEST)
        nordlicht.send(record())

        assert voltaire.get(receiver="FR*VOL").json()["results"] == []

    def test_does_not_reach_a_party_that_is_live_only(self, nordlicht):
        voltaire = PartnerSystem(makers.voltaire(), environment=Environment.TEST)

        assert voltaire.get(receiver="FR*VOL").status_code == 404
