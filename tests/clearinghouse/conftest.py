"""A ``var/`` of its own for tests that start and kill servers."""

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from clearinghouse.embedded import processes
from clearinghouse.embedded.home import Home


@pytest.fixture
def var(tmp_path):
    """An empty ``var/``; servers that a test leaves behind are killed, as root their data goes."""
    var = tmp_path / "var"
    yield var
    for record in [*tmp_path.glob("**/embedded-home"), *tmp_path.glob("**/embedded/users.lock")]:
        folder = (
            Path(record.read_text().strip()) if record.name == "embedded-home" else record.parent
        )
        if folder.is_dir():
            _kill_servers_of(folder)
            shutil.rmtree(folder)


def _kill_servers_of(folder: Path) -> None:
    owner = folder.stat().st_uid
    home = Home(folder, folder, folder, folder, owner if owner != os.geteuid() else None)
    pids = processes.servers_in(home, folder, "valkey-server")
    if home.data.is_dir():
        pids += processes.servers_in(home, home.data, "postgres")
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
