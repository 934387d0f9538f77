"""A process that needs the embedded servers: prints where they are, leaves when told to.

Run as a script by ``test_embedded*``; the first argument ``fork`` leaves a child behind.
"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent.parent


class Starter:
    """Such a process, seen from a test. Ends politely at the end of the ``with`` block."""

    def __init__(self, var: Path, *arguments: str, root: Path = ROOT, uid: int | None = None):
        as_whom = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.clearinghouse.embedded_starter", *arguments],
            cwd=root,
            env={"PATH": os.defpath, "CLEARINGHOUSE_VAR": str(var), "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **as_whom,
        )
        self._services: dict | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    @property
    def services(self) -> dict:
        """Its ``Services`` as a dictionary; waits until they run."""
        if self._services is None:
            self._services = json.loads(self.process.stdout.readline())
        return self._services

    def connect(self, which: str = "owner_database_url") -> psycopg.Connection:
        return psycopg.connect(self.services[which], autocommit=True)

    def valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.services["cache_url"], socket_timeout=5)

    def leave(self) -> None:
        if self.process.poll() is None:
            self.process.communicate("", timeout=60)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=60)


def main() -> None:
    from clearinghouse import embedded

    services = embedded.ensure_running()
    if sys.argv[1:] == ["fork"] and os.fork() != 0:
        return  # the child goes on, with the pipes
    sys.stdout.write(json.dumps(dataclasses.asdict(services)) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
