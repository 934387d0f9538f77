"""Runs app.py in an environment of its own, and talks to it as its staff would."""

import base64
import hashlib
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
from django.conf import settings

HERE = Path(__file__).parent
_INSTALLS_WITHIN_S = 300
_STARTS_WITHIN_S = 30


def python() -> Path:
    """The interpreter of an environment with what requirements.txt names; skips without it."""
    wanted = (HERE / "requirements.txt").read_bytes()
    home = settings.VAR_DIR / "independent" / hashlib.sha256(wanted).hexdigest()[:12]
    found, whole = home / "bin" / "python", home / "whole"
    if whole.exists():
        return found
    subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    install = [found, "-m", "pip", "install", *options, "-r", HERE / "requirements.txt"]
    try:
        done = subprocess.run(install, capture_output=True, timeout=_INSTALLS_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("the independent client could not be installed in time (no network?)")
    if done.returncode:
        pytest.skip("the independent client cannot be installed here (no network?)")
    whole.touch()
    return found


class Independent:
    """``with Independent("EMSP", "FR*VOL") as partner:`` its system runs and answers."""

    def __init__(self, role: str, code: str) -> None:
        country, party = code.split("*")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.versions_url = f"{self.url}/ocpi/versions"
        self.token_a = secrets.token_hex(20)
        self._env = {
            "PATH": os.environ["PATH"],
            "PROTOCOL": "http",
            "OCPI_HOST": f"127.0.0.1:{self.port}",
            "COUNTRY_CODE": country,
            "PARTY_ID": party,
            "DESK_ROLE": role,
            "DESK_TOKEN_A": self.token_a,
        }

    def __enter__(self) -> Self:
        command = [python(), "-m", "uvicorn", "app:app", "--port", str(self.port)]
        self._process = subprocess.Popen([*command, "--no-access-log"], cwd=HERE, env=self._env)
        ends = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < ends and self._process.poll() is None:
            try:
                self._ask("GET", "desk/peers")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return self
        self._stop()
        raise AssertionError("the independent client did not start")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def stored(self, module: str) -> dict[str, Any]:
        """What it keeps, by id in small letters."""
        found: dict[str, Any] = self._ask("GET", f"desk/stored/{module}")
        return found

    def keep(self, module: str, key: str, document: Any) -> None:
        """Its staff enter an object."""
        self._ask("PUT", f"desk/stored/{module}/{key}", json=document)

    @property
    def peer(self) -> dict[str, Any]:
        """The credentials and version details of who registered at it."""
        [peer] = self._ask("GET", "desk/peers")["peers"]
        found: dict[str, Any] = peer
        return found

    def push(self, module: str, key: str, details_url: str) -> dict[str, Any]:
        """It pushes one object to its peer by the library's own client; what the peer answered."""
        [token_c] = self._ask("GET", "desk/peers")["tokens"]
        shown = base64.b64encode(token_c.encode()).decode()
        receiver = {
            "endpoints_url": details_url,
            "auth_token": self.peer["credentials"]["token"],
        }
        body = {"module_id": module, "object_id": key, "receivers": [receiver]}
        headers = {"Authorization": f"Token {shown}"}
        told = self._ask("POST", "push/2.2.1", json=body, headers=headers)
        [answer] = told["receiver_responses"]
        found: dict[str, Any] = answer
        return found

    def _ask(self, verb: str, path: str, **options: Any) -> Any:
        answer = httpx.request(verb, f"{self.url}/{path}", trust_env=False, timeout=20, **options)
        answer.raise_for_status()
        return answer.json()

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
