"""OCPI CSPs are asked over real HTTP, and CSOs get tokens pushed; in each version's words."""

import base64
import json

import pytest

from partners.models import EndpointInterface, EndpointSecret
from partners.services.endpoints import seal_secret
from roaming.models import ObjectPush, ServiceSession, WhitelistEntry
from roaming.services import pushes, whitelist
from tests import makers
from tests.makers import NOON
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_end import PartnerEnd, at_work
from tests.roaming.test_ocpi_tokens import CARD, REFERENCES, card, token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def envelope(data=None, *, status_code=1000, http=200, message=""):
    tree = {"status_code": status_code, "timestamp": "2026-11-14T12:00:00Z"}
    tree |= {"data": data} if data is not None else {}
    tree |= {"status_message": message} if message else {}
    return lambda asked, handler: (http, json.dumps(tree).encode())


@pytest.fixture(autouse=True)
def quick(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.AUTHORIZATION_TIMEOUT_S = 0.5


@pytest.fixture
def end():
    with at_work(PartnerEnd()) as end:
        yield end


def connected(party, end, *, version="2.2.1", side="SENDER"):
    endpoint, _ = connection(party, version=version)
    EndpointInterface.objects.create(
        endpoint=endpoint, module="tokens", side=side, url=f"{end.url}/tokens/"
    )
    EndpointSecret.objects.create(
        endpoint=endpoint, encrypted_token=seal_secret("secret-c"), starts_at=NOON
    )
    return endpoint


@pytest.fixture
def cso():
    makers.AgreementMaker()
    return System(connection(makers.nordlicht())[1])


def ask(cso, **headers):
    return cso.post(
        f"sender/tokens/{CARD}/authorize", REFERENCES, to_code="FR*VOL", headers=headers
    )


class TestAuthorize:
    def test_asks_in_the_csps_words_and_hands_its_answer_on(self, cso, end):
        connected(makers.voltaire(), end)
        info = {"allowed": "ALLOWED", "token": token(uid=CARD), "location": REFERENCES}
        end.answer = envelope(info | {"authorization_reference": "REF-1"})

        told = ask(cso, **{"X-Correlation-ID": "c-1"}).ocpi["data"]

        assert told == info | {"authorization_reference": "REF-1"}
        [asked] = end.asked
        assert (asked.verb, asked.path) == ("POST", f"/tokens/{CARD}/authorize?type=RFID")
        assert asked.tree() == REFERENCES
        assert asked.headers["authorization"] == "Token " + base64.b64encode(b"secret-c").decode()
        assert asked.headers["x-correlation-id"] == "c-1"
        assert asked.headers["ocpi-to-party-id"] == "VOL"
        assert asked.headers["ocpi-from-party-id"] == "NLX"
        assert ServiceSession.objects.get().authorization_reference == "REF-1"
        assert WhitelistEntry.objects.get().csp == makers.voltaire()

    @pytest.mark.parametrize(("quirks", "decided"), [({"answers": "LISTS"}, True), ({}, False)])
    def test_an_answer_in_a_list_is_understood_where_staff_say_so(self, cso, end, quirks, decided):
        endpoint = connected(makers.voltaire(), end)
        endpoint.quirks = quirks
        endpoint.save(update_fields=["quirks"])
        end.answer = envelope([{"allowed": "ALLOWED", "token": token(uid=CARD)}])

        told = ask(cso).ocpi

        assert (told.get("data", {}).get("allowed") == "ALLOWED") is decided

    def test_asks_a_2_1_1_csp_for_a_2_2_1_cso(self, cso, end):
        connected(makers.voltaire(), end, version="2.1.1")
        end.answer = envelope({"allowed": "ALLOWED"})

        told = ask(cso).ocpi["data"]

        [asked] = end.asked
        assert asked.path == f"/tokens/{CARD}/authorize?token_type=RFID"
        assert asked.headers["authorization"] == "Token secret-c"
        assert "ocpi-to-party-id" not in asked.headers
        assert (told["allowed"], told["token"]["uid"]) == ("ALLOWED", CARD)

    @pytest.mark.parametrize(
        ("answer", "http", "status_code"),
        [
            (envelope(status_code=2004, http=404), 404, 2004),
            (envelope(status_code=2002, message="Where?"), 200, 2002),
            (envelope(status_code=2003, message="No such place"), 200, 2003),
            (envelope({"allowed": "PERHAPS"}), 200, 4000),
            (lambda asked, handler: (500, b"<html>"), 200, 4000),
        ],
    )
    def test_what_it_refuses_goes_back_in_its_words(self, cso, end, answer, http, status_code):
        connected(makers.voltaire(), end)
        end.answer = answer

        told = ask(cso)

        assert (told.status_code, told.ocpi["status_code"]) == (http, status_code)
        assert "data" not in told.ocpi

    def test_another_csps_token_in_the_answer_is_not_taken(self, cso, end):
        connected(makers.voltaire(), end)
        end.answer = envelope({"allowed": "ALLOWED", "token": token(uid=CARD, party_id="XXX")})

        assert ask(cso).ocpi["data"]["token"]["party_id"] == "VOL"
        assert not WhitelistEntry.objects.exists()


class TestPush:
    def test_a_changed_list_is_put_to_csos_that_take_tokens(self, end):
        makers.AgreementMaker()
        connected(makers.nordlicht(), end, side="RECEIVER")
        end.answer = envelope()

        taken = whitelist.publish(card(), csp=makers.voltaire(), now=NOON)
        whitelist.publish(card(), csp=makers.voltaire(), now=NOON)

        [push] = ObjectPush.objects.all()
        assert (push.kind, push.subject_id, push.generation) == ("CREDENTIAL", taken.entry_id, 1)
        pushes.send_to(push.endpoint_id, clock=lambda: NOON)
        [asked] = end.asked
        assert (asked.verb, asked.path) == ("PUT", f"/tokens/FR/VOL/{CARD}?type=RFID")
        assert asked.tree()["contract_id"] == makers.numbered_contract(1)

    def test_nobody_else_is_told(self, end):
        connected(makers.nordlicht(), end, side="RECEIVER")

        whitelist.publish(card(), csp=makers.voltaire(), now=NOON)

        assert not ObjectPush.objects.exists()
