"""The handshake over real HTTP, with a partner that serves its own side of it: cases CRD-01…13."""

import json
from typing import Any

import pytest
from django.utils import timezone

from partners.models import EndpointSecret, EndpointToken, PartyPresence, RoamingEndpoint
from partners.services.endpoints import issue_registration_token, secret_of
from roaming.gateways import NotReached
from roaming.protocols.ocpi import handshake, own_credentials
from roaming.protocols.ocpi.simulator import FakePartner, Options, RegistrationFailed, Speaker
from roaming.services import presence
from tests.makers import AgreementMaker, nordlicht, partner_of, polder, voltaire
from tests.roaming.ocpi_world import System, connection, let
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import at_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hub(live_server, settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    return f"{live_server.url}/ocpi/versions"


def planned(*parties, **changes):
    """A connection of ``parties`` that staff prepared, and its registration token."""
    own = {"owner": partner_of(parties[0]), "state": "PLANNED", "url": "", "protocol_version": ""}
    endpoint = make(RoamingEndpoint, **(own | changes))
    for party in parties[1:]:
        let(party, endpoint)
    endpoint.parties.set(parties)
    return endpoint, issue_registration_token(endpoint, now=timezone.now())


def cso(version="2.2.1", **options):
    party = nordlicht()
    return FakePartner("cso", version, party=party.code, options=Options(**options))


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_crd_01_02_03_04_and_13_a_partner_registers_and_its_registration_token_is_used_up(
    hub, version
):
    endpoint, token_a = planned(nordlicht())
    details = System(token_a).get(f"/ocpi/{version}").ocpi["data"]
    assert all(one["url"].startswith("http") for one in details["endpoints"])
    # TRN-04: a registration token opens nothing else.
    assert System(token_a).get(f"/ocpi/{version}/sender/cdrs").status_code == 401

    with cso(version) as partner:
        partner.register(hub, token_a)
        seen = partner.received("versions")
        endpoint.refresh_from_db()

        assert len(seen) >= 2
        assert (endpoint.state, endpoint.protocol_version) == ("CONNECTED", version)
        assert endpoint.interfaces.filter(module="cdrs").exists()
        assert secret_of(endpoint) in partner.connection.inbound
        peer = partner.connection.peer
        token_c = partner.connection.outbound
    _shows_the_hub(peer, version)
    assert System(token_a).get("/ocpi/versions").status_code == 401
    again = System(token_c, version=version).post("credentials", {"token": "x", "url": hub})
    assert again.status_code == 405
    assert not EndpointToken.objects.filter(token_sha256__contains=token_c).exists()
    told = System(token_c, version=version).get("credentials").ocpi["data"]
    assert told["token"] == token_c


def _shows_the_hub(peer, version):
    if version == "2.1.1":
        assert (peer["country_code"], peer["party_id"]) == ("DE", "CLH")
    elif version == "2.2.1":
        assert [role["role"] for role in peer["roles"]] == ["HUB"]
    else:
        assert peer["hub_party_id"] == "DECLH"
        assert peer["roles"]
        assert all(role["role"] != "HUB" for role in peer["roles"])


def test_crd_05_who_is_not_registered_can_neither_renew_nor_leave(hub):
    _, token_a = planned(nordlicht())
    system = System(token_a)
    assert system.put("credentials", {"token": "x", "url": hub}).status_code == 405
    assert system.delete("credentials").status_code == 405


@pytest.mark.parametrize(
    ("code", "options", "quirks"),
    [
        (3001, {}, {}),
        (3002, {"versions": ("2.1.1",)}, {}),
        (3003, {"hidden_modules": frozenset({"cdrs"})}, {"requires": ["cdrs SENDER"]}),
    ],
    ids=["crd_06_not_usable", "crd_07_no_such_version", "crd_08_modules_are_missing"],
)
def test_a_handshake_that_fails_leaves_everything_as_it_was(hub, code, options, quirks):
    endpoint, token_a = planned(nordlicht(), quirks=quirks)
    with cso(**options) as partner:
        url = partner.versions_url if code != 3001 else f"{partner.base_url}/nowhere"
        token_b = partner.connection.issue()
        answer = System(token_a).post("credentials", {"token": token_b, "url": url, "roles": []})
        assert answer.ocpi["status_code"] == code
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.registered_at) == ("PLANNED", None)
        assert not EndpointSecret.objects.exists()
        assert System(token_a).get("/ocpi/versions").status_code == 200


def test_crd_09_and_10_tokens_are_renewed_without_a_lock_out_and_end_when_it_leaves(hub):
    endpoint, token_a = planned(nordlicht())
    with cso() as partner:
        partner.register(hub, token_a)
        old = partner.connection.outbound
        partner.renew_registration()
        new = partner.connection.outbound
        assert new != old
        # The answer might have been lost: the old one is good until the new one was shown.
        assert System(old).get("/ocpi/versions").status_code == 200
        assert System(new).get("/ocpi/versions").status_code == 200
        assert EndpointToken.objects.get(endpoint=endpoint, ends_at__isnull=True)

        assert partner.unregister().ok
    assert System(new).get("/ocpi/versions").status_code == 401
    assert PartyPresence.objects.get(party=nordlicht()).state == "SUSPENDED"


def test_crd_12_one_connection_speaks_for_many_parties_but_only_for_approved_ones(hub):
    endpoint, token_a = planned(nordlicht(), polder(), voltaire())
    further = tuple(
        Speaker(role, party.country_code, party.party_id)
        for party, role in ((polder(), "CPO"), (voltaire(), "EMSP"))
    )
    with cso(parties=(*further, Speaker("CPO", "XX", "BAD"))) as partner:
        partner.register(hub, token_a)
    states = PartyPresence.objects.values_list("party__party_id", "state")
    assert dict(states) == {
        party.party_id: "CONNECTED" for party in (nordlicht(), polder(), voltaire())
    }
    assert endpoint.parties.count() == 3


def test_hci_03_a_partner_learns_how_those_stand_that_it_has_an_agreement_with(hub):
    AgreementMaker(seller=nordlicht(), buyer=voltaire())
    _, token_a = planned(nordlicht())
    _, of_stranger = planned(polder())
    _, other = planned(voltaire())
    with cso() as partner, FakePartner("cso", party=polder().code) as stranger:
        partner.register(hub, token_a)
        stranger.register(hub, of_stranger)
        assert partner.unregister().ok
    with FakePartner("csp", party=voltaire().code) as provider:
        provider.register(hub, other)
        token = provider.connection.outbound

    (told,) = System(token).get("sender/hubclientinfo").ocpi["data"]

    assert (told["country_code"], told["party_id"]) == tuple(nordlicht().code.split("*"))
    assert (told["role"], told["status"]) == ("CPO", "SUSPENDED")
    later = System(token).get(f"sender/hubclientinfo?date_from={told['last_updated']}")
    assert later.ocpi["data"] == [told]
    assert later.headers["X-Total-Count"] == "1"
    never = System(token).get("sender/hubclientinfo?date_from=2099-01-01T00:00:00Z")
    assert never.ocpi["data"] == []


def test_a_refused_registration_is_told_to_the_partner(hub):
    with cso() as partner, pytest.raises(RegistrationFailed):
        partner.register(hub, "not a token of ours")


def the_hub_asks(partner, endpoint, hub, *, token):
    now = timezone.now()

    def own(offered):
        return own_credentials.credentials(
            endpoint, token=offered, version="2.2.1", versions_url=hub, now=now
        )

    return handshake.connect(
        endpoint,
        versions_url=partner.versions_url,
        registration_token=token,
        own=own,
        version="2.2.1",
        now=now,
    )


def test_the_hub_registers_at_a_partner_and_its_party_is_there(hub):
    endpoint, _ = planned(nordlicht())
    with cso() as partner:
        connected = the_hub_asks(partner, endpoint, hub, token=partner.issue_registration_token())
        assert connected.registered_at
        assert secret_of(connected) in partner.connection.inbound
        assert System(partner.connection.outbound).get("/ocpi/versions").status_code == 200
    assert PartyPresence.objects.get(party=nordlicht()).state == "CONNECTED"


def test_a_token_that_a_partner_did_not_take_ends(hub):
    endpoint, _ = planned(nordlicht())
    with cso(needs=frozenset({("payments", "SENDER")})) as partner, pytest.raises(NotReached):
        the_hub_asks(partner, endpoint, hub, token=partner.issue_registration_token())
    assert not EndpointToken.objects.filter(purpose="ACTIVE", ends_at__isnull=True).exists()
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.registered_at) == ("PLANNED", None)


def envelope(data: Any) -> bytes:
    told = {"data": data, "status_code": 1000, "timestamp": "2026-01-01T00:00:00Z"}
    return json.dumps(told).encode()


class TestAHandshakeThatIsDrawnOut:
    """A partner's system decides how long it takes: what happens meanwhile is not undone by it."""

    @pytest.fixture
    def end(self):
        with at_work() as end:
            yield end

    def credentials(self, end, meanwhile=lambda: None):
        """Its versions list what it offers, once ``meanwhile`` has happened."""

        def answer(asked, _):
            if asked.path == "/versions":
                meanwhile()
                return 200, envelope([{"version": "2.2.1", "url": f"{end.url}/2.2.1"}])
            return 200, envelope({"version": "2.2.1", "endpoints": []})

        end.answer = answer
        return {"token": "what-we-are-to-show", "url": f"{end.url}/versions", "roles": []}

    @pytest.mark.parametrize("verb", ["POST", "PUT"])
    def test_ends_no_suspension(self, hub, end, verb):
        endpoint, token = connection(nordlicht(), registered=verb == "PUT")

        def suspend():
            presence.set_state(
                RoamingEndpoint.objects.get(pk=endpoint.pk), "SUSPENDED", timezone.now()
            )

        answer = System(token).send(verb, "credentials", self.credentials(end, suspend))

        assert (answer.status_code, answer.ocpi["status_code"]) == (403, 2000)
        endpoint.refresh_from_db()
        assert endpoint.state == "SUSPENDED"
        assert not EndpointSecret.objects.exists()
        assert EndpointToken.objects.count() == 1

    def test_registers_once_with_one_token(self, hub, end):
        _, token = connection(nordlicht(), registered=False)
        first = self.credentials(end)
        told = []
        second = self.credentials(
            end,
            lambda: told or told.append(1) or told.append(System(token).post("credentials", first)),
        )
        late = System(token).post("credentials", second)
        assert told[1].ocpi["status_code"] == 1000
        assert (late.status_code, late.ocpi["status_code"]) == (403, 2000)
        assert EndpointToken.objects.filter(purpose="ACTIVE").count() == 1

    def test_does_not_bring_back_who_left(self, hub, end):
        endpoint, token = connection(nordlicht())
        leaving = self.credentials(end, lambda: System(token).delete("credentials"))
        assert System(token).put("credentials", leaving).status_code == 403
        endpoint.refresh_from_db()
        assert endpoint.state == "SUSPENDED"


def test_a_token_that_was_stolen_stays_ended_when_a_suspended_partner_may_register_anew():
    endpoint, stolen = connection(nordlicht())
    presence.set_state(endpoint, "SUSPENDED", timezone.now())
    assert System(stolen).get("/ocpi/versions").status_code == 403
    new = issue_registration_token(endpoint, now=timezone.now())
    assert System(stolen).get("/ocpi/versions").status_code == 401
    assert System(new).get("/ocpi/versions").status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        {"url": "http://[half"},
        {"url": "http://\u2100.example/"},
        {"url": "http://a\0b.example/"},
        {"token": "   "},
        {"token": "\u00e9"},
    ],
    ids=["half a bracket", "no host name", "NUL", "blank", "not for a header"],
)
def test_credentials_that_cannot_be_used_are_refused_as_such(told):
    _, token = connection(nordlicht(), version="2.1.1")
    own = {"token": "x", "url": "http://127.0.0.1:1/"}
    answer = System(token, version="2.1.1").put("credentials", own | told)
    assert 2000 <= answer.ocpi["status_code"] < 3000
