"""The embedded PostgreSQL: first start, start after anything, roles, stop. No TCP, no passwords:
its socket lies in a folder that only we can enter.
"""

import contextlib
import hashlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from clearinghouse.embedded import processes
from clearinghouse.embedded.home import Home, StartFailed

DATABASE = "clearinghouse"
_START_LIMIT_S = 90
# A start that fails this often with nothing that time heals will fail for ever.
_TRIES = 3
_PASSES = re.compile("pre-existing shared memory|is another postmaster|starting up|shutting down")
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "jit": "off",
}
_ROLES = Path(__file__).resolve().parent.parent / "roles.sql"


def ensure(home: Home) -> None:
    """Have the server running with its roles and database.

    :raises StartFailed: it did not come up, at most 90 seconds later.
    """
    if not _is_ready(home):
        _initialize(home)
        _start(home)
    _ensure_roles(home)


def stop(home: Home) -> None:
    """Stop the server quickly but cleanly; sessions that are left are ended."""
    _run(home, "pg_ctl", "stop", "-D", str(home.data), "-m", "fast", "-w", "-t", "60")


def _initialize(home: Home) -> None:
    """``initdb`` into a folder of its own, then rename: an interrupted one leaves no half."""
    if home.data.is_dir():
        return
    part = home.folder / "postgres.init"
    shutil.rmtree(part, ignore_errors=True)
    result = _run(
        home, "initdb", "-D", str(part), "-U", "postgres", "-E", "UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        "--auth-local=trust", "--auth-host=reject", "--no-sync",
    )  # fmt: skip
    if result.returncode != 0:
        raise StartFailed(f"initdb: {result.stderr.strip()}")
    home.forget_marks()
    part.rename(home.data)


def _start(home: Home) -> None:
    """Start, waiting out crash recovery of a killed predecessor."""
    options = _OPTIONS | {"unix_socket_directories": str(home.sockets)}
    text = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    log = home.folder / "postgres.log"
    home.forget_old_binaries()
    deadline = time.monotonic() + _START_LIMIT_S
    for attempt in itertools.count():
        _clear_the_way(home)
        before = log.stat().st_size if log.is_file() else 0
        _run(
            home, "pg_ctl", "start", "-D", str(home.data), "-l", str(log), "-w", "-t", "60",
            "-o", text,
        )  # fmt: skip
        if _is_ready(home):
            return
        said = _read_from(log, before)
        if time.monotonic() > deadline or (attempt >= _TRIES and not _PASSES.search(said)):
            raise StartFailed(f"PostgreSQL did not start; {log} ends with:\n{said[-2000:]}")
        time.sleep(0.5)


def _clear_the_way(home: Home) -> None:
    """Take away what a killed server left: its pid file, its orphans, a server without socket."""
    if not processes.are_visible() or not home.data.is_dir():
        return
    pid_file = home.data / "postmaster.pid"
    try:
        postmaster = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        postmaster = 0
    ours = processes.servers_in(home, home.data, "postgres")
    if postmaster in ours:
        if not home.postgres_socket.exists():  # a cleaner of temporary files was here
            stop(home)
        return
    # Whoever has that id now is not this server. What keeps a second server off the data is the
    # shared memory block, which PostgreSQL checks by itself.
    pid_file.unlink(missing_ok=True)
    for orphan in ours:
        # A busy backend does not notice that its postmaster is gone; nobody can reach it.
        with contextlib.suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGQUIT)


def _read_from(log: Path, position: int) -> str:
    if not log.is_file():
        return "(no log)"
    with log.open("rb") as stream:
        stream.seek(position)
        return stream.read().decode(errors="replace")


def _is_ready(home: Home) -> bool:
    """Does a server of ours answer? Asked by connecting, not by believing a pid file."""
    try:
        _superuser(home, "postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _ensure_roles(home: Home) -> None:
    """The database, and roles by ``roles.sql``, once per text of it."""
    text = _ROLES.read_text(encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    with _superuser(home, "postgres") as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        is_new = found.fetchone() is None
        if is_new:
            server.execute(f"CREATE DATABASE {DATABASE}")
    mark = home.mark("roles")
    if not is_new and mark.is_file() and mark.read_text() == digest:
        return
    with _superuser(home, DATABASE) as database:
        database.execute(text)
    mark.write_text(digest)


def _superuser(home: Home, database: str) -> psycopg.Connection:
    return psycopg.connect(
        dbname=database,
        user="postgres",
        host=str(home.sockets),
        autocommit=True,
        connect_timeout=5,
    )


def _run(home: Home, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(
        [str(home.postgres_bin / program), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C in our terminal is not for the server
        check=False,
        **home.as_server(),
    )
