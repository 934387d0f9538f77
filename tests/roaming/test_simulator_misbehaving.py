"""Each way in which a simulated partner fails, as an ordinary HTTP client sees it on the wire."""

import json
import time

import httpx
import pytest

from roaming.protocols.ocpi.simulator import FakePartner, Options
from roaming.protocols.ocpi.simulator.connection import encoded

UID = "04A1B2C3D4E5F6"
QUICK = Options(late_s=0.4, slow_byte_s=0.001)


@pytest.fixture(scope="module")
def provider():
    """Registered with a seller, so that it has somebody to send to."""
    with (
        FakePartner("csp", options=QUICK) as provider,
        FakePartner("cso") as seller,
    ):
        seller.register(provider.versions_url, provider.issue_registration_token())
        provider.add_token(UID)
        provider.seller = seller
        yield provider


@pytest.fixture(autouse=True)
def clean(provider):
    provider.exchanges.clear()
    provider.seller.exchanges.clear()
    yield
    provider.behave("well")


def authorize(provider, patience_s=2.0):
    """Ask for an authorization, with no more patience than this for any one byte."""
    token = encoded(provider.connection.inbound[-1])
    return httpx.post(
        f"{provider.base_url}/ocpi/2.2.1/sender/tokens/{UID}/authorize",
        headers={"Authorization": f"Token {token}"},
        timeout=patience_s,
        verify=False,
    )


def test_well_answers_at_once(provider):
    assert authorize(provider).json()["data"]["allowed"] == "ALLOWED"


def test_late_answers_when_nobody_waits_any_more(provider):
    provider.behave("late")

    with pytest.raises(httpx.ReadTimeout):
        authorize(provider, 0.1)
    began = time.monotonic()
    answer = authorize(provider)

    assert answer.json()["status_code"] == 1000
    assert time.monotonic() - began > QUICK.late_s


def test_hang_takes_the_request_and_says_nothing(provider):
    provider.behave("hang")

    with pytest.raises(httpx.ReadTimeout):
        authorize(provider, 0.2)

    assert provider.received("tokens")[0].method == "POST"


def test_hang_ends_with_the_partner():
    with FakePartner("csp") as partner:
        partner.behave("hang", "versions")
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(partner.versions_url, timeout=0.1, verify=False)

    assert time.monotonic() - began < 2


def test_slow_drips_its_answer(provider):
    provider.behave("slow")
    began = time.monotonic()

    with httpx.Client(verify=False) as client:
        token = encoded(provider.connection.inbound[-1])
        url = f"{provider.base_url}/ocpi/2.2.1/sender/tokens"
        headers = {"Authorization": f"Token {token}"}
        with client.stream("GET", url, headers=headers) as answer:
            parts = list(answer.iter_raw())

    assert json.loads(b"".join(parts))["data"][0]["uid"] == UID
    assert max(len(part) for part in parts) < len(b"".join(parts)) / 10
    assert time.monotonic() - began > 0.2


def test_dropping_hangs_up_in_the_middle(provider):
    provider.behave("dropping")

    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        authorize(provider)


def test_html500_shows_the_page_of_a_proxy(provider):
    provider.behave("html500")

    answer = authorize(provider)

    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html")
    assert answer.text.startswith("<!doctype html>")


def test_redirect_leads_to_another_host(provider):
    provider.behave("redirect")

    answer = authorize(provider)

    assert answer.status_code == 307
    assert httpx.URL(answer.headers["location"]).host == "elsewhere.invalid"


def test_malformed_answers_break_in_three_ways(provider):
    provider.behave("malformed")

    bodies = [authorize(provider).text for _ in range(3)]

    with pytest.raises(json.JSONDecodeError):
        json.loads(bodies[0])
    assert json.loads(bodies[1])["status_code"] == "1000"
    assert isinstance(json.loads(bodies[2]), list)


class TestRequests:
    """Four of the modes spoil what the partner sends, too."""

    def test_are_sent_twice_byte_for_byte(self, provider):
        provider.behave("duplicate")
        provider.push_token(UID)

        first, second = provider.seller.received("tokens", "PUT")

        assert first.raw == second.raw
        assert first.headers["x-request-id"] == second.headers["x-request-id"]

    def test_are_malformed(self, provider):
        provider.behave("malformed")
        statuses = sorted(provider.push_token(UID).status for _ in range(3))

        assert statuses == [200, 200, 400]
        assert {call.code for call in provider.sent("tokens")} == {2000, 2001}

    def test_are_cut_off(self, provider):
        provider.behave("dropping")
        call = provider.push_token(UID)

        assert (call.status, call.trouble.split(":")[0]) == (0, "HungUp")
        assert provider.seller.received("tokens") == []

    def test_are_dripped_and_arrive(self, provider):
        provider.behave("slow", "tokens")
        provider.patch_token(UID, valid=True)
        began = time.monotonic()
        provider.push_token(UID)

        heard = provider.seller.received("tokens", "PUT")[0]
        assert heard.body["uid"] == UID
        assert time.monotonic() - began > 0.2


def test_a_partner_registers_well_and_misbehaves_afterwards():
    with FakePartner("csp", behaviour="html500") as bad, FakePartner("cso") as seller:
        seller.register(bad.versions_url, bad.issue_registration_token())
        answer = seller.push_location()

    assert (answer.status, answer.code, answer.ok) == (500, None, False)


def test_one_module_alone_may_misbehave(provider):
    provider.behave("html500", "sessions")

    assert authorize(provider).status_code == 200
    assert provider.seller.start_session(provider.drafts("tokens")[UID]).status == 500
