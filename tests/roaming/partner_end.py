"""A partner's end of our calls: a real HTTP server in a thread, as well or ill behaved as told."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OK = b'{"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}'


@dataclass
class Asked:
    verb: str
    path: str
    headers: dict[str, str]
    body: bytes

    def tree(self):
        return json.loads(self.body)


@dataclass
class PartnerEnd:
    """``answer`` gives status and body, or writes to the socket itself and gives None."""

    answer: Callable[["Asked", BaseHTTPRequestHandler], tuple[int, bytes] | None] = (
        lambda asked, handler: (200, OK)
    )
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hang(self, asked, handler) -> None:
        """Take the call and say nothing until the test is over."""
        self.is_over.wait(timeout=60)

    def drip(self, asked, handler) -> None:
        """An endless answer, a byte now and then."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not self.is_over.wait(timeout=0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    def drip_headers(self, asked, handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.is_over.wait(timeout=0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    def flood(self, asked, handler) -> None:
        """An answer without an end, as fast as it goes."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.is_over.is_set():
            handler.wfile.write(b"x" * 65536)

    def redirect(self, asked, handler) -> None:
        where = b"HTTP/1.1 302 Found\r\nLocation: " + self.url.encode() + b"/elsewhere"
        handler.wfile.write(where + b"\r\nContent-Length: 0\r\n\r\n")

    def slow(self, seconds: float):
        def answer(asked, handler):
            time.sleep(seconds)
            return 200, OK

        return answer


def html_500(asked, handler) -> tuple[int, bytes]:
    return 500, b"<html><h1>Internal Server Error</h1></html>"


@contextmanager
def at_work(end: PartnerEnd | None = None) -> Iterator[PartnerEnd]:
    end = end or PartnerEnd()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def take(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Asked(self.command, self.path, headers, body)
            end.asked.append(one)
            answer = end.answer(one, self)
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Set-Cookie", "tracker=1")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = take  # noqa: N815 the server's names

        def log_message(self, *arguments):
            pass

        def handle(self):
            with contextlib.suppress(OSError):  # we hung up
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    end.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield end
    finally:
        end.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
