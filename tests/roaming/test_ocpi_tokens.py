"""OCPI tokens over HTTP: CSPs publish, CSOs read and ask; cases named by their ids."""

from datetime import timedelta

import pytest

from partners.models import RoamingEndpoint
from roaming.models import AuthorizationRequest, ServiceSession, WhitelistEntry
from roaming.services import whitelist
from tests import makers
from tests.makers import NOON
from tests.roaming.authorization_world import World, after, answering, world
from tests.roaming.credential_world import CARD, card
from tests.roaming.ocpi_world import System, connection

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
REFERENCES = {"location_id": "LOC1", "evse_uids": ["1001"]}
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


def token(**changes) -> dict:
    """A Token of 2.2.1, of Voltaire, with a field that nobody knows."""
    tree = {
        "country_code": "FR",
        "party_id": "VOL",
        "uid": CARD.lower(),
        "type": "RFID",
        "contract_id": "FR-VOL-C12345678-4",
        "visual_number": "DF000-2001-8999",
        "issuer": "Voltaire",
        "group_id": "DF000-2001-8999",
        "valid": True,
        "whitelist": "ALWAYS",
        "last_updated": "2026-11-14T10:00:00Z",
        "x_colour": {"shade": "teal"},
    }
    return {name: value for name, value in (tree | changes).items() if value is not None}


def token_of_2_1_1(**changes) -> dict:
    tree = token(auth_id="FR-VOL-C12345678-4", group_id=None, contract_id=None, **changes)
    return {name: value for name, value in tree.items() if name not in ("country_code", "party_id")}


@pytest.fixture(autouse=True)
def quick(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.AUTHORIZATION_TIMEOUT_S = 0.5


@pytest.fixture
def cso():
    makers.AgreementMaker()
    return System(connection(makers.nordlicht())[1])


@pytest.fixture
def csp():
    return System(connection(makers.voltaire())[1])


def published(csp: System, uid=CARD, **changes) -> None:
    answer = csp.put(f"receiver/tokens/FR/VOL/{uid}", token(uid=uid, **changes))
    assert answer.ocpi["status_code"] == 1000, answer.ocpi


class TestReceiver:
    def test_takes_a_token_and_gives_it_back_as_it_came(self, csp):
        first = csp.put(f"receiver/tokens/FR/VOL/{CARD}", token())
        again = csp.put(f"receiver/tokens/FR/VOL/{CARD}", token())

        assert (first.status_code, first.ocpi["status_code"]) == (201, 1000)
        assert (again.status_code, again.ocpi["status_code"]) == (200, 1000)
        assert csp.get(f"receiver/tokens/FR/VOL/{CARD}").ocpi["data"] == token()

    def test_patches_with_the_time_of_the_change(self, csp):
        published(csp)

        answer = csp.patch(
            f"receiver/tokens/fr/vol/{CARD}",
            {"valid": False, "last_updated": "2026-11-14T11:00:00Z"},
        )

        assert answer.ocpi["status_code"] == 1000
        told = csp.get(f"receiver/tokens/FR/VOL/{CARD}").ocpi["data"]
        assert told == token(uid=CARD, valid=False, last_updated="2026-11-14T11:00:00Z")

    def test_tok_08_patch_without_last_updated(self, csp):
        published(csp)

        answer = csp.patch(f"receiver/tokens/FR/VOL/{CARD}", {"valid": False})

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
        assert WhitelistEntry.objects.get().is_valid

    def test_patch_of_an_unknown_token_asks_for_a_put(self, csp):
        change = {"valid": False, "last_updated": "2026-11-14T11:00:00Z"}

        answer = csp.patch(f"receiver/tokens/FR/VOL/{CARD}", change)

        assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2004)

    def test_an_older_word_is_taken_and_ignored(self, csp):
        published(csp, valid=False)

        published(csp, last_updated="2026-11-13T10:00:00Z")

        assert not WhitelistEntry.objects.get().is_valid

    def test_tok_09_path_of_another_csp(self, csp):
        makers.fjell()

        answer = csp.put(f"receiver/tokens/NO/FJL/{CARD}", token(country_code="NO", party_id="FJL"))

        assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2001)
        assert not WhitelistEntry.objects.exists()

    @pytest.mark.parametrize(
        "changes",
        [
            {"uid": "04FFFFFF"},
            {"party_id": "FJL"},
            {"whitelist": None},
            {"valid": "yes"},
            {"last_updated": None},
        ],
    )
    def test_refuses_what_does_not_fit(self, csp, changes):
        answer = csp.put(f"receiver/tokens/FR/VOL/{CARD}", token(**changes))

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
        assert not WhitelistEntry.objects.exists()

    def test_trn_13_no_delete(self, csp):
        published(csp)

        answer = csp.delete(f"receiver/tokens/FR/VOL/{CARD}")

        assert answer.status_code == 405
        assert WhitelistEntry.objects.get().is_valid

    def test_no_json_is_http_400(self, csp):
        assert csp.put(f"receiver/tokens/FR/VOL/{CARD}", b"{").status_code == 400

    def test_a_cso_publishes_nothing(self, cso):
        answer = cso.put(f"receiver/tokens/DE/NLX/{CARD}", token())

        assert answer.ocpi["status_code"] == 2001

    def test_in_2_1_1(self):
        old = System(connection(makers.voltaire(), version="2.1.1")[1], version="2.1.1")

        answer = old.put(f"receiver/tokens/FR/VOL/{CARD}", token_of_2_1_1())

        assert answer.ocpi["status_code"] == 1000
        assert old.get(f"receiver/tokens/FR/VOL/{CARD}").ocpi["data"] == token_of_2_1_1()

    def test_the_type_is_part_of_the_key(self, csp):
        published(csp)
        published(csp, type="APP_USER", visual_number="app")

        other = csp.get(f"receiver/tokens/FR/VOL/{CARD}?type=APP_USER").ocpi["data"]
        usual = csp.get(f"receiver/tokens/FR/VOL/{CARD}").ocpi["data"]

        assert (other["visual_number"], usual["visual_number"]) == ("app", "DF000-2001-8999")


class TestList:
    def test_is_of_the_csps_with_an_agreement(self, cso, csp):
        published(csp)
        makers.fjell()
        whitelist.publish(card(uid="00000009"), csp=makers.fjell(), now=NOON)

        answer = cso.get("sender/tokens")

        assert answer.ocpi["data"] == [token(uid=CARD)]
        assert answer.headers["X-Total-Count"] == "1"

    def test_is_of_the_csp_that_is_named(self, cso, csp):
        published(csp)

        assert len(cso.get("sender/tokens", to_code="FR*VOL").ocpi["data"]) == 1
        makers.fjell()
        assert cso.get("sender/tokens", to_code="NO*FJL").ocpi["data"] == []

    def test_a_stranger_gets_nothing(self, csp):
        published(csp)
        laterne = System(connection(makers.laterne())[1])

        assert laterne.get("sender/tokens").ocpi["data"] == []
        assert laterne.get(f"receiver/tokens/FR/VOL/{CARD}").status_code in (200, 404)
        assert "data" not in laterne.get(f"receiver/tokens/FR/VOL/{CARD}").ocpi

    def test_pages_and_filters_by_the_time_of_change(self, cso, csp):
        for number in range(3):
            published(csp, f"0000000{number}", last_updated=f"2026-11-14T1{number}:00:00Z")

        page = cso.get("sender/tokens?limit=2")
        late = cso.get("sender/tokens?date_from=2026-11-14T11:00:00Z&date_to=2026-11-14T12:00:00Z")

        assert [one["uid"] for one in page.ocpi["data"]] == ["00000000", "00000001"]
        assert 'rel="next"' in page.headers["Link"]
        assert [one["uid"] for one in late.ocpi["data"]] == ["00000001"]

    def test_leaves_out_hashes_and_tells_our_own_entries_in_their_words(self, cso):
        hashed = card(uid="", uid_sha256="ab" * 32, contract_id="", personal={})
        native = card(uid="00000009", wire_kind="", offline_policy="NEVER")
        whitelist.publish_many([hashed, native], csp=makers.voltaire(), now=NOON)

        [told] = cso.get("sender/tokens").ocpi["data"]

        assert (told["uid"], told["type"], told["whitelist"]) == ("00000009", "RFID", "NEVER")
        assert (told["issuer"], told["last_updated"]) == ("Voltaire", "2026-11-14T12:00:00Z")

    @pytest.mark.parametrize("version", VERSIONS)
    def test_is_told_in_each_version(self, csp, version):
        makers.AgreementMaker()
        published(csp, type="APP_USER")
        reader = System(connection(makers.nordlicht(), version=version)[1], version=version)

        [told] = reader.get("sender/tokens").ocpi["data"]

        if version == "2.1.1":
            assert told == token_of_2_1_1(uid=CARD, type="OTHER")
        else:
            assert told == token(uid=CARD, type="APP_USER")


class TestAuthorize:
    def test_tok_01_valid_token(self, cso, csp):
        published(csp)

        answer = cso.post(f"sender/tokens/{CARD}/authorize", REFERENCES)

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 1000)
        info = answer.ocpi["data"]
        assert (info["allowed"], info["location"]) == ("ALLOWED", REFERENCES)
        assert info["token"] == token(uid=CARD)
        session = ServiceSession.objects.get()
        assert info["authorization_reference"] == str(session.pk)
        assert (session.location_id, session.evse_uid) == ("LOC1", "1001")

    def test_tok_02_nobody_knows_it(self, cso):
        answer = cso.post(f"sender/tokens/{CARD}/authorize", REFERENCES)

        assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2004)
        assert "data" not in answer.ocpi

    def test_tok_03_blocked(self, cso, csp):
        published(csp, valid=False)

        answer = cso.post(f"sender/tokens/{CARD}/authorize")

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 1000)
        assert answer.ocpi["data"]["allowed"] == "BLOCKED"
        assert not ServiceSession.objects.exists()

    def test_tok_04_rfid_unless_told_otherwise(self, cso, csp):
        published(csp)
        published(csp, type="APP_USER", valid=False)

        usual = cso.post(f"sender/tokens/{CARD}/authorize")
        other = cso.post(f"sender/tokens/{CARD}/authorize?type=APP_USER")

        assert usual.ocpi["data"]["allowed"] == "ALLOWED"
        assert usual.ocpi["data"]["token"]["type"] == "RFID"
        assert other.ocpi["data"]["allowed"] == "BLOCKED"

    @pytest.mark.parametrize("version", VERSIONS)
    def test_in_each_version(self, csp, version):
        makers.AgreementMaker()
        published(csp, type="APP_USER")
        old = System(connection(makers.nordlicht(), version=version)[1], version=version)
        asked = {"2.1.1": "?token_type=OTHER"}.get(version, "?type=APP_USER")

        info = old.post(f"sender/tokens/{CARD}/authorize{asked}", REFERENCES).ocpi["data"]

        assert info["allowed"] == "ALLOWED"
        assert set(info) == {"allowed", "location"} | (
            set() if version == "2.1.1" else {"token", "authorization_reference"}
        )

    def test_plug_and_charge_by_emaid_in_2_3_0(self):
        makers.AgreementMaker()
        endpoint, shown = connection(makers.voltaire(), version="2.3.0")
        csp = System(shown, version="2.3.0")
        cso = System(connection(makers.nordlicht(), version="2.3.0")[1], version="2.3.0")
        emaid = "FRVOLC12345678"
        csp.put(
            f"receiver/tokens/FR/VOL/{emaid}?type=EMAID",
            token(uid=emaid, type="EMAID", whitelist="ALLOWED_OFFLINE"),
        )

        RoamingEndpoint.objects.filter(pk=endpoint.pk).update(state="OFFLINE")
        answer = cso.post(f"sender/tokens/{emaid}/authorize?type=EMAID", REFERENCES)

        # Nobody checked the certificate, so the list may not decide; the CSP is away.
        assert answer.ocpi["status_code"] == 4003
        assert AuthorizationRequest.objects.get().kind == "CERTIFICATE"

    def test_bad_references(self, cso, csp):
        published(csp)

        answer = cso.post(f"sender/tokens/{CARD}/authorize", {"evse_uids": ["1"]})

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)

    def test_no_agreement_with_the_csp_that_is_named(self, csp):
        published(csp)
        laterne = System(connection(makers.laterne())[1])

        named = laterne.post(f"sender/tokens/{CARD}/authorize", to_code="FR*VOL")
        open_ = laterne.post(f"sender/tokens/{CARD}/authorize")
        nowhere = laterne.post(f"sender/tokens/{CARD}/authorize", to_code="FR*ZZZ")

        assert named.ocpi["status_code"] == nowhere.ocpi["status_code"] == 4001
        assert (open_.status_code, open_.ocpi["status_code"]) == (404, 2004)

    def test_a_csp_asks_nothing(self, csp):
        assert csp.post(f"sender/tokens/{CARD}/authorize").ocpi["status_code"] == 2001

    def test_the_same_correlation_id_has_the_same_answer(self, cso, csp):
        published(csp)
        headers = {"X-Correlation-ID": "c-1"}

        told = [cso.post(f"sender/tokens/{CARD}/authorize", headers=headers) for _ in range(2)]

        references = {one.ocpi["data"]["authorization_reference"] for one in told}
        assert len(references) == AuthorizationRequest.objects.count() == 1


class TestTowardsTheCsp:
    """A CSP that answers elsewhere; how OCPI tells what became of it."""

    @pytest.fixture
    def house(self):
        with world() as house:
            yield house

    @pytest.fixture
    def asking(self, house: World):
        return System(connection(house.cso)[1])

    def test_rte_04_too_late(self, house, asking):
        house.csp(makers.voltaire(), answer=after(1, answering()))
        whitelist.publish(card(offline_policy="NEVER"), csp=makers.voltaire(), now=NOON)

        answer = asking.post(f"sender/tokens/{CARD}/authorize", to_code="FR*VOL")

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 4002)
        assert not ServiceSession.objects.exists()

    def test_not_connected(self, house, asking):
        house.csp(makers.voltaire(), state="OFFLINE")

        answer = asking.post(f"sender/tokens/{CARD}/authorize", to_code="FR*VOL")

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 4003)

    def test_a_token_that_only_its_csp_knows_is_told_as_far_as_it_is_known(self, house, asking):
        house.csp(
            makers.voltaire(), answer=answering(reference="AUTH-7", contract_id="FRVOLC12345678")
        )

        info = asking.post(f"sender/tokens/{CARD}/authorize", REFERENCES, to_code="FR*VOL").ocpi[
            "data"
        ]

        assert info["authorization_reference"] == "AUTH-7"
        assert info["token"] == {
            "country_code": "FR",
            "party_id": "VOL",
            "uid": CARD,
            "type": "RFID",
            "contract_id": "FRVOLC12345678",
            "issuer": "Voltaire",
            "valid": True,
            "whitelist": "NEVER",
            "last_updated": "2026-11-14T12:00:00Z",
        }

    def test_tells_the_reason_of_a_refusal(self, house, asking):
        house.csp(makers.voltaire(), answer=answering(decision="NO_CREDIT", reason="Top it up."))

        info = asking.post(f"sender/tokens/{CARD}/authorize", to_code="FR*VOL").ocpi["data"]

        assert info["allowed"] == "NO_CREDIT"
        assert info["info"] == {"language": "en", "text": "Top it up."}


def test_a_test_connection_never_meets_live(csp):
    published(csp)
    makers.AgreementMaker()
    of_test = System(connection(makers.nordlicht("TEST"))[1])

    answer = of_test.post(f"sender/tokens/{CARD}/authorize")

    assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2004)
    assert of_test.get("sender/tokens").ocpi["data"] == []
    assert timedelta(0) == NOON - WhitelistEntry.objects.get().received_at
