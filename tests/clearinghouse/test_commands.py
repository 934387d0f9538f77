"""The command line starts servers only for commands that need them."""

import os
import subprocess
import sys

import pytest

from tests.own_house import ROOT


@pytest.mark.parametrize("command", [["check"], ["import_sdrs", "--help"]])
def test_a_command_that_needs_no_service_starts_none(var, command):
    environment = {"PATH": os.defpath, "CLEARINGHOUSE_VAR": str(var)}

    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not var.exists()
