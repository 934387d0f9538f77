"""Pairs that roam directly: in the directory of both, their records refused at every door."""

import json

import pytest
from django.core.management import call_command

from partners.models import PartyPresence, RoamingEndpoint
from roaming.models import Finding, Sdr, SdrState
from tests import makers
from tests.flows.test_three_doors import PROFILE, as_csv
from tests.makers import NOON, AgreementMaker, later, record
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_systems import COUNTERS, PartnerSystem
from tests.roaming.test_matching import counter
from tests.roaming.test_ocpi_cdr_module import cdr

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
DIRECTORY = "/api/v1/directory/"
SAID = "DE*NLX and FR*VOL settle directly, not here"


@pytest.fixture
def direct():
    return AgreementMaker(mode="DIRECT", refuse_after_days=None)


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


def directory(system: PartnerSystem, **query) -> list[dict]:
    answer = system.get(DIRECTORY, **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


@pytest.mark.usefixtures("direct")
class TestRecordsAreRefused:
    def test_by_the_api_one_by_one_and_in_a_batch(self, noon, nordlicht):
        one = nordlicht.send(record())
        batch = nordlicht.send_batch([record(sdr_id="NLX-2", service_session_id="S-2")])

        assert (one.status_code, one.json()["code"]) == (422, "SDR_REJECTED")
        [error] = one.json()["errors"]
        assert (error["code"], error["message"]) == ("V004", SAID)
        assert "other side" in error["remedy"]
        [told] = batch.json()["results"]
        assert (told["outcome"], told["codes"]) == ("rejected", ["V004"])

    def test_over_ocpi(self):
        _, token = connection(makers.nordlicht())

        answer = System(token).post("receiver/cdrs", cdr())

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
        assert answer.ocpi["status_message"] == f"V004 {SAID}"

    def test_in_a_file(self, tmp_path, settings, capsys):
        settings.MEDIA_ROOT = tmp_path / "files"
        settings.MEDIA_ROOT.mkdir()
        profile, path = tmp_path / "own.toml", tmp_path / "records.csv"
        profile.write_text(PROFILE)
        path.write_bytes(as_csv(record()))

        call_command("import_sdrs", str(path), "--profile", str(profile), "--json")

        assert json.loads(capsys.readouterr().out)["rejected"] == 1
        kept = Sdr.objects.get()
        assert SdrState.objects.get(id=kept.id).state == "REJECTED"
        assert Finding.objects.get(record_id=kept.id, severity="REJECT").code == "V004"

    def test_and_so_are_counter_records(self, noon):
        voltaire = PartnerSystem(makers.voltaire())

        answer = voltaire.post(COUNTERS, json.dumps(counter(1)).encode())

        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["SETTLED_DIRECTLY"]


def test_a_record_from_before_the_two_went_direct_is_taken(noon, nordlicht):
    cleared = AgreementMaker(ends_at=NOON)
    AgreementMaker(mode="DIRECT", starts_at=NOON, group=cleared.group)

    assert nordlicht.send(record()).json()["outcome"] == "accepted"


class TestTheDirectory:
    @pytest.fixture
    def world(self, noon, direct):
        AgreementMaker(buyer=makers.fjell(), group=direct.group)
        PartyPresence.objects.create(party=makers.voltaire(), state="CONNECTED", changed_at=NOON)
        connection(makers.voltaire(), url="https://vol.example/ocpi")
        connection(makers.fjell(), url="https://fjell.example/ocpi")
        return direct

    def test_tells_both_sides_who_their_partners_are(self, world, nordlicht):
        sold = directory(nordlicht)
        [bought] = directory(PartnerSystem(makers.voltaire()))

        assert [(one["other_party"], one["mode"], one["is_cleared_here"]) for one in sold] == [
            ("FR*VOL", "DIRECT", False),
            ("NO*FJL", "CLEARED_PO", True),
        ]
        assert {one["relation"] for one in sold} == {"SELLS_TO"}
        assert (bought["other_party"], bought["relation"]) == ("DE*NLX", "BUYS_FROM")
        assert (sold[0]["presence"], sold[1]["presence"]) == ("CONNECTED", "")

    def test_tells_the_address_of_who_is_reached_directly_alone(self, world, nordlicht):
        [direct, cleared] = directory(nordlicht)

        assert [one["url"] for one in direct["addresses"]] == ["https://vol.example/ocpi"]
        assert cleared["addresses"] == []
        RoamingEndpoint.objects.update(state="SUSPENDED")
        assert directory(nordlicht)[0]["addresses"] == []

    def test_is_filtered_and_paged(self, world, nordlicht):
        assert [one["other_party"] for one in directory(nordlicht, mode="DIRECT")] == ["FR*VOL"]
        page = nordlicht.get(DIRECTORY, limit=1).json()
        rest = nordlicht.get(page["next"].partition("testserver")[2]).json()
        assert [one["other_party"] for one in rest["results"]] == ["NO*FJL"]
        assert nordlicht.get(DIRECTORY, mode="SIDEWAYS").status_code == 400

    def test_asks_as_much_for_many_as_for_two(
        self, world, nordlicht, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(12):
            directory(nordlicht)

    def test_is_empty_for_a_stranger_and_for_the_other_environment(self, world):
        assert directory(PartnerSystem(makers.laterne())) == []
        trial = PartnerSystem(makers.voltaire(), environment="TEST")
        assert directory(trial) == []

    def test_needs_its_scope(self, world):
        system = PartnerSystem(makers.nordlicht(), scopes=("sdr:read",))
        assert system.get(DIRECTORY).status_code == 403

    @pytest.mark.parametrize("terms", [{"in_force_at": None}, {"ends_at": NOON}])
    def test_lists_what_is_in_force(self, noon, nordlicht, terms):
        AgreementMaker(**terms)

        assert directory(nordlicht) == []


class TestBetweenTwoCsps:
    """Fjell resells to Voltaire what its CSOs did (mode CLEARED_PP)."""

    RESOLD = {"cso_id": "NO*FJL", "sdr_id": "FJL-1"}

    @pytest.fixture
    def fjell(self, noon):
        return PartnerSystem(makers.fjell())

    def test_records_are_taken_and_counted_for_the_reseller(self, fjell):
        AgreementMaker(seller=makers.fjell(), mode="CLEARED_PP")

        answer = fjell.send(record(**self.RESOLD)).json()

        assert (answer["outcome"], answer["codes"]) == ("accepted", [])
        assert Sdr.objects.get().seller == makers.fjell()

    def test_the_evse_need_not_be_the_resellers(self, fjell, nordlicht):
        evses = [{"evse_id": "DE*NLX*E1001*1", "starts_at": "2026-01-01T00:00:00Z"}]
        nordlicht.post("/api/v1/registries/evses/", json.dumps(evses).encode())
        AgreementMaker(seller=makers.fjell(), mode="CLEARED_PP")

        assert fjell.send(record(**self.RESOLD)).json()["outcome"] == "accepted"

    def test_counter_records_name_the_reseller(self, fjell):
        AgreementMaker(seller=makers.fjell(), mode="CLEARED_PP")
        voltaire = PartnerSystem(makers.voltaire())

        answer = voltaire.post(COUNTERS, json.dumps(counter(1, cso_id="NO*FJL")).encode())

        assert answer.status_code == 201, answer.content

    def test_two_that_settle_directly_are_refused_like_any_pair(self, fjell):
        AgreementMaker(seller=makers.fjell(), mode="DIRECT")

        assert fjell.codes_of(fjell.send(record(**self.RESOLD))) == ["V004"]

    @pytest.mark.parametrize(
        "terms", [{}, {"starts_at": later(hours=1)}], ids=["sells to nobody", "not yet"]
    )
    def test_a_csp_without_an_agreement_sells_nothing(self, fjell, terms):
        makers.voltaire()
        if terms:
            AgreementMaker(seller=makers.fjell(), mode="CLEARED_PP", **terms)

        refused = fjell.send(record(**self.RESOLD))

        assert fjell.codes_of(refused) == (["V004"] if terms else ["V002"])

    def test_somebody_else_cannot_sell_for_it(self, fjell, nordlicht):
        AgreementMaker(seller=makers.fjell(), mode="CLEARED_PP")

        assert nordlicht.codes_of(nordlicht.send(record(**self.RESOLD))) == ["V002"]

    def test_a_code_of_both_roles_is_the_one_that_agreed(self, fjell):
        """Fjell's stations have its code too; between two CSPs it still sells as a CSP."""
        owner = makers.partner_of(makers.fjell())
        makers.PartyMaker(
            country_code="NO", party_id="FJL", role="CSO", partner=owner, owned_by=owner
        )
        AgreementMaker(seller=makers.fjell(), mode="CLEARED_PP")

        fjell.send(record(**self.RESOLD))

        assert Sdr.objects.get().seller.role == "CSP"
