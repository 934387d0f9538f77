"""A partner's end of a webhook: a real HTTP server in a thread that keeps what it was sent."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

from partners.models import Party
from roaming.models import WebhookSubscription
from roaming.services.webhook_call import seal_secret
from tests.makers import NOON

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXMhISE="


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self) -> dict:
        """The message, its signature and age checked by the library that partners use."""
        return Webhook(SECRET).verify(self.body, self.headers)


@dataclass
class Receiver:
    """``answer`` decides each status; it may look at what came, or sleep."""

    answer: Callable[[Received], int] = lambda received: 204
    retry_after: str = ""
    received: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def messages(self) -> list[dict]:
        return [one.verified() for one in self.received]


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Received(headers, body)
            receiver.received.append(one)
            status = receiver.answer(one)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{receiver.url}/elsewhere")
            if receiver.retry_after:
                self.send_header("Retry-After", receiver.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

        def handle(self):
            with contextlib.suppress(OSError):  # the sender was killed
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dripping(*, seconds: float) -> Iterator[str]:
    """The address of a receiver that answers a byte now and then, for so long, and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_drip, args=(server, seconds), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
    thread.join()


def _drip(server: socket.socket, seconds: float) -> None:
    with contextlib.suppress(OSError):  # the sender has gone away
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 204 No Content\r\nX-Long: ")
            ends_at = time.monotonic() + seconds
            while time.monotonic() < ends_at:
                connection.sendall(b"x")
                time.sleep(0.05)


def subscribe(party: Party, url: str) -> WebhookSubscription:
    return WebhookSubscription.objects.create(
        party=party, url=url, encrypted_secret=seal_secret(SECRET), created_at=NOON
    )
