"""``manage.py serve``: the site with its worker and its clock, for one machine."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from clearinghouse.demo.logins import read_logins

_GRACE_S = 20


class Command(BaseCommand):
    help = "Serve web, worker and beat; stop all three with Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--bind", default="127.0.0.1:8000")

    def handle(self, *, bind: str, **options):
        self._greet(bind)
        children = [subprocess.Popen(command) for command in _commands(bind)]
        signal.signal(signal.SIGTERM, _stop)
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


def _commands(bind: str) -> list[list[str]]:
    celery = [sys.executable, "-m", "celery", "-A", "clearinghouse.celery"]
    schedule = Path(settings.VAR_DIR) / "beat-schedule"
    return [
        [
            sys.executable,
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
            child.kill()
