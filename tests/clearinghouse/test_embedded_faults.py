"""The embedded servers when processes die at the wrong moment."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from clearinghouse.embedded import processes, valkey
from clearinghouse.embedded.home import NOBODY, Home, find_home
from tests.clearinghouse.embedded_starter import ROOT, Starter

pytestmark = pytest.mark.long
SERVER_UID = NOBODY if os.geteuid() == 0 else None


@pytest.fixture
def home(var, monkeypatch) -> Home:
    monkeypatch.setenv("CLEARINGHOUSE_VAR", str(var))
    return find_home()


def postmasters(home: Home) -> list[int]:
    """Backends are named alike; the postmaster is in the pid file and alive."""
    first_line = (home.data / "postmaster.pid").read_text().split("\n", 1)[0]
    return [
        pid for pid in processes.servers_in(home, home.data, "postgres") if str(pid) == first_line
    ]


def valkeys(home: Home) -> list[int]:
    return processes.servers_in(home, home.folder, "valkey-server")


def kill(pid: int) -> None:
    name = Path(f"/proc/{pid}/comm").read_text().strip()
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while processes.runs(pid, name) and time.monotonic() < deadline:
        time.sleep(0.01)


class TestStarter:
    def test_killed_leaves_servers_that_the_next_one_uses_and_stops(self, home, var):
        killed = Starter(var)
        killed.connect().execute("CREATE TABLE note AS SELECT 'kept' AS text")
        server = postmasters(home)
        killed.kill()

        with Starter(var) as heir:
            found = heir.connect().execute("SELECT text FROM note").fetchone()
            assert postmasters(home) == server

        assert found == ("kept",)
        assert not (home.data / "postmaster.pid").exists()
        assert not valkeys(home)

    def test_killed_in_initdb_leaves_nothing_in_the_way(self, home, var):
        killed = Starter(var)
        while not list(home.folder.glob("postgres.init/base")):
            time.sleep(0.002)
        killed.kill()

        with Starter(var) as heir:
            assert heir.connect().execute("SELECT 1").fetchone() == (1,)

    def test_four_at_once_share_one_pair_of_servers(self, home, var):
        starters = [Starter(var) for _ in range(4)]

        addresses = [starter.services for starter in starters]

        assert addresses == [addresses[0]] * 4
        assert len(postmasters(home)) == len(valkeys(home)) == 1
        for starter in starters[:3]:
            starter.leave()
        assert starters[3].connect().execute("SELECT 1").fetchone() == (1,)
        starters[3].leave()
        assert not valkeys(home)

    def test_forked_child_keeps_the_servers_after_its_parent(self, home, var):
        parent = Starter(var, "fork")
        assert parent.services
        assert parent.process.wait(timeout=30) == 0

        assert parent.connect().execute("SELECT 1").fetchone() == (1,)
        parent.process.stdin.close()

        deadline = time.monotonic() + 20
        while valkeys(home) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not valkeys(home)
        assert not (home.data / "postmaster.pid").exists()


class TestKilledPostgres:
    def test_comes_back_with_its_data_though_a_backend_is_busy(self, home, var):
        with Starter(var) as starter:
            starter.connect().execute("CREATE TABLE note AS SELECT 'kept' AS text")
            busy = starter.connect()
            thread = threading.Thread(target=_work_for_ever, args=(busy,))
            thread.start()
            time.sleep(0.5)
            kill(postmasters(home)[0])

            with Starter(var) as second:
                assert second.connect().execute("SELECT text FROM note").fetchone() == ("kept",)
            thread.join(timeout=10)
            assert not thread.is_alive()

    @pytest.mark.parametrize("holder", ["a program of the same user", "a zombie"])
    def test_comes_back_though_its_process_id_is_reused(self, home, var, holder):
        with Starter(var) as starter:
            starter.connect().execute("CREATE TABLE note AS SELECT 'kept' AS text")
            pid_file = home.data / "postmaster.pid"
            killed = postmasters(home)[0]
            kill(killed)
            # The zombie is not waited for until the end of the test.
            command = ["sleep", "60"] if holder != "a zombie" else ["true"]
            other = subprocess.Popen(command, **home.as_server())
            time.sleep(0.2)
            pid_file.write_text(pid_file.read_text().replace(str(killed), str(other.pid), 1))

            with Starter(var) as second:
                assert second.connect().execute("SELECT text FROM note").fetchone() == ("kept",)
            other.kill()
            other.wait()

    def test_comes_back_after_a_cleaner_took_its_socket(self, home, var):
        with Starter(var) as starter:
            assert starter.services
            for socket in home.sockets.iterdir():
                socket.unlink()

            with Starter(var) as second:
                assert second.connect().execute("SELECT 1").fetchone() == (1,)
                assert second.valkey().ping()
            assert len(postmasters(home)) == len(valkeys(home)) == 1


class TestKilledValkey:
    def test_comes_back_with_its_data(self, home, var):
        with Starter(var) as starter:
            starter.valkey().set("note", "kept")
            kill(valkeys(home)[0])

            with Starter(var) as second:
                assert second.valkey().get("note") == b"kept"

    def test_gets_no_twin_while_it_reads_its_file(self, home, var):
        with Starter(var) as starter:
            pipeline = starter.valkey().pipeline()
            for number in range(300_000):
                pipeline.set(f"key {number}", "x" * 300)
            pipeline.execute()
            kill(valkeys(home)[0])

            with Starter(var) as second, Starter(var) as third:
                assert third.valkey().dbsize() == second.valkey().dbsize() == 300_000
                assert len(valkeys(home)) == 1


class TestSlowValkey:
    def test_is_given_time_to_make_its_socket(self, home):
        slow = home.folder / "slow" / "valkey-server"
        slow.parent.mkdir()
        slow.write_text(f'#!/bin/sh\nsleep 1\nexec "{home.valkey_server}" "$@"\n')
        slow.chmod(0o755)
        slow.parent.chmod(0o755)

        started_at = time.monotonic()
        valkey.ensure(replace(home, valkey_server=slow))

        assert 1 < time.monotonic() - started_at < 5
        assert len(valkeys(home)) == 1
        valkey.stop(home)


class TestPlaces:
    def test_may_be_long_and_hold_blanks_and_quotes(self, tmp_path, var):
        far = tmp_path / "it's a place" / ("long " * 20).strip() / "var"

        with Starter(far) as starter:
            assert starter.connect().execute("SELECT 1").fetchone() == (1,)
            assert starter.valkey().ping()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    @pytest.mark.parametrize("depth", [0, 20])
    def test_may_belong_to_an_ordinary_user(self, readable_folder, depth):
        uid = pwd.getpwnam("daemon").pw_uid  # initdb wants a user with a name
        clone = readable_folder / "clone"
        for package in ("clearinghouse", "tests"):
            shutil.copytree(ROOT / package, clone / package)
        os.chown(clone, uid, uid)
        if not _may_run_python(uid):
            pytest.skip("this interpreter lies where other users cannot read")

        place = clone / Path(*["deeper"] * depth) / "var"
        with Starter(place, root=clone, uid=uid) as starter:
            assert starter.connect().execute("SELECT 1").fetchone() == (1,)
            assert starter.valkey().ping()
            assert (place / "embedded" / "postgres").stat().st_uid == uid


def _may_run_python(uid: int) -> bool:
    try:
        return subprocess.run([sys.executable, "-c", ""], user=uid, check=False).returncode == 0
    except PermissionError:
        return False


@pytest.fixture
def readable_folder():
    """A folder that other users may enter; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _work_for_ever(connection: psycopg.Connection) -> None:
    with contextlib.suppress(psycopg.OperationalError):
        connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")
