"""Calls to partners' systems: guarded, bounded in time and size, retried where asked, recorded."""

import contextlib
import socket
import ssl
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connections, transaction
from django.test import override_settings

from partners.models import RoamingEndpoint
from roaming.gateways import NotReached
from roaming.models import Exchange
from roaming.services import outgoing
from roaming.services.outgoing import calling
from roaming.services.outgoing.breaker import FAILURES_IN_A_ROW, State, breaker
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import OK, PartnerEnd, at_work, html_500

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def may_be_local(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True


@pytest.fixture
def end():
    with at_work() as end:
        yield end


@pytest.fixture
def endpoint():
    return make(RoamingEndpoint, state="CONNECTED")


def refused(endpoint, url: str, verb: str = "GET", **how) -> NotReached:
    with pytest.raises(NotReached) as caught:
        outgoing.call(endpoint, verb, url, **how)
    return caught.value


@contextmanager
def speaking_tls():
    """A TLS server with a certificate that nobody signed; yields its port and the names asked."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    context, names = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    with tempfile.NamedTemporaryFile() as file:
        file.write(
            key.private_bytes(
                encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(encoding)
        )
        file.flush()
        context.load_cert_chain(file.name)
    context.sni_callback = lambda connection, name, itself: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                context.wrap_socket(server.accept()[0], server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], names
        thread.join(timeout=10)


class TestACall:
    def test_brings_back_what_the_partner_says(self, end, endpoint):
        reply = outgoing.call(
            endpoint, "PUT", f"{end.url}/a?b=c", body=b"{}", headers={"X-Request-ID": "r"}
        )

        assert (reply.status, reply.body) == (200, OK)
        assert reply.headers["content-type"] == "application/json"
        [asked] = end.asked
        assert (asked.verb, asked.path, asked.body) == ("PUT", "/a?b=c", b"{}")
        assert asked.headers["x-request-id"] == "r"
        assert asked.headers["host"] == f"127.0.0.1:{end.port}"

    def test_brings_back_an_error_page_as_it_is(self, end, endpoint):
        end.answer = html_500

        assert outgoing.call(endpoint, "GET", end.url).body.startswith(b"<html>")

    def test_keeps_connections_but_no_cookies(self, end, endpoint):
        seen = []
        end.answer = lambda asked, handler: seen.append(handler.client_address) or (200, OK)
        for _ in range(3):
            outgoing.call(endpoint, "GET", end.url)

        assert len(set(seen)) == 1
        assert not any("cookie" in asked.headers for asked in end.asked)

    def test_reads_no_proxy_from_the_environment(self, end, endpoint, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        calling._client.cache_clear()

        assert outgoing.call(endpoint, "GET", end.url).status == 200

    def test_is_refused_inside_a_transaction(self, end, endpoint):
        with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
            outgoing.call(endpoint, "GET", end.url)
        assert not end.asked

    def test_to_a_suspended_connection_is_not_made(self, end, endpoint):
        endpoint.state = "SUSPENDED"

        assert refused(endpoint, end.url).kind == "AWAY"
        assert not end.asked


class TestTheGuard:
    @override_settings(PARTNERS_MAY_BE_LOCAL=False)
    @pytest.mark.parametrize(
        "address", ["https://127.0.0.1/", "https://localhost/", "https://169.254.169.254/latest"]
    )
    def test_lets_nothing_through_to_our_own_network(self, endpoint, address):
        failure = refused(endpoint, address)

        assert failure.kind == "AWAY"
        assert "not on the public Internet" in str(failure)

    @override_settings(PARTNERS_MAY_BE_LOCAL=False)
    def test_lets_nothing_through_without_tls(self, end, endpoint):
        assert "must begin with https" in str(refused(endpoint, end.url))

    def test_follows_no_redirect(self, end, endpoint):
        end.answer = end.redirect

        assert refused(endpoint, end.url).kind == "BROKEN"
        assert [asked.path for asked in end.asked] == ["/"]

    def test_asks_for_the_name_and_believes_no_unproven_certificate(self, endpoint):
        with speaking_tls() as (port, names):
            failure = refused(endpoint, f"https://localhost:{port}/")

        assert names == ["localhost"]
        assert failure.kind == "AWAY"
        assert "CERTIFICATE_VERIFY_FAILED" in str(failure)


class TestTime:
    @pytest.mark.parametrize("manner", ["hang", "drip", "drip_headers"])
    def test_is_over_when_it_is_over(self, end, endpoint, manner):
        end.answer = getattr(end, manner)
        started = time.monotonic()

        assert refused(endpoint, end.url, timeout_s=0.5).kind == "TIMED_OUT"
        assert time.monotonic() - started < 3

    def test_is_over_for_a_body_that_nobody_reads(self, endpoint):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            body = b"x" * 20_000_000

            assert refused(endpoint, url, "PUT", body=body, timeout_s=0.5).kind == "TIMED_OUT"

    def test_covers_all_attempts(self, end, endpoint):
        end.answer = end.hang
        started = time.monotonic()

        refused(endpoint, end.url, timeout_s=0.9, attempts=3)

        assert time.monotonic() - started < 3
        assert 2 <= len(end.asked) <= 3

    def test_is_not_needed_for_a_closed_port(self, endpoint):
        assert refused(endpoint, "http://127.0.0.1:1/").kind == "AWAY"

    def test_is_not_wasted_on_a_flood(self, end, endpoint):
        end.answer = end.flood

        failure = refused(endpoint, end.url, longest_body=1_000_000, timeout_s=20)

        assert failure.kind == "BROKEN"
        assert "longer than 1,000,000" in str(failure)

    def test_is_not_wasted_on_what_is_no_http(self, end, endpoint):
        end.answer = lambda asked, handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n") and None

        assert refused(endpoint, end.url).kind == "BROKEN"


class TestAttempts:
    def test_are_made_until_one_succeeds(self, end, endpoint):
        statuses = iter([503, 500, 200])
        end.answer = lambda asked, handler: (next(statuses), b"{}")

        assert outgoing.call(endpoint, "PUT", end.url, attempts=3).status == 200
        assert list(Exchange.objects.order_by("id").values_list("attempt", "http_status")) == [
            (1, 503),
            (2, 500),
            (3, 200),
        ]

    def test_are_one_where_nobody_asked_for_more(self, end, endpoint):
        end.answer = lambda asked, handler: (503, b"{}")

        assert outgoing.call(endpoint, "POST", end.url).status == 503
        assert len(end.asked) == 1

    def test_end_with_an_answer_that_will_not_change(self, end, endpoint):
        end.answer = lambda asked, handler: (404, b"{}")

        assert outgoing.call(endpoint, "GET", end.url, attempts=3).status == 404
        assert len(end.asked) == 1


class TestTheBreaker:
    def test_opens_for_the_one_that_fails_and_for_nobody_else(self, end, endpoint):
        end.answer = html_500
        for _ in range(FAILURES_IN_A_ROW):
            outgoing.call(endpoint, "GET", end.url)

        assert breaker.state(endpoint.pk) is State.OPEN
        assert refused(endpoint, end.url).kind == "AWAY"
        assert len(end.asked) == FAILURES_IN_A_ROW
        other = make(RoamingEndpoint, state="CONNECTED")
        assert outgoing.call(other, "GET", end.url).status == 500

    def test_is_not_opened_by_refusals(self, end, endpoint):
        end.answer = lambda asked, handler: (404, b"{}")
        for _ in range(FAILURES_IN_A_ROW + 1):
            outgoing.call(endpoint, "GET", end.url)

        assert breaker.state(endpoint.pk) is State.CLOSED

    def test_counts_failures_in_a_row_only(self, end, endpoint):
        statuses = iter([500] * 4 + [200] + [500] * 4)
        end.answer = lambda asked, handler: (next(statuses), b"{}")
        for _ in range(9):
            outgoing.call(endpoint, "GET", end.url)

        assert breaker.state(endpoint.pk) is State.CLOSED


class TestTheBulkhead:
    @pytest.mark.django_db(transaction=True)
    @override_settings(PARTNER_CALLS_AT_ONCE=2)
    def test_refuses_at_once_what_is_too_much_for_one_endpoint(self, end, endpoint):
        end.answer = end.hang
        other, other_end = make(RoamingEndpoint, state="CONNECTED"), PartnerEnd()

        def ask(_) -> str:
            kind = refused(endpoint, end.url, timeout_s=1.5).kind
            connections.close_all()
            return kind

        with at_work(other_end), ThreadPoolExecutor(5) as pool:
            asking = [pool.submit(ask, n) for n in range(5)]
            while len(end.asked) < 2:
                time.sleep(0.01)
            assert outgoing.call(other, "GET", other_end.url).status == 200
            kinds = sorted(one.result() for one in asking)

        assert kinds == ["AWAY", "AWAY", "AWAY", "TIMED_OUT", "TIMED_OUT"]
        assert len(end.asked) == 2


class TestTheRecord:
    def test_tells_the_call_and_its_answer(self, end, endpoint):
        subject = endpoint.pk
        outgoing.call(
            endpoint,
            "PUT",
            f"{end.url}/locations/DE/NOR/L1",
            body=b'{"id": "L1", "lat": 1.1000}',
            module="locations",
            request_id="req",
            correlation_id="cor",
            subject=("LOCATION", subject),
            verdict=lambda reply: calling.Verdict(True, 1000),
        )

        row = Exchange.objects.get()
        assert (row.direction, row.endpoint, row.environment) == ("OUT", endpoint, "LIVE")
        assert (row.module, row.verb, row.http_status, row.status_code) == (
            "locations",
            "PUT",
            200,
            1000,
        )
        assert (row.request_id, row.correlation_id) == ("req", "cor")
        assert row.request_body == '{"id":"L1","lat":1.1000}'
        assert '"status_code":1000' in row.response_body
        assert (row.subject_kind, row.subject_id, row.is_success) == ("LOCATION", subject, True)

    def test_knows_neither_secrets_nor_drivers(self, end, endpoint):
        end.answer = lambda asked, handler: (
            500,
            b"<pre>Authorization: Token c2VjcmV0LXRva2Vu; card 04A2B3C4D5 is odd</pre>",
        )
        outgoing.call(
            endpoint,
            "PUT",
            f"{end.url}/tokens/DE/VOL/04A2B3C4D5?type=RFID",
            headers={"Authorization": "Token c2VjcmV0LXRva2Vu"},
            body=b'{"uid":"04A2B3C4D5","contract_id":"DE-VOL-C12345678-X","issuer":"Voltaire"}',
            module="tokens",
        )

        row = Exchange.objects.get()
        kept = f"{row.url} {row.request_body} {row.response_body} {row.error}"
        for private in ("c2VjcmV0LXRva2Vu", "04A2B3C4D5", "C12345678", "Voltaire"):
            assert private not in kept
        digest = row.url.partition("/VOL/")[2].partition("?")[0]
        assert digest.startswith("~")
        assert f'"uid":"{digest}"' in row.request_body
        assert f"card {digest} is odd" in row.response_body

    def test_tells_why_nobody_answered(self, endpoint):
        refused(endpoint, "http://127.0.0.1:1/", module="versions")

        row = Exchange.objects.get()
        assert (row.http_status, row.is_success) == (None, False)
        assert "refused" in row.error
