"""The embedded database follows the code: migrated when the migrations have changed."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from clearinghouse.embedded import ensure_running
from clearinghouse.embedded.home import find_home

ROOT = Path(__file__).resolve().parent.parent.parent


def ensure_migrated() -> None:
    """Run ``migrate`` as the owner, once per state of the migrations; starts the servers.

    :raises SystemExit: a migration failed; its error is on standard error.
    """
    ensure_running()
    home = find_home()
    mark, wanted = home.mark("migrated"), _digest()
    with (home.folder / "migrating.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # Django does not expect two migrations at once
        if mark.is_file() and mark.read_text() == wanted:
            return
        result = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0", "--no-input"],
            env=os.environ | {"CLEARINGHOUSE_DB_ROLE": "owner"},
            check=False,
            stdout=sys.stderr,
        )
        if result.returncode != 0:
            raise SystemExit("The database could not be migrated; the error stands above.")
        mark.write_text(wanted)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "deploy/lock/runtime.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
