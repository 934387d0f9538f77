"""The native API of authorizations and whitelists: both sides, strangers, and the two ways in."""

import json

import pytest

from partners.models import ApiClient
from roaming.api import authorization_documentation as documentation
from roaming.models import AuthorizationRequest, ServiceSession, WhitelistEntry
from roaming.services import whitelist
from tests import makers
from tests.makers import NOON
from tests.roaming.credential_world import CARD, card
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
ASK = "/api/v1/authorizations/ask/"
LIST = "/api/v1/authorizations/"
WHITELIST = "/api/v1/whitelists/FR*VOL/"


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire():
    return PartnerSystem(makers.voltaire())


@pytest.fixture
def laterne():
    return PartnerSystem(makers.laterne())


def ask(system: PartnerSystem, **changes):
    question = documentation.QUESTION | changes
    return system.post(ASK, json.dumps(question).encode())


def publish(system: PartnerSystem, *entries: dict, verb="patch", path=WHITELIST):
    call = getattr(system.http, verb)
    body = json.dumps(list(entries)).encode()
    return call(path, body, content_type="application/json", headers=system.headers)


def entry(**changes) -> dict:
    return documentation.LIST[0] | changes


def listed(*cards) -> None:
    whitelist.publish_many(cards or [card()], csp=makers.voltaire(), now=NOON)


class TestAsk:
    def test_is_answered_by_the_list(self, nordlicht):
        listed()

        answer = ask(nordlicht)

        told = answer.json()
        session = ServiceSession.objects.get()
        assert answer.status_code == 200
        assert (told["decision"], told["decided_by"]) == ("ALLOWED", "WHITELIST")
        assert told["csp_id"] == "FR*VOL"
        assert told["session_id"] == told["reference"] == str(session.pk)
        assert answer["Cache-Control"] == "private, no-store"
        assert ask(nordlicht).json()["is_repeated"]

    def test_any_decision_is_http_200(self, nordlicht):
        listed(card(is_valid=False))

        blocked, unknown = ask(nordlicht), ask(nordlicht, uid="00000001")

        assert (blocked.status_code, blocked.json()["decision"]) == (200, "BLOCKED")
        assert (unknown.status_code, unknown.json()["decision"]) == (200, "UNKNOWN")

    def test_costs_a_handful_of_statements(self, nordlicht, django_assert_max_num_queries):
        listed()

        with django_assert_max_num_queries(5):  # two of them put the role on and off
            assert ask(nordlicht).json()["decision"] == "ALLOWED"

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"cso_id": "NL*PLD"}, 404, "PARTY_NOT_FOUND"),
            ({"cso_id": "nonsense"}, 422, "PARTY_MALFORMED"),
            ({"csp_id": "FR*ZZZ"}, 422, "CSP_UNKNOWN"),
            ({"uid": ""}, 422, "CREDENTIAL_MISSING"),
            ({"kind": "FACE"}, 400, "BODY_UNREADABLE"),
            ({"unknown": 1}, 400, "BODY_UNREADABLE"),
        ],
    )
    def test_says_what_is_wrong(self, nordlicht, changes, status, code):
        makers.polder()

        answer = ask(nordlicht, **changes)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not AuthorizationRequest.objects.exists()

    def test_for_somebody_elses_stations_is_as_good_as_unknown(self, nordlicht, laterne):
        listed()

        answer, nobody = ask(laterne), ask(laterne, cso_id="DE*ZZZ")

        assert answer.status_code == nobody.status_code == 404
        assert answer.json()["code"] == nobody.json()["code"]
        assert not AuthorizationRequest.objects.exists()

    def test_needs_the_scope_in_token_and_client(self, nordlicht):
        listed()
        client = nordlicht.client
        ApiClient.objects.filter(pk=client.pk).update(scopes="sdr:read")

        answer = ask(nordlicht)

        assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE_MISSING")

    def test_needs_a_token(self, nordlicht):
        listed()
        nordlicht.token = "wrong"

        assert ask(nordlicht).status_code == 401
        assert nordlicht.http.get(ASK, headers=nordlicht.headers).status_code == 401

    def test_a_test_client_asks_in_test(self, nordlicht):
        listed()
        trial = PartnerSystem(makers.nordlicht("TEST"), environment="TEST")

        assert ask(trial).json()["decision"] == "UNKNOWN"

    def test_takes_gzip_and_what_else_the_api_takes(self, nordlicht):
        import gzip

        listed()
        body = gzip.compress(json.dumps(documentation.QUESTION).encode())

        answer = nordlicht.post(ASK, body, Content_Encoding="gzip")

        assert answer.json()["decision"] == "ALLOWED"


class TestReading:
    def test_is_for_both_sides_and_nobody_else(self, nordlicht, voltaire, laterne):
        listed()
        told = ask(nordlicht).json()

        for system in (nordlicht, voltaire):
            [row] = system.get(LIST).json()["results"]
            assert row["request_id"] == told["request_id"]
            assert (row["cso_id"], row["csp_id"]) == ("DE*NLX", "FR*VOL")
            assert CARD not in json.dumps(row)
        assert laterne.get(LIST).json() == {"results": [], "next": None}

    def test_pages_newest_first_and_filters(self, nordlicht):
        listed()
        told = [ask(nordlicht, uid=uid).json()["request_id"] for uid in (CARD, "01", "02")]

        first = nordlicht.get(LIST, limit=2).json()
        rest = nordlicht.http.get(first["next"], headers=nordlicht.headers).json()

        ids = [row["request_id"] for row in first["results"] + rest["results"]]
        assert ids == told[::-1]
        assert len(nordlicht.get(LIST, decision="ALLOWED").json()["results"]) == 1
        assert nordlicht.get(LIST, decision="MAYBE").status_code == 400
        assert nordlicht.get(LIST, cursor="x").status_code == 400


class TestWhitelist:
    def test_the_examples_are_taken(self, voltaire):
        answer = publish(voltaire, *documentation.LIST, verb="put").json()

        assert [one["outcome"] for one in answer["results"]] == ["created", "created"]
        assert (answer["received"], answer["ended"], answer["last_sequence"]) == (2, 0, 2)

    def test_a_whole_list_ends_what_it_lacks_and_changes_do_not(self, voltaire):
        publish(voltaire, entry(), entry(uid="00000001"))

        changed = publish(voltaire, entry(uid="00000002")).json()
        whole = publish(voltaire, entry(uid="00000002"), verb="put").json()

        assert (changed["ended"], whole["ended"]) == (0, 2)
        assert WhitelistEntry.objects.filter(is_valid=True).count() == 1

    def test_a_cso_with_an_agreement_reads_what_changed(self, nordlicht, voltaire):
        publish(voltaire, *documentation.LIST)

        page = nordlicht.get(WHITELIST, limit=1).json()
        rest = nordlicht.http.get(page["next"], headers=nordlicht.headers).json()

        [plain], [hashed] = page["results"], rest["results"]
        assert (plain["uid"], plain["contract_id"]) == (CARD, "FR-VOL-C12345678")
        assert (hashed["uid"], hashed["uid_sha256"]) == ("", documentation.LIST[1]["uid_sha256"])
        assert nordlicht.get(WHITELIST, after_sequence=2).json()["results"] == []

    def test_a_stranger_neither_reads_nor_publishes(self, voltaire, laterne):
        publish(voltaire, entry())

        for system in (laterne, PartnerSystem(makers.nordlicht())):
            assert system.get(WHITELIST).status_code == 404
            assert publish(system, entry(is_valid=False), verb="put").status_code == 404
            assert publish(system, entry(is_valid=False)).status_code == 404
        assert WhitelistEntry.objects.get().is_valid

    def test_without_an_agreement_in_force_nothing_is_read(self, voltaire):
        publish(voltaire, entry())
        makers.AgreementMaker(in_force_at=None)

        assert PartnerSystem(makers.nordlicht()).get(WHITELIST).status_code == 404
        assert voltaire.get(WHITELIST).status_code == 200

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"uid": ""}, 422, "CREDENTIAL_MISSING"),
            ({"uid": "", "uid_sha256": "abc"}, 400, "BODY_UNREADABLE"),
            ({"is_valid": "yes"}, 400, "BODY_UNREADABLE"),
        ],
    )
    def test_says_what_is_wrong(self, voltaire, changes, status, code):
        answer = publish(voltaire, entry(**changes))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not WhitelistEntry.objects.exists()
