"""What the lines of a request tell of its caller."""

import pytest
import structlog
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


def test_name_its_address_as_our_proxy_does(addresses):
    Client().get("/livez", headers={"X-Forwarded-For": "192.0.2.7"})
    Client(REMOTE_ADDR="192.0.2.8").get("/livez", headers={"X-Real-IP": "192.0.2.9"})

    assert addresses == ["192.0.2.7", "192.0.2.8"]
