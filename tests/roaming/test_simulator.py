"""Two simulated partners talk to each other over real sockets: the simulator is proven without us.

No database is touched here.
"""

import base64
from contextlib import contextmanager
from decimal import Decimal

import httpx
import pytest

from roaming.protocols.ocpi.simulator import (
    CPO,
    EMSP,
    FakePartner,
    NothingCame,
    Options,
    RegistrationFailed,
    Speaker,
)
from roaming.protocols.ocpi.simulator.connection import decoded, encoded
from roaming.protocols.ocpi.simulator.dialect import NotInThisVersion

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
UID = "04A1B2C3D4E5F6"
BROWSER = httpx.Client(verify=False)


@contextmanager
def pair(version="2.2.1", *, cso=None, csp=None):
    """A seller and a provider, registered with each other by the seller."""
    with (
        FakePartner("cso", version, party="NL*AAA", options=cso) as seller,
        FakePartner("csp", version, party="DE*BBB", options=csp) as provider,
    ):
        seller.register(provider.versions_url, provider.issue_registration_token())
        yield seller, provider


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def world():
    with pair() as (seller, provider):
        seller.push_location()
        yield seller, provider


def knock(provider, token):
    """Whether a token opens the door."""
    headers = {"Authorization": f"Token {token}"}
    return BROWSER.get(provider.versions_url, headers=headers).status_code


class TestHandshake:
    def test_gives_each_side_the_token_and_the_endpoints_of_the_other(self, version):
        with pair(version) as (seller, provider):
            assert seller.connection.outbound == provider.connection.inbound[-1]
            assert provider.connection.outbound == seller.connection.inbound[-1]
            assert seller.peer_url("RECEIVER", "sessions").startswith(provider.base_url)
            assert provider.peer_url("SENDER", "locations").startswith(seller.base_url)

    def test_fetches_the_details_of_the_caller_with_its_token_before_answering(self):
        with pair() as (seller, provider):
            heard = [(call.method, call.module) for call in provider.exchanges.of("in")]
            asked = [(call.method, call.module) for call in seller.exchanges.of("in")]

        assert heard == [("GET", "versions"), ("GET", "versions"), ("POST", "credentials")]
        assert asked == [("GET", "versions"), ("GET", "versions")]

    def test_sends_base64_since_2_2_and_takes_both(self, version):
        with pair(version) as (seller, provider):
            said = seller.sent("credentials")[0].headers["authorization"].split()[1]
            token_a = decoded(said)
            token = seller.connection.outbound
            spellings = (token, base64.b64encode(token.encode()).decode())
            answers = [
                knock(provider, one)
                for one in (*spellings, base64.b64encode(f"{token}\n".encode()).decode())
            ]

        assert (encoded(token_a) == said) == (version != "2.1.1")
        assert answers == [200, 200, 200]

    def test_may_send_raw_tokens_in_any_version(self):
        with pair(cso=Options(base64=False)) as (seller, _provider):
            token = seller.connection.outbound

            assert seller.push_location().headers["authorization"] == f"Token {token}"

    def test_names_the_address_where_peers_reach_it(self):
        with FakePartner("cso", options=Options(public_url="https://cso.example/")) as seller:
            assert seller.versions_url == "https://cso.example/ocpi/versions"
            assert seller.url("SENDER", "tokens").startswith("https://cso.example/ocpi/2.2.1/")

    def test_ends_the_registration_token(self):
        with (
            FakePartner("cso") as seller,
            FakePartner("csp") as provider,
        ):
            token_a = provider.issue_registration_token()
            early = BROWSER.get(
                f"{provider.base_url}/ocpi/2.2.1/sender/tokens",
                headers={"Authorization": f"Token {token_a}"},
            )
            seller.register(provider.versions_url, token_a)
            late = knock(provider, token_a)

        assert (early.status_code, late) == (401, 401)

    def test_is_refused_twice_and_to_strangers(self):
        with pair() as (seller, provider):
            with pytest.raises(RegistrationFailed, match="HTTP 401"):
                seller.register(provider.versions_url, "wrong")
            again = BROWSER.post(
                seller.peer_url("SENDER", "credentials"),
                headers={"Authorization": f"Token {seller.connection.outbound}"},
                json={},
            )

        assert again.status_code == 405

    @pytest.mark.parametrize(
        ("cso", "csp", "code"),
        [
            (Options(versions=("2.0",)), None, 3002),
            (None, Options(needs=frozenset({("cdrs", "RECEIVER")})), 3003),
        ],
    )
    def test_says_what_the_caller_lacks(self, cso, csp, code):
        with pytest.raises(RegistrationFailed, match=f"status_code {code}"), pair(cso=cso, csp=csp):
            pass

    def test_says_that_the_caller_cannot_be_reached(self):
        with FakePartner("cso") as seller, FakePartner("csp") as provider:
            seller.behave("html500", "versions")
            token = provider.issue_registration_token()
            with pytest.raises(RegistrationFailed, match="status_code 3001"):
                seller.register(provider.versions_url, token)
            assert not provider.connection.registered
            seller.behave("well")
            seller.register(provider.versions_url, token)

    def test_renews_both_tokens_without_locking_out(self):
        with pair() as (seller, provider):
            old = seller.connection.outbound
            seller.renew_registration()
            with_old = knock(provider, old)
            new = seller.push_location()
            afterwards = knock(provider, old)

        assert (with_old, new.status, afterwards) == (200, 201, 401)
        assert old != seller.connection.outbound

    def test_ends_with_a_delete(self):
        with pair() as (seller, provider):
            old = seller.connection.outbound
            assert seller.unregister().ok
            late = knock(provider, old)

        assert late == 401

    def test_carries_many_parties(self):
        more = (Speaker(CPO, "NL", "BBB"), Speaker(EMSP, "NL", "CCC"))
        with (
            FakePartner("cso", party="NL*AAA", options=Options(parties=more)) as seller,
            FakePartner("csp") as provider,
        ):
            seller.register(provider.versions_url, provider.issue_registration_token())
            roles = provider.connection.peer["roles"]

        assert [(one["role"], one["party_id"]) for one in roles] == [
            ("CPO", "AAA"),
            ("CPO", "BBB"),
            ("EMSP", "CCC"),
        ]


class TestStory:
    def test_from_location_to_record(self, version):
        with pair(version) as (seller, provider):
            token = provider.add_token(UID)
            provider.decide(UID, "ALLOWED", "REF-1")
            pushes = [seller.push_tariff(), seller.push_location(), provider.push_token(UID)]
            allowed = seller.authorize(UID)
            session = seller.start_session(token)
            session_id = session.body["id"]
            changes = [
                seller.patch_session(session_id, kwh=Decimal("3.1")),
                seller.finish_session(session_id, Decimal("20.45")),
            ]
            posted = seller.post_cdr(session_id)
            again = seller.send_cdr(posted.raw)
            fetched = seller.get_cdr(posted.answer_headers["location"])

            assert [one.status for one in pushes] == [201, 201, 201]
            assert allowed.data["allowed"] == "ALLOWED"
            assert session.status == 201
            assert [one.code for one in changes] == [1000, 1000]
            assert provider.objects("sessions")[0]["kwh"] == Decimal("20.45")
            assert provider.objects("sessions")[0]["status"] == "COMPLETED"
            assert (posted.status, again.status) == (201, 200)
            assert posted.answer_headers["location"] == again.answer_headers["location"]
            assert fetched.data == posted.body
            assert len(provider.objects("cdrs")) == 1
            assert seller.objects("tokens")[0]["uid"] == UID

    def test_costs_what_the_version_spells(self, version):
        with pair(version) as (seller, provider):
            session_id = seller.start_session(provider.add_token()).body["id"]
            seller.finish_session(session_id, Decimal("20.45"))
            cost = seller.post_cdr(session_id).body["total_cost"]

        assert (
            cost
            == {
                "2.1.1": Decimal("5.1125"),
                "2.2.1": {"excl_vat": Decimal("5.1125"), "incl_vat": Decimal("6.1350")},
                "2.3.0": {
                    "before_taxes": Decimal("5.1125"),
                    "taxes": [{"name": "VAT", "amount": Decimal("1.0225")}],
                },
            }[version]
        )

    def test_credits_a_record_once(self):
        with pair() as (seller, provider):
            session_id = seller.start_session(provider.add_token()).body["id"]
            seller.finish_session(session_id)
            cdr = seller.post_cdr(session_id).body
            credit = seller.credit_cdr(cdr["id"])
            second = seller.credit_cdr(cdr["id"], id="ANOTHER-C")

        assert credit.status == 201
        assert credit.body["total_cost"]["excl_vat"] == -cdr["total_cost"]["excl_vat"]
        assert credit.body["total_energy"] == cdr["total_energy"]
        assert (second.status, second.code) == (200, 2001)

    def test_has_no_credit_in_2_1_1(self):
        with pair("2.1.1") as (seller, provider):
            session_id = seller.start_session(provider.add_token()).body["id"]
            seller.finish_session(session_id)
            cdr = seller.post_cdr(session_id).body
            with pytest.raises(NotInThisVersion):
                seller.credit_cdr(cdr["id"])

    def test_starts_and_stops_remotely(self, version):
        with pair(version) as (seller, provider):
            seller.push_location()
            begun = provider.start_remote(UID, "LOC1", authorization_reference="REF-2")
            result = provider.result_of(begun)
            (session,) = provider.wait_for("sessions")
            stopped = provider.stop_remote(session.body["id"])

            assert begun.data["result"] == "ACCEPTED"
            assert result == {"result": "ACCEPTED"}
            assert session.body.get("authorization_reference", "REF-2") == "REF-2"
            assert provider.result_of(stopped) == {"result": "ACCEPTED"}

    def test_refuses_a_command_and_wraps_a_result(self):
        with pair() as (seller, provider):
            seller.manners.command_answer = "REJECTED"
            refused = provider.unlock("LOC1", "LOC1-1")
            seller.manners.command_answer = "ACCEPTED"
            seller.manners.command_result = "EVSE_OCCUPIED"
            seller.manners.wraps_results = True
            taken = provider.reserve(UID, "LOC1", "2030-01-01T00:00:00Z")

            assert refused.data["result"] == "REJECTED"
            with pytest.raises(NothingCame):
                provider.result_of(refused, seconds=0.2)
            assert provider.result_of(taken) == {"result": "EVSE_OCCUPIED"}
            assert seller.sent("commands")[-1].body == {"data": {"result": "EVSE_OCCUPIED"}}

    def test_steers_the_charging(self):
        wanted = {"charging_rate_unit": "W", "charging_profile_period": []}
        with pair() as (seller, provider):
            session_id = seller.start_session(provider.add_token()).body["id"]
            set_ = provider.set_profile(session_id, wanted)
            provider.result_of(set_)
            active = provider.result_of(provider.get_profile(session_id))
            unknown = provider.set_profile("NONE", wanted)
            preferred = provider.prefer(session_id, {"profile_type": "GREEN"})

        assert active["profile"]["charging_profile"] == wanted
        assert unknown.data["result"] == "UNKNOWN_SESSION"
        assert (preferred.status, preferred.code) == (404, 2001)


class TestAuthorization:
    def test_of_what_nobody_knows(self, version):
        with pair(version) as (seller, _provider):
            answer = seller.authorize("FFFFFFFF")

        assert (answer.status, answer.code, answer.data) == (404, 2004, None)

    def test_of_a_blocked_token(self, version):
        with pair(version) as (seller, provider):
            provider.add_token(UID, valid=False)
            answer = seller.authorize(UID)

        assert (answer.status, answer.code, answer.data["allowed"]) == (200, 1000, "BLOCKED")

    def test_means_rfid_where_no_type_is_named(self):
        with pair() as (seller, provider):
            provider.add_token(UID)
            provider.add_token(UID, type="APP_USER", valid=False)

            assert seller.authorize(UID).data["token"]["type"] == "RFID"
            assert seller.authorize(UID, kind="APP_USER").data["allowed"] == "BLOCKED"


class TestLists:
    def test_come_by_page_until_no_link_is_left(self):
        with pair(cso=Options(page_limit=4)) as (seller, provider):
            for number in range(10):
                seller.add_location(f"L{number}", id=f"L{number}")
            pages = provider.pull("locations", limit="1000")

        assert [len(page.data) for page in pages] == [4, 4, 2]
        assert {page.answer_headers["x-total-count"] for page in pages} == {"10"}
        assert {page.answer_headers["x-limit"] for page in pages} == {"4"}
        assert [one["id"] for page in pages for one in page.data] == [f"L{n}" for n in range(10)]

    def test_keep_the_filter_and_take_its_start_but_not_its_end(self):
        times = [f"2026-01-0{day}T00:00:00Z" for day in range(1, 7)]
        with pair(cso=Options(page_limit=2)) as (seller, provider):
            for number, at in enumerate(times):
                seller.add_location(f"L{number}", last_updated=at)
            pages = provider.pull("locations", date_from=times[1], date_to=times[4])
            without = provider.pull("sessions")

        assert [one["id"] for page in pages for one in page.data] == ["L1", "L2", "L3"]
        assert without[0].code == 2001


class TestTheRegister:
    """What a partner keeps of the exchanges."""

    def test_routes_and_echoes(self):
        with pair() as (seller, provider):
            answer = seller.push_location(to="de*bbb")
            heard = provider.received("locations", "PUT")[0].headers

        assert heard["ocpi-from-party-id"] == "AAA"
        assert answer.answer_headers["ocpi-to-party-id"] == "AAA"
        assert answer.answer_headers["ocpi-from-party-id"] == "bbb"
        for name in ("x-request-id", "x-correlation-id"):
            assert answer.answer_headers[name] == answer.headers[name]

    def test_keeps_decimals_and_unknown_fields(self):
        with pair() as (seller, provider):
            seller.add_location("LOC1", vendor={"nested": [Decimal("12345678.1234")]})
            seller.push_location("LOC1")

            assert provider.objects("locations")[0]["vendor"]["nested"] == [
                Decimal("12345678.1234")
            ]
            assert b"12345678.1234" in provider.received("locations")[0].raw

    def test_shows_no_token_to_who_reads_along(self):
        lines = []
        with pair(csp=Options(trace=lambda call: lines.append(str(call.line())))) as (seller, _):
            secrets = (seller.connection.outbound, seller.connection.inbound[-1])

        assert len(lines) == 5
        assert not [line for line in lines if any(one in line for one in secrets)]

    def test_knows_when_its_peer_is_away(self):
        with pair() as (seller, provider):
            seller.push_location()
            provider.go_offline()
            away = seller.push_status("CHARGING")
            provider.come_back()
            back = seller.push_status("CHARGING")

        assert (away.status, bool(away.trouble)) == (0, True)
        assert back.status == 200


def test_a_module_that_is_not_ocpis_is_served_where_it_is_offered():
    module = ("RECEIVER", "nlhub-cdrclearing")
    with pair(csp=Options(custom_modules=frozenset({module}))) as (seller, provider):
        path = ("NL", "AAA", "C1", "decision")
        put = seller.ask("PUT", *module, *path, body={"decision": "ACCEPTED"})

        assert put.ok
        assert seller.ask("GET", *module, *path).data == {"decision": "ACCEPTED"}
        assert provider.received("nlhub-cdrclearing")[0].body == {"decision": "ACCEPTED"}


class TestCare:
    """A receiver that refuses what a careful partner refuses."""

    def put(self, world, body, *path, method="PUT", module="sessions"):
        seller, _ = world
        return seller.ask(method, "RECEIVER", module, *path, body=body)

    def test_of_a_missing_field(self, world):
        seller, provider = world
        body = seller.start_session(provider.add_token()).body
        del body["kwh"]

        answer = self.put(world, body, "NL", "AAA", body["id"])

        assert (answer.status, answer.code) == (200, 2001)

    def test_of_another_id_than_the_urls(self, world):
        seller, provider = world
        body = seller.start_session(provider.add_token()).body

        assert self.put(world, body, "NL", "AAA", "OTHER").code == 2001
        assert self.put(world, body, "NL", "BBB", body["id"]).code == 2001

    def test_of_a_patch_without_its_time(self, world):
        answer = self.put(
            world, {"status": "BLOCKED"}, "NL", "AAA", "LOC1", method="PATCH", module="locations"
        )

        assert (answer.status, answer.code) == (200, 2001)

    def test_of_what_is_unknown(self, world):
        stamped = {"last_updated": "2030-01-01T00:00:00Z"}
        gone = self.put(world, stamped, "NL", "AAA", "NONE", method="PATCH")
        nowhere = self.put(world, None, "NL", "AAA", "NONE", method="GET", module="locations")

        assert (gone.status, nowhere.status, nowhere.code) == (404, 404, 2003)

    def test_of_a_method_that_is_none(self, world):
        assert self.put(world, {}, "NL", "AAA", "X", method="DELETE").status == 405
        assert self.put(world, {}, method="PUT", module="cdrs").status == 405

    def test_of_a_session_that_comes_to_life_again(self, world):
        seller, provider = world
        session_id = seller.start_session(provider.add_token()).body["id"]
        seller.finish_session(session_id)
        seller.patch_session(session_id, status="ACTIVE")

        kept = next(one for one in provider.objects("sessions") if one["id"] == session_id)
        assert kept["status"] == "COMPLETED"

    def test_of_periods_which_patches_add_and_puts_replace(self, world):
        seller, provider = world
        period = {"start_date_time": "2026-01-01T00:00:00Z", "dimensions": []}
        body = seller.start_session(provider.add_token(), charging_periods=[period]).body
        path = ("NL", "AAA", body["id"])

        def kept():
            return next(one for one in provider.objects("sessions") if one["id"] == body["id"])

        seller.patch_session(body["id"], charging_periods=[period])
        assert len(kept()["charging_periods"]) == 2
        self.put(
            world, body | {"charging_periods": [], "last_updated": "2030-01-01T00:00:00Z"}, *path
        )
        assert kept()["charging_periods"] == []
        older = self.put(world, body | {"kwh": 5}, *path)
        assert (older.code, kept()["kwh"]) == (1000, 0)

    def test_of_an_evse_whose_time_moves_its_parents(self, world):
        seller, provider = world
        evse = seller.drafts("locations")["LOC1"]["evses"][0]
        plug = evse["connectors"][0] | {"last_updated": "2031-01-01T00:00:00Z"}
        path = ("NL", "AAA", "LOC1", evse["uid"], "1")

        assert self.put(world, plug, *path, module="locations").status == 200
        kept = provider.objects("locations")[0]
        assert kept["last_updated"] == kept["evses"][0]["last_updated"] == plug["last_updated"]
        broken = self.put(world, {"id": "1"}, *path, module="locations")
        assert (broken.code, len(kept["evses"][0]["connectors"])) == (2001, 1)
        new = self.put(world, plug | {"id": "2"}, *path[:-1], "2", module="locations")
        assert (new.status, len(kept["evses"][0]["connectors"])) == (201, 2)
