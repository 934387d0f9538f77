"""The embedded database follows the code: migrated when the migrations have changed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from clearinghouse.embedded import ensure_running
from clearinghouse.embedded.home import find_home

ROOT = Path(__file__).resolve().parent.parent.parent


def ensure_migrated() -> None:
    """Run ``migrate`` as the owner, once per state of the migrations.

    :raises subprocess.CalledProcessError: a migration failed; its error is on standard error.
    """
    mark = find_home().folder / "migrated.sha256"
    wanted = _digest()
    if mark.is_file() and mark.read_text() == wanted:
        return
    ensure_running()
    environment = os.environ | {"CLEARINGHOUSE_DB_ROLE": "owner"}
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0", "--no-input"],
        env=environment,
        check=True,
        stdout=sys.stderr,
    )
    mark.write_text(wanted)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "deploy/lock/runtime.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
