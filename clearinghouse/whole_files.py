"""Files that are there whole or not at all, for this user alone; and what is kept for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Where to write what becomes ``path`` at the end of the block; an error leaves nothing.

    A killed process leaves a ``.part``: ``forget_before`` takes it away like any other file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    opened = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(opened, "w+b") as target:
            yield target
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def forget_before(folder: Path, instant: datetime) -> None:
    """Delete the files of ``folder`` that were last written before ``instant``."""
    for old in folder.iterdir() if folder.is_dir() else ():
        if old.stat().st_mtime < instant.timestamp():
            old.unlink(missing_ok=True)
