"""``manage.py serve``: the site with its worker and its clock, for one machine."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clearinghouse.demo.logins import read_logins

_GRACE_S = 20
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Command(BaseCommand):
    help = "Serve web, worker and beat; stop all three with Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--bind", default="127.0.0.1:8000")

    def handle(self, *, bind: str, **options):
        _refuse_a_taken_port(bind)
        self._greet(bind)
        # Sessions of their own: Ctrl-C reaches us alone, and we tell each child once. A worker of
        # gunicorn that is told to quit a second time, by its master, waits for itself for ever.
        children = [
            subprocess.Popen(
                command,
                env=_environment(bind),
                start_new_session=True,
                preexec_fn=_end_with_us,
            )
            for command in _commands(bind)
        ]
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _stop)  # SIGINT too: a shell's "&" leaves it ignored
        try:
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
            self.stderr.write("one of web, worker and beat ended; stopping the others")
            code = 1
        except KeyboardInterrupt:
            code = 0
        _end(children)
        sys.exit(code)

    def _greet(self, bind: str) -> None:
        self.stdout.write(f"Staff: http://{bind}/admin/   Partners: http://{bind}/portal/")
        self.stdout.write(f"API:   http://{bind}/api/docs/")
        logins = read_logins(Path(settings.VAR_DIR) / "demo" / "logins.json")
        if not logins:
            self.stdout.write("No demo logins yet: run make demo, or manage.py createsuperuser.")
        for user_name, password in logins.items():
            self.stdout.write(f"  {user_name:32} {password}")
        self.stdout.flush()


def _refuse_a_taken_port(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    if not port.isdecimal():
        raise CommandError(f"{bind} is no address: write --bind 127.0.0.1:8001")
    try:
        socket.create_server((host, int(port))).close()
    except OSError as error:
        raise CommandError(
            f"cannot listen at {bind}: {os.strerror(error.errno or 0)}."
            " Another port: make run BIND=127.0.0.1:8001"
        ) from error


def _end_with_us() -> None:
    """In a child before its program: where this process is killed, Linux tells the child to end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _environment(bind: str) -> dict[str, str]:
    """Partners are told the address that is served, unless ``PUBLIC_URL`` names another one."""
    return {"PUBLIC_URL": f"http://{bind}", **os.environ}


def _commands(bind: str) -> list[list[str]]:
    celery = [sys.executable, "-m", "celery", "-A", "clearinghouse.celery"]
    schedule = Path(settings.VAR_DIR) / "beat-schedule"
    return [
        [
            sys.executable,
            "-W",
            "ignore:No directory at",  # files of "collectstatic" are for production
            "-m",
            "gunicorn",
            "clearinghouse.wsgi:application",
            "--bind",
            bind,
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "4",
            "--graceful-timeout",
            str(_GRACE_S // 2),
        ],
        [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2"],
        [
            *celery,
            "beat",
            "--loglevel",
            "WARNING",
            "--schedule",
            os.fspath(schedule),
            "--pidfile",
            "",
        ],
    ]


def _stop(signum, frame):
    raise KeyboardInterrupt


def _end(children: list[subprocess.Popen]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + _GRACE_S
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
