"""The command line starts servers only for commands that need them."""

import os
import socket
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from clearinghouse.management.commands import serve
from tests.own_house import ROOT


@pytest.mark.long
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


class TestServe:
    def test_says_that_its_port_is_taken_and_how_to_choose_another(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            bind = f"127.0.0.1:{taken.getsockname()[1]}"

            with pytest.raises(CommandError, match=r"cannot listen at .*make run BIND="):
                call_command("serve", bind=bind)

    def test_tells_partners_the_address_that_it_serves(self, monkeypatch):
        monkeypatch.delenv("PUBLIC_URL", raising=False)
        assert serve._environment("127.0.0.1:8001")["PUBLIC_URL"] == "http://127.0.0.1:8001"

        monkeypatch.setenv("PUBLIC_URL", "https://clearing.example")
        assert serve._environment("127.0.0.1:8001")["PUBLIC_URL"] == "https://clearing.example"

    def test_refuses_what_is_no_address(self):
        with pytest.raises(CommandError, match="is no address"):
            call_command("serve", bind="here")
