"""The embedded Valkey: broker and cache on a socket of its own. No TCP."""

import contextlib
import os
import signal
import subprocess
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from clearinghouse.embedded import processes
from clearinghouse.embedded.home import Home, StartFailed

_START_LIMIT_S = 30
# A server makes its socket before it reads its file; a slow machine takes a second.
_SOCKET_LIMIT_S = 5


def ensure(home: Home) -> None:
    """Have the server running.

    :raises StartFailed: it did not answer within 30 seconds.
    """
    asked_at = started_at = time.monotonic()
    while not _answers(home):
        now = time.monotonic()
        if now - asked_at > _START_LIMIT_S:
            raise StartFailed(f"Valkey did not start; see {home.folder / 'valkey.log'}")
        running = processes.servers_in(home, home.folder, "valkey-server")
        if not running:
            _start(home)
            started_at = now
        elif now - started_at > _SOCKET_LIMIT_S and not home.valkey_socket.exists():
            _end(running[0])  # a cleaner of temporary files was here
            started_at = now
        # Else it starts or reads its file: a twin on the same file would spoil it.
        time.sleep(0.02)


def _start(home: Home) -> None:
    home.valkey_socket.unlink(missing_ok=True)
    command = [
        str(home.valkey_server), "--port", "0",
        "--unixsocket", str(home.valkey_socket), "--unixsocketperm", "700",
        "--dir", str(home.folder), "--save", "", "--appendonly", "yes",
        "--maxmemory-policy", "noeviction", "--databases", "16",
        "--logfile", str(home.folder / "valkey.log"),
    ]  # fmt: skip
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in our terminal is not for the server
        **home.as_server(),
    )


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def stop(home: Home) -> None:
    """Ask the server to stop; what it held is on disk."""
    try:
        _client(home).shutdown(nosave=True)
    except (redis.ConnectionError, redis.TimeoutError):
        return


def _answers(home: Home) -> bool:
    try:
        return bool(_client(home).ping())
    except (redis.ConnectionError, redis.TimeoutError):  # not there, or busy reading its file
        return False


def _client(home: Home) -> redis.Redis:
    # The client's own retries would wait seconds for a server that is not there on purpose.
    once = Retry(NoBackoff(), 0)
    return redis.Redis(unix_socket_path=str(home.valkey_socket), socket_timeout=5, retry=once)
