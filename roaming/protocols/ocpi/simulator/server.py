"""The partner's web server: HTTP/1.1 over a real socket, one thread for each connection."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from roaming.protocols.ocpi.simulator.conduct import Conduct, Rendered


@dataclass(frozen=True)
class Request:
    """Header names in lower case; ``parts`` are the path's, without empty ones."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes

    @property
    def parts(self) -> list[str]:
        return [part for part in urlsplit(self.target).path.split("/") if part]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


Answering = Callable[[Request], tuple[str, Rendered]]


class Server:
    """Started and stopped any number of times on one port: a stopped partner is offline."""

    def __init__(self, bind: str, answering: Answering, conduct: Conduct) -> None:
        host, _, port = bind.rpartition(":")
        self.host, self.port = host or "127.0.0.1", int(port)
        self._answering = answering
        self._conduct = conduct
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        self._conduct.stopping.clear()
        self._http = _Http((self.host, self.port), _handler(self._answering, self._conduct))
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Kept-alive connections end too: else a client would go on talking to a dead partner."""
        if self._http is None or self._thread is None:
            return
        self._conduct.stopping.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()
        self._http = self._thread = None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *arguments: object) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*arguments)  # type: ignore[arg-type]

    def process_request(self, request, client_address) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        """A peer that goes away is no news; nothing else can happen here."""


def _handler(answering: Answering, conduct: Conduct) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            raw = self.rfile.read(length)
            if len(raw) < length:  # the peer hung up in the middle
                self.close_connection = True
                return
            request = Request(self.command, self.path, headers, raw)
            module, answer = answering(request)
            if not conduct.deliver(self, module, answer):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def send(self, data: bytes) -> None:
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """The exchanges are the log."""

    return Handler
