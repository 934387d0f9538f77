"""The transport of OCPI: tokens, envelopes, ids; cases TRN-01 to TRN-14 that need no module."""

import re

import pytest
from django.utils import timezone

from partners.models import EndpointToken
from partners.services.endpoints import checksum
from tests.makers import nordlicht, voltaire
from tests.roaming.ocpi_world import System, connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def cso() -> System:
    _, token = connection(nordlicht())
    return System(token)


def test_trn_01_and_02_no_token_or_an_unknown_one_is_401(client):
    for headers in ({}, {"Authorization": "Token bm9ib2R5"}, {"Authorization": "Bearer x"}):
        answer = client.get("/ocpi/2.2.1", headers=headers)
        assert answer.status_code == 401
        assert "data" not in answer.json()


@pytest.mark.parametrize("spelling", ["raw", "base64", "base64 with a line's end"])
def test_a_token_is_known_in_each_spelling(client, cso, spelling):
    import base64

    shown = {
        "raw": cso.token,
        "base64": base64.b64encode(cso.token.encode()).decode(),
        "base64 with a line's end": base64.b64encode(f"{cso.token}\n".encode()).decode(),
    }[spelling]
    answer = client.get("/ocpi/versions", headers={"Authorization": f"Token {shown}"})
    assert answer.status_code == 200


def test_trn_07_the_envelope_has_its_time_in_utc(cso):
    answer = cso.get("/ocpi/versions")
    assert answer.ocpi["status_code"] == 1000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer.ocpi["timestamp"])
    assert {one["version"] for one in answer.ocpi["data"]} == {"2.1.1", "2.2.1", "2.3.0"}


def test_trn_08_and_09_ids_are_echoed_or_made(cso):
    told = cso.get("/ocpi/versions", headers={"X-Request-ID": "r1", "X-Correlation-ID": "c1"})
    assert (told.headers["X-Request-ID"], told.headers["X-Correlation-ID"]) == ("r1", "c1")
    silent = cso.get("/ocpi/versions")
    assert silent.headers["X-Request-ID"]
    assert silent.headers["X-Correlation-ID"]


def test_trn_13_a_verb_that_is_not_there_is_405(cso):
    answer = cso.delete("/ocpi/versions")
    assert (answer.status_code, answer.ocpi["status_code"]) == (405, 2000)


@pytest.mark.parametrize("path", ["/ocpi/versions", "/ocpi/2.2.1"])
def test_trn_14_a_slash_more_is_no_redirect(cso, path):
    assert cso.get(path).content
    assert cso.get(f"{path}/").status_code == 200


def test_rte_17_routing_headers_on_versions_are_ignored(cso):
    answer = cso.get("/ocpi/versions", as_code="XY*ZZZ", to_code="NO*ONE")
    assert answer.status_code == 200
    assert "OCPI-from-party-id" not in answer.headers


def test_a_suspended_connection_is_refused():
    _, token = connection(nordlicht(), state="SUSPENDED")
    assert System(token).get("/ocpi/versions").status_code == 403


def test_the_first_use_of_a_new_token_ends_the_old_one_after_a_grace():
    endpoint, old = connection(voltaire())
    EndpointToken.objects.create(
        endpoint=endpoint,
        purpose="ACTIVE",
        token_sha256=checksum("new one"),
        created_at=timezone.now(),
    )
    former = EndpointToken.objects.get(token_sha256=checksum(old))
    assert System(old).get("/ocpi/versions").status_code == 200
    former.refresh_from_db()
    assert former.ends_at is None

    assert System("new one").get("/ocpi/versions").status_code == 200
    former.refresh_from_db()
    assert former.ends_at is not None
    assert System(old).get("/ocpi/versions").status_code == 200
    EndpointToken.objects.filter(pk=former.pk).update(ends_at=timezone.now())
    assert System(old).get("/ocpi/versions").status_code == 401


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1"])
def test_addresses_end_in_a_slash_where_staff_say_so(version):
    _, token = connection(nordlicht(), version=version, quirks={"addresses": "SLASH"})
    system = System(token, version=version)
    listed = system.get(f"/ocpi/{version}").ocpi["data"]["endpoints"]
    assert all(one["url"].endswith("/") for one in listed)
    (own,) = (one["url"] for one in listed if one["identifier"] == "credentials")
    assert system.get(own.removeprefix("http://testserver")).ocpi["status_code"] == 1000
