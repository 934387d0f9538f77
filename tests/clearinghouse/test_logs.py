"""What the lines of a request tell of its caller."""

import io
import logging

import pytest
import structlog
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(settings):
    """The addresses on the lines that end a request."""
    seen: list[str] = []

    def keep(logger, method, event):
        if event["event"] == "request_finished":
            seen.append(event["ip"])
        raise structlog.DropEvent

    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars, keep]):
        yield seen


@pytest.fixture
def lines():
    """What the site writes, in its own format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    form = {
        name: how for name, how in settings.LOGGING["formatters"]["lines"].items() if name != "()"
    }
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**form))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("/account/invitation/IjAxOTAi:1wXyZ:abc_DEF-1/", "1wXyZ"),
        ("/account/password/new/4k-d2x8ab-0123456789abcdef/", "0123456789abcdef"),
    ],
)
def test_hold_no_address_that_opens_a_login(lines, address, secret):
    Client().get(f"{address}?x=1")

    assert address[:20] in lines.getvalue()
    assert "request_finished" in lines.getvalue()
    assert secret not in lines.getvalue()


def test_name_its_address_as_our_proxy_does(addresses):
    Client().get("/livez", headers={"X-Forwarded-For": "192.0.2.7"})
    Client(REMOTE_ADDR="192.0.2.8").get("/livez", headers={"X-Real-IP": "192.0.2.9"})

    assert addresses == ["192.0.2.7", "192.0.2.8"]
