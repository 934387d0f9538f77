"""Our web server as in production, in one process, and a partner's system that talks to it."""

import base64
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from partners.services.clients import ClientCredentials
from tests.benchmarks.processor_time import children_of

OURS = "/api/v1/service-detail-records/batch/"
BASELINE = "/api/baseline/"


class WebServer:
    """Gunicorn with one process, so that its processor time is one number."""

    def __init__(self, process: subprocess.Popen, port: int):
        self._process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.token = ""

    @property
    def pids(self) -> list[int]:
        return children_of(self._process.pid)

    def log_in(self, credentials: ClientCredentials) -> None:
        pair = f"{credentials.client_id}:{credentials.secret}".encode()
        answer = self._post(
            "/o/token/",
            urlencode({"grant_type": "client_credentials"}).encode(),
            {
                "Authorization": f"Basic {base64.b64encode(pair).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        self.token = answer["access_token"]

    def send(self, path: str, body: bytes, *, media_type: str, accepted: int) -> None:
        """Send a batch; its records must all be accepted, or nothing was measured."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type}
        answer = self._post(path, body, headers)
        if answer["accepted"] != accepted:
            raise AssertionError(f"{path} accepted {answer['accepted']} of {accepted}: {answer}")

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict:
        self.connection.request("POST", path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise AssertionError(f"{path} answered {response.status}: {text[:2000]!r}")
        return json.loads(text)


@contextmanager
def web_server() -> Iterator[WebServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (
        "-m gunicorn clearinghouse.wsgi:application --worker-class gthread --workers 1"
        " --threads 4 --keep-alive 900 --timeout 300 --log-level warning --no-control-socket"
    )
    process = subprocess.Popen(
        [sys.executable, *command.split(), "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
    )
    server = WebServer(process, port)
    try:
        _wait_for(server, process)
        yield server
    finally:
        server.connection.close()
        process.terminate()
        process.wait(timeout=60)


def _wait_for(server: WebServer, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            server.connection.request("GET", "/livez")
            server.connection.getresponse().read()
        except OSError:
            server.connection.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
