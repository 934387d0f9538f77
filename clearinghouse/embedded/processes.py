"""Processes by their id: what runs under it, and who works in a folder. Reads ``/proc``."""

import subprocess
from pathlib import Path

from clearinghouse.embedded.home import Home

_PROC = Path("/proc")
_WHO_WORKS_HERE = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef . ] && echo "${p#/proc/}"; done; true'


def are_visible() -> bool:
    """Is there a ``/proc`` to ask? Elsewhere the servers' own pid files must do."""
    return (_PROC / "self" / "cwd").exists()


def runs(pid: int, program: str) -> bool:
    """Is ``pid`` a live process of ``program``? Zombies and reused ids are not."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # "pid (name) state …"; the name may hold parentheses.
    name, _, rest = stat.partition("(")[2].rpartition(")")
    return name == program and not rest.lstrip().startswith("Z")


def servers_in(home: Home, folder: Path, program: str) -> list[int]:
    """Live processes of ``program`` whose working directory is ``folder``.

    Asked as the servers' user: root in a container may not look at others' directories.
    """
    found = subprocess.run(
        ["/bin/sh", "-c", _WHO_WORKS_HERE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        **home.as_server() | {"cwd": folder},
    )
    return [pid for pid in map(int, found.stdout.split()) if runs(pid, program)]
