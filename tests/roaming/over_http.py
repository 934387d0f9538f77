"""Requests of a test over real HTTP that see what the test has not committed.

One server for the process, on a port of its own, in threads; each request is answered with the
database connection of the thread that sent it. So sockets, headers and bodies are real, and a test
still ends by rolling back.
"""

import contextlib
import functools
import threading
from typing import Any
from unittest import mock

import httpx
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test.testcases import QuietWSGIRequestHandler

_CALLER = "X-Test-Caller"
_TIMEOUT_S = 60


class _Server(ThreadedWSGIServer):
    # Who is told to wait by one more caller than usual must not be refused.
    request_queue_size = 50

    def _close_connections(self) -> None:
        """They are the tests'."""


class _Wire:
    """The server and the client that reaches it."""

    def __init__(self) -> None:
        self._application = get_wsgi_application()
        self._callers: dict[str, Any] = {}
        server = _Server(("127.0.0.1", 0), QuietWSGIRequestHandler, allow_reuse_address=False)
        server.set_app(self._answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # As with Django's own client: no redirect is followed, and hosts are the test's.
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{server.server_port}",
            headers={"Host": "testserver"},
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    def send(self, verb: str, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        connection = connections["default"]
        caller = str(id(connection))
        self._callers[caller] = connection
        connection.inc_thread_sharing()
        try:
            # Django drops a connection that is not in autocommit when a request ends; this one is
            # in the test's transaction.
            with mock.patch.object(connection, "close_if_unusable_or_obsolete"):
                return self._client.request(
                    verb, url, content=body, headers=headers | {_CALLER: caller}
                )
        finally:
            connection.dec_thread_sharing()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        caller = environ.pop(f"HTTP_{_CALLER.upper().replace('-', '_')}")
        connections["default"] = self._callers[caller]
        response = self._application(environ, start_response)
        # Closed before the test goes on: what Django does at the end of a request is done by then.
        with contextlib.closing(response):
            return [b"".join(response)]


@functools.cache
def wire() -> _Wire:
    return _Wire()
