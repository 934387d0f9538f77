"""Who gets in: tokens, scopes, revocation; and where secrets must not be found."""

import hashlib
import logging

import pytest
from django.db import IntegrityError, connection

from partners.models import AccessToken, ApiClient, PartnerState
from partners.services.clients import UnknownScope, create_api_client, revoke_api_client
from tests import makers
from tests.makers import record
from tests.roaming.partner_systems import RECORDS, PartnerSystem, basic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


class TestCall:
    def test_without_a_token_is_401(self, nordlicht):
        answer = nordlicht.http.get(RECORDS)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "NOT_AUTHENTICATED"

    def test_with_an_unknown_token_is_401(self, nordlicht):
        nordlicht.token = "guessed"

        assert nordlicht.get().json()["code"] == "TOKEN_UNKNOWN"
        assert nordlicht.get().status_code == 401

    def test_with_an_expired_token_is_401(self, nordlicht, noon):
        noon.shift(3600)

        answer = nordlicht.get()

        assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_EXPIRED")

    def test_with_a_token_in_the_address_or_the_body_is_401(self, nordlicht):
        in_address = nordlicht.http.get(RECORDS, {"access_token": nordlicht.token})
        in_body = nordlicht.http.post(RECORDS, {"access_token": nordlicht.token})

        assert (in_address.status_code, in_body.status_code) == (401, 401)

    def test_without_the_scope_is_403(self):
        reader = PartnerSystem(makers.nordlicht(), scopes=["sdr:read"])

        answer = reader.send(record())

        assert answer.status_code == 403
        assert answer.json()["code"] == "SCOPE_MISSING"
        assert "sdr:write" in answer.json()["detail"]

    def test_with_a_scope_that_was_taken_away_since_is_403(self, nordlicht):
        ApiClient.objects.filter(pk=nordlicht.client.pk).update(scopes="sdr:read")

        assert nordlicht.send(record()).status_code == 403
        assert nordlicht.get().status_code == 200

    def test_of_a_revoked_client_is_401_at_once(self, nordlicht):
        revoke_api_client(nordlicht.client)

        assert nordlicht.get().status_code == 401
        assert nordlicht.fetch_token().status_code == 401

    def test_of_a_partner_that_left_is_403(self, nordlicht):
        PartnerState.objects.create(
            partner=nordlicht.partner,
            state="LEAVING",
            starts_at=makers.NOON,
            service_ends_at=makers.NOON,
            reason="left",
            actor="tests",
        )

        answer = nordlicht.get()

        assert (answer.status_code, answer.json()["code"]) == (403, "PARTNER_CLOSED")


class TestTokenEndpoint:
    def test_refuses_a_wrong_secret(self, nordlicht):
        wrong = nordlicht.credentials._replace(secret="wrong")

        answer = nordlicht.http.post(
            "/o/token/",
            {"grant_type": "client_credentials"},
            headers={"Authorization": basic(wrong)},
        )

        assert answer.status_code == 401

    def test_refuses_a_scope_that_the_client_was_not_granted(self):
        reader = PartnerSystem(makers.nordlicht(), scopes=["sdr:read"])

        answer = reader.fetch_token(scope="sdr:write")

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    def test_narrows_a_token_to_the_scope_asked_for(self, nordlicht):
        nordlicht.token = nordlicht.fetch_token(scope="sdr:read").json()["access_token"]

        assert nordlicht.get().status_code == 200
        assert nordlicht.send(record()).status_code == 403

    def test_revokes_a_token(self, nordlicht):
        nordlicht.http.post(
            "/o/revoke_token/",
            {"token": nordlicht.token},
            headers={"Authorization": basic(nordlicht.credentials)},
        )

        assert nordlicht.get().status_code == 401

    @pytest.mark.parametrize("page", ["applications/", "authorize/", "authorized_tokens/"])
    def test_has_no_pages_that_manage_clients(self, nordlicht, page):
        assert nordlicht.http.get(f"/o/{page}").status_code == 404


class TestCreateApiClient:
    def test_keeps_only_a_hash_of_the_secret(self, nordlicht):
        stored = nordlicht.client.client_secret

        assert nordlicht.credentials.secret not in stored
        assert "$" in stored

    def test_refuses_a_scope_that_the_house_does_not_have(self):
        with pytest.raises(UnknownScope, match="sdr:read"):
            create_api_client(
                makers.PartnerMaker(), environment="LIVE", name="x", scopes=["everything"]
            )

    @pytest.mark.violates("api_client_uses_client_credentials")
    def test_makes_no_client_of_another_grant(self):
        with pytest.raises(IntegrityError, match="api_client_uses_client_credentials"):
            ApiClient.objects.create(
                partner=makers.PartnerMaker(),
                client_type="confidential",
                authorization_grant_type="password",
            )


class TestAccessToken:
    def test_is_stored_as_checksum_only(self, nordlicht):
        checksum = hashlib.sha256(nordlicht.token.encode()).hexdigest()

        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(t)::text FROM partners_accesstoken AS t")
            rows = [row for (row,) in cursor]

        assert len(rows) == 1
        assert checksum in rows[0]
        assert nordlicht.token not in rows[0]

    @pytest.mark.violates("access_token_is_stored_as_checksum")
    def test_refuses_a_token_in_the_clear(self, nordlicht):
        with (
            pytest.raises(IntegrityError, match="access_token_is_stored_as_checksum"),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE partners_accesstoken SET token = 'secret'")

    def test_is_not_shown_in_words(self, nordlicht):
        token = AccessToken.objects.get()

        assert nordlicht.token not in f"{token} {token!r} {nordlicht.client!r}"


class TestLogs:
    def test_hold_neither_secret_nor_token(self, caplog, capfd):
        caplog.set_level(logging.DEBUG)

        system = PartnerSystem(makers.nordlicht())
        system.send(record())
        system.send(record(), Idempotency_Key="k")

        told = caplog.text + "".join(capfd.readouterr())
        assert "request_finished" in told
        assert system.credentials.secret not in told
        assert system.token not in told
        assert basic(system.credentials).removeprefix("Basic ") not in told
