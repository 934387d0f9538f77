"""An import that is killed midway and started again ends with the totals of one that was not."""

import csv
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.own_house import OwnHouse, kill, own_house, wait_until

pytestmark = pytest.mark.long

ROWS = 15_000  # three chunks
PROFILE = """
title = "Generated sessions"

[file]
time_zone = "Europe/Berlin"

[seller]
party = "DE*NLX"
name = "Nordlicht"

[texts]
sdr_id = "Id"
service_session_id = "Session"
contract_id = "Contract"
evse_id = "Evse"

[constants]
currency = "EUR"

[times.started_at]
columns = ["Start"]
formats = ["%Y-%m-%d %H:%M:%S"]

[times.ended_at]
after = "started_at"
plus_seconds_column = "Seconds"

[numbers.energy_kwh]
column = "Wh"
divide_by = 1000

[numbers.total_amount]
column = "Amount"

[[items]]
kind = "ENERGY"
column = "Amount"
quantity = "energy_kwh"

[[counterparties]]
column = "Driver of"
value = "Voltaire"
party = "FR*VOL"
name = "Voltaire"

[[counterparties]]
column = "Driver of"
value = "Fjell"
party = "NO*FJL"
name = "Fjell"

[agreement]
starts_on = 2020-01-01
currency = "EUR"
commission_rate = "0.01"
acceptance = "ON_VALIDATION"
warn_after_days = "never"
refuse_after_days = "never"

[agreement.group]
name = "EUR monthly"
time_zone = "Europe/Berlin"
"""
# What is stored, without the ids and instants of the one run or the other.
PICTURE = {
    "records": """
        SELECT d.sdr_id, d.attempt, s.state, d.payload_sha256, d.claim_amount, d.pseudonym <> ''
          FROM roaming_sdr AS d JOIN roaming_sdrstate AS s USING (id) ORDER BY 1, 2""",
    "keys": "SELECT sdr_id, payload_sha256 FROM roaming_sdrkey ORDER BY 1",
    "sessions": "SELECT session_id, split_no FROM roaming_sessionkey ORDER BY 1, 2",
    "findings": "SELECT code, count(*) FROM roaming_finding GROUP BY 1 ORDER BY 1",
    "events": "SELECT path, count(*) FROM roaming_sdrevent GROUP BY 1 ORDER BY 1",
    # Pseudonyms are keyed by the CSP's id, which differs from house to house.
    "identities": "SELECT count(*), count(DISTINCT pseudonym) FROM roaming_contractidentity",
    "raw records": "SELECT sha256 FROM roaming_rawrecord ORDER BY 1",
    "new in tallies": "SELECT sum(new), sum(new_claim_amount) FROM roaming_intaketally",
    "deliveries": """
        SELECT p.country_code, count(*), min(sequence), max(sequence), count(DISTINCT sequence)
          FROM roaming_delivery AS d JOIN partners_party AS p ON p.id = d.receiver_id
         GROUP BY 1 ORDER BY 1""",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("generated")
    profile, sessions = folder / "generated.toml", folder / "sessions.csv"
    profile.write_text(PROFILE, encoding="utf-8")
    with sessions.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*"Id Session Contract Evse Start Seconds Wh Amount".split(), "Driver of"])
        writer.writerows(_row(number) for number in range(ROWS))
    return sessions, profile


def _row(number: int) -> list[object]:
    """Every 50th has no driver's provider (held), every 70th negative energy (rejected)."""
    driver_of = "" if number % 50 == 0 else ("Voltaire", "Fjell")[number % 2]
    wh = -1 if number % 70 == 0 else 18_400
    start = f"2026-09-{number % 28 + 1:02d} {number % 24:02d}:{number % 60:02d}:00"
    return [
        f"N-{number:05d}",
        f"S-{number:05d}",
        f"{('FR-VOL', 'NO-FJL')[number % 2]}-C{number % 997:08d}",
        f"DE*NLX*E{number:05d}*1",
        start,
        3600,
        wh,
        f"{number % 40}.{number % 100:02d}",
        driver_of,
    ]


@pytest.fixture(scope="module")
def unkilled(files) -> tuple[dict, dict]:
    """The counts and the picture of an import that nobody disturbed."""
    with own_house() as house:
        counts = json.loads(house.manage(*import_command(files)))
        return counts, picture_of(house)


def import_command(files: tuple[Path, Path]) -> list[str]:
    sessions, profile = files
    return [
        "import_sdrs", str(sessions), "--profile", str(profile), "--create-parties", "--json",
    ]  # fmt: skip


def picture_of(house: OwnHouse) -> dict[str, list[tuple]]:
    return {name: house.ask(question) for name, question in PICTURE.items()}


def committed_chunks(house: OwnHouse) -> int:
    """A chunk in one currency leaves one tally."""
    [(tallies,)] = house.ask("SELECT count(*) FROM roaming_intaketally")
    return tallies


@contextmanager
def stopped_before_the_last_chunk(house: OwnHouse) -> Iterator[int]:
    """Wait for the first commit, then let no further chunk commit; how many did."""

    def has_committed() -> bool:
        try:
            return committed_chunks(house) > 0
        except psycopg.errors.UndefinedTable:
            return False  # migrations are still running

    wait_until(has_committed, "the first chunk is committed", seconds=120)
    with house.connect() as connection, connection.transaction():
        # Queues behind the chunk that is being written; the next one queues behind us.
        connection.execute("LOCK TABLE roaming_sdrkey IN SHARE MODE")
        yield committed_chunks(house)


class TestImportCommand:
    def test_killed_midway_and_started_again_stores_the_same_once(self, files, unkilled):
        counts, picture = unkilled
        with own_house() as house:
            process = house.start(
                "manage.py",
                *import_command(files),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            with stopped_before_the_last_chunk(house) as chunks:
                kill(process)
            assert chunks in (1, 2)

            again = json.loads(house.manage(*import_command(files)))

            assert picture_of(house) == picture
        # What was stored before the kill is repeated by the second start: rejected ones are
        # rejected again, live ones are duplicates.
        assert again["received"] == counts["received"] == ROWS
        assert again["duplicates"] > 0
        assert again["rejected"] == counts["rejected"] > 0
        live = again["accepted"] + again["held"] + again["duplicates"]
        assert live == counts["accepted"] + counts["held"]


QUEUE_JOB = """
import json, shutil, sys
from pathlib import Path
from django.conf import settings
from partners.services import jobs
from roaming.services.import_job import KIND

sessions, profile = sys.argv[1:]
folder = Path(settings.MEDIA_ROOT) / "uploads"
folder.mkdir(parents=True)
shutil.copy(sessions, folder / "sessions.csv")
job = jobs.enqueue(
    KIND,
    run_key="import:once",
    title="Import",
    parameters={"profile": profile, "create_parties": True, "file_name": "sessions.csv"},
    input_name="uploads/sessions.csv",
)
print(job.pk)
"""
CLOCK_TICKS = """
from clearinghouse.celery import app
app.send_task("partners.run_queued_jobs")
"""
# Two minutes without a sign of life, without waiting for them.
TIME_PASSES = "UPDATE partners_job SET heartbeat_at = heartbeat_at - interval '2 minutes'"


class TestImportJob:
    def test_of_a_killed_worker_is_finished_by_another(self, files, unkilled):
        counts, picture = unkilled
        with own_house() as house:
            house.manage("migrate")
            job_id = run_script(house, QUEUE_JOB, *map(str, files)).strip()
            with worker(house) as killed:
                run_script(house, CLOCK_TICKS)
                with stopped_before_the_last_chunk(house) as chunks:
                    kill(killed)
            assert chunks in (1, 2)
            assert state_of_job(house) == "RUNNING"

            house.connect().execute(TIME_PASSES)
            with worker(house):
                run_script(house, CLOCK_TICKS)
                wait_until(
                    lambda: state_of_job(house) != "RUNNING", "the job has ended", seconds=120
                )

            [(state, done, result)] = house.ask("SELECT state, done, result FROM partners_job")
            assert (state, done) == ("DONE", ROWS)
            # The user is told what the job did, not what its second half did.
            assert result == counts
            assert picture_of(house) == picture
            told = (house.var / "files" / "results" / f"{job_id}.csv").read_text("utf-8")
            rows = list(csv.DictReader(told.splitlines(), delimiter=";"))
            assert [row["sdr_id"] for row in rows] == [f"N-{n:05d}" for n in range(ROWS)]
            assert {row["outcome"] for row in rows} == {"accepted", "held", "rejected"}


def run_script(house: OwnHouse, script: str, *arguments: str) -> str:
    return house.run("-c", f"import django; django.setup()\n{script}", *arguments)


def state_of_job(house: OwnHouse) -> str:
    [(state,)] = house.ask("SELECT state FROM partners_job")
    return state


@contextmanager
def worker(house: OwnHouse) -> Iterator[subprocess.Popen[str]]:
    process = house.start(
        *"-m celery -A clearinghouse.celery worker --concurrency 1 --loglevel WARNING".split(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)
