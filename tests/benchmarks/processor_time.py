"""Processor seconds beside the clock's: they barely move with the machine's other load."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What a piece of work took: ``wall_s`` by the clock, the rest in processor seconds."""

    wall_s: float
    python_s: float
    database_s: float

    def per_record(self, records: int) -> dict[str, float]:
        return {
            "wall_us": round(self.wall_s / records * 1e6, 1),
            "python_cpu_us": round(self.python_s / records * 1e6, 1),
            "database_cpu_us": round(self.database_s / records * 1e6, 1),
        }


def cost_of(work: Callable[[], object], *, python: Iterable[int], postmaster: int) -> Cost:
    """Do the work once; count the ``python`` processes and the children of the ``postmaster``."""
    python = list(python)
    before = sum(map(_used, python)), _used_by_children(postmaster)
    started = time.perf_counter()
    work()
    wall_s = time.perf_counter() - started
    after = sum(map(_used, python)), _used_by_children(postmaster)
    return Cost(wall_s, after[0] - before[0], after[1] - before[1])


def children_of(pid: int) -> list[int]:
    return [int(path.parent.name) for path in _stats() if _parent(path) == pid]


def _used_by_children(pid: int) -> float:
    """Those that live, and those that ended and were waited for."""
    ended = _fields(Path(f"/proc/{pid}/stat"))[13:15]
    return sum(map(_used, children_of(pid))) + sum(map(int, ended)) / _TICK


def _used(pid: int) -> float:
    fields = _fields(Path(f"/proc/{pid}/stat"))
    return sum(map(int, fields[11:13])) / _TICK if fields else 0.0


def _parent(path: Path) -> int:
    fields = _fields(path)
    return int(fields[1]) if fields else 0


def _stats() -> Iterable[Path]:
    return Path("/proc").glob("[0-9]*/stat")


def _fields(path: Path) -> list[str]:
    """The fields after the name, which may hold blanks: state, parent, …"""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
