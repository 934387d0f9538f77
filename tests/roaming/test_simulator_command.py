"""``manage.py partner_simulator`` as a newcomer runs it, against a partner in this process."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from decimal import Decimal

import httpx
import pytest
from django.core.management import CommandError, call_command

from roaming.protocols.ocpi.simulator import FakePartner
from tests.own_house import ROOT, wait_until


@contextmanager
def simulator(var, *arguments):
    """A process of its own, and the lines that it prints."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "partner_simulator", "--bind", "127.0.0.1:0", *arguments],
        cwd=ROOT,
        env={"PATH": os.defpath, "CLEARINGHOUSE_VAR": str(var)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def call(*arguments, capsys):
    """Run it here; status and printed lines."""
    try:
        call_command("partner_simulator", *arguments, "--bind", "127.0.0.1:0")
        status = 0
    except SystemExit as stopped:
        status = stopped.code
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.long
def test_serves_until_it_is_interrupted_and_starts_no_service(tmp_path):
    var = tmp_path / "var"
    with simulator(var, "--role", "csp", "--behave", "html500", "--at", "tokens") as (one, ready):
        with FakePartner("cso") as peer:
            peer.register(ready["versions_url"], ready["registration_token"])
            answers = [peer.push_location().status, peer.authorize("FF").status]
        one.send_signal(signal.SIGTERM)
        wait_until(lambda: one.poll() is not None, "the simulator ends")
        printed = one.stdout.read()

    assert answers == [201, 500]
    assert one.returncode == 0
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [(line["direction"], line["method"]) for line in lines][-2:] == [
        ("in", "PUT"),
        ("in", "POST"),
    ]
    assert peer.connection.outbound not in printed
    assert not var.exists()


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_plays_a_session_as_a_seller(version, capsys):
    with FakePartner("csp", version) as provider:
        provider.add_token()
        token = provider.issue_registration_token()

        status, lines = call(
            *("--register", provider.versions_url, "--token", token),
            *("--version", version, "--scenario", "session"),
            capsys=capsys,
        )

        steps = [line for line in lines if "step" in line]
        assert (status, [line["ok"] for line in steps]) == (0, [True] * 7)
        assert len(provider.objects("cdrs")) == 1


def test_plays_a_session_as_a_provider(capsys):
    with FakePartner("cso") as seller:
        seller.add_location()
        token = seller.issue_registration_token()

        status, lines = call(
            *("--role", "csp", "--register", seller.versions_url, "--token", token),
            *("--scenario", "session"),
            capsys=capsys,
        )

        steps = [line for line in lines if "step" in line]
        assert (status, [line["ok"] for line in steps]) == (0, [True] * 4)
        assert len(seller.received("commands")) == 1


def test_ends_with_a_failed_step(capsys):
    with FakePartner("csp") as provider:
        token = provider.issue_registration_token()

        status, lines = call(
            *("--register", provider.versions_url, "--token", token, "--scenario", "credit"),
            capsys=capsys,
        )

    assert status == 1
    assert lines[-1] == {
        "step": "authorize",
        "ok": False,
        "note": "HTTP 404, status_code 2004 Unknown token",
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--register", "http://127.0.0.1:1/"], "needs the --token"),
        (["--scenario", "session"], "needs a hub"),
        (["--party", "NL-AAA"], "no role and party"),
        (["--role", "both", "--version", "2.1.1"], "one party in one role"),
        (["--register", "http://127.0.0.1:1/", "--token", "x"], "not registered: GET"),
        (["--bind", "192.0.2.1:9"], "choose another --bind"),
    ],
)
def test_says_what_is_wrong_with_its_arguments(arguments, why):
    with pytest.raises(CommandError, match=why):
        call_command("partner_simulator", "--bind", "127.0.0.1:0", *arguments)


def test_prints_no_token_that_opens_a_door(capsys):
    with FakePartner("csp") as provider:
        token = provider.issue_registration_token()
        _, lines = call(
            *("--register", provider.versions_url, "--token", token, "--scenario", "session"),
            capsys=capsys,
        )
        secrets = [provider.connection.outbound, *provider.connection.inbound]
        reached = httpx.get(provider.versions_url, verify=False)

    assert reached.status_code == 401
    assert len(lines) > 5
    assert not [one for one in secrets if one in str(lines)]


class TestFurniture:
    """What a peer can pull of a partner that the command runs."""

    @pytest.fixture
    def pulled(self):
        """Let the peer pull while the scenario of the command talks to it."""
        found = {}

        def pull(request, answer):
            module = {"tokens": "tokens", "tariffs": "locations"}.get(request.parts[-4:][0])
            if module and module not in found:
                found[module] = None  # once
                found[module] = [one for page in peer.pull(module) for one in page.data]
            return answer

        with FakePartner("both") as peer:
            peer.manners.tamper = pull
            peer.add_token()
            yield peer, found

    @pytest.mark.parametrize(
        ("arguments", "module", "count"),
        [
            (["--role", "cso"], "locations", 2),
            (["--role", "cso", "--sites", "3"], "locations", 3),
            (["--role", "csp"], "tokens", 2),
        ],
    )
    def test_is_there(self, pulled, arguments, module, count, capsys):
        peer, found = pulled
        token = peer.issue_registration_token()

        call(
            *("--register", peer.versions_url, "--token", token, "--scenario", "session"),
            *arguments,
            capsys=capsys,
        )

        assert len(found[module]) == count

    def test_may_come_from_a_file(self, pulled, tmp_path, capsys):
        peer, found = pulled
        token = peer.issue_registration_token()
        path = tmp_path / "locations.json"
        path.write_text('[{"id": "FILED", "evses": [], "weight": 1.10}]')

        call(
            *("--register", peer.versions_url, "--token", token, "--scenario", "session"),
            *("--locations", str(path)),
            capsys=capsys,
        )

        (location,) = found["locations"]
        assert (location["id"], location["party_id"]) == ("FILED", "SIM")
        assert location["weight"] == Decimal("1.10")

    def test_that_cannot_be_read_is_said_to_be_so(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("partner_simulator", "--locations", tmp_path / "none.json")
