"""The embedded PostgreSQL: first start, start after anything, roles, stop. No TCP, no passwords:
its socket lies in a folder that only we can enter.
"""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from clearinghouse.embedded.home import Home

DATABASE = "clearinghouse"
_START_LIMIT_S = 90
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


class StartFailed(Exception):
    """The server did not come up; the text has the end of its log."""


def ensure(home: Home) -> None:
    """Have the server running with its roles and database.

    :raises StartFailed: it did not come up within 90 seconds.
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
    part.rename(home.data)


def _start(home: Home) -> None:
    """Start, waiting out old backends and crash recovery of a killed predecessor."""
    options = _OPTIONS | {"unix_socket_directories": str(home.sockets)}
    text = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    log = home.folder / "postgres.log"
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        _remove_stale_pid(home)
        _run(
            home, "pg_ctl", "start", "-D", str(home.data), "-l", str(log), "-w", "-t", "60",
            "-o", text,
        )  # fmt: skip
        if _is_ready(home):
            return
        time.sleep(0.5)
    tail = log.read_text(errors="replace")[-2000:] if log.is_file() else "no log"
    raise StartFailed(f"PostgreSQL did not start in {_START_LIMIT_S} s:\n{tail}")


def _is_ready(home: Home) -> bool:
    """Does a server of ours answer? Asked by connecting, not by believing a pid file."""
    try:
        _superuser(home, "postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _remove_stale_pid(home: Home) -> None:
    """Remove a pid file whose process is gone, a zombie, or another program."""
    pid_file = home.data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        pid_file.unlink(missing_ok=True)
        return
    if not _is_postgres(pid):
        pid_file.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return _is_alive(pid) and not Path("/proc").is_dir()
    try:
        name, _, rest = status.read_text().partition("(")[2].rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return name.startswith("postgres") and not rest.strip().startswith("Z")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ensure_roles(home: Home) -> None:
    """Roles and database by ``roles.sql``, once per text of it."""
    text = _ROLES.read_text(encoding="utf-8")
    mark = home.folder / "roles.sha256"
    digest = hashlib.sha256(text.encode()).hexdigest()
    if mark.is_file() and mark.read_text() == digest:
        return
    with _superuser(home, "postgres") as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            server.execute(f"CREATE DATABASE {DATABASE}")
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
