"""A Celery worker as a process of its own, which reads the test's database and Valkey."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from clearinghouse.celery import app
from tests.own_house import ROOT, kill


@contextmanager
def own_worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as ``make run`` starts it, but with one process and this test's queue."""
    database = connection.settings_dict
    told = {
        "DATABASE_URL": f"postgres://{database['USER']}@{quote(database['HOST'], safe='')}"
        f"/{database['NAME']}",
        "CELERY_QUEUE": app.conf.task_default_queue,
        "DJANGO_SETTINGS_MODULE": "clearinghouse.settings",
    }
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, *"-m celery -A clearinghouse.celery worker --pool solo".split()],
            cwd=ROOT,
            env=os.environ | told,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        yield process
        assert process.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        kill(process)
