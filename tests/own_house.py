"""A house of its own: a ``var/`` with its own servers, and processes of ours that live in it.

For what cannot be shown inside one process: kills, restarts, the real web server and worker.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.clearinghouse.embedded_starter import Starter

ROOT = Path(__file__).resolve().parent.parent
_OURS = ("CLEARINGHOUSE_", "DATABASE_", "REDIS_", "CELERY_", "PYTEST_", "DJANGO_")


class OwnHouse:
    """One ``var/`` whose servers a ``Starter`` keeps running, whoever else is killed."""

    def __init__(self, var: Path, starter: Starter):
        self.var = var
        self._starter = starter

    @property
    def services(self) -> dict[str, str]:
        return self._starter.services

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        return inherited | {
            "CLEARINGHOUSE_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "clearinghouse.settings",
        }

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.services["owner_database_url"], autocommit=True)

    def ask(self, question: str, *parameters: object) -> list[tuple]:
        with self.connect() as connection:
            return connection.execute(question, parameters).fetchall()

    def start(self, *command: str, **options) -> subprocess.Popen[str]:
        """Start a program of ours in a session of its own, so that it can be killed as a whole."""
        environment = self.environment | options.pop("environment", {})
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            text=True,
            start_new_session=True,
            **options,
        )

    def run(self, *command: str, timeout_s: float = 180) -> str:
        """Run to the end; what it printed."""
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            printed, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
        if process.returncode != 0:
            raise AssertionError(f"{command} ended with {process.returncode}:\n{errors[-3000:]}")
        return printed

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)


@contextmanager
def own_house() -> Iterator[OwnHouse]:
    """A fresh house in a short folder; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="house-"))
    var = folder / "var"
    try:
        with Starter(var) as starter:
            yield OwnHouse(var, starter)
    finally:
        record = var / "embedded-home"  # as root the servers live elsewhere
        if record.is_file():
            shutil.rmtree(record.read_text(encoding="utf-8").strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def kill(process: subprocess.Popen[str]) -> None:
    """``kill -9`` the process with its children, and see it gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    """:raises AssertionError: ``what`` did not come about in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
