"""An uploaded file as a job: what is told when somebody stops it."""

import gzip
from pathlib import Path

import pytest

from partners.models import Job
from partners.services import jobs
from roaming.services import import_job, intake
from tests.makers import NOON

pytestmark = pytest.mark.django_db

PROFILE = """
title = "Two columns too few to be useful"
file = { time_zone = "UTC" }
seller = { party = "DE*NLX", name = "Nordlicht" }
counterparties = [{ party = "FR*VOL", name = "Voltaire" }]
texts = { sdr_id = "id" }
times = { started_at = { columns = ["start"], formats = ["%Y-%m-%d"] } }
numbers = { energy_kwh = { column = "kwh" } }
agreement = { starts_on = 2020-01-01, currency = "EUR", group = { name = "EUR monthly" } }
"""


@pytest.fixture
def job(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(intake, "CHUNK_RECORDS", 2)
    settings.MEDIA_ROOT = tmp_path
    profile = tmp_path / "own.toml"
    profile.write_text(PROFILE)
    lines = ["id,start,kwh", *(f"R-{n},2026-11-01,1" for n in range(6))]
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    queued = jobs.enqueue(
        import_job.KIND,
        run_key="one",
        title="upload",
        parameters={"profile": str(profile), "create_parties": True},
        input_name="in.csv.gz",
    )
    return jobs.claim(queued.pk, now=NOON)


def test_a_finished_job_hands_out_a_line_per_record(job, tmp_path):
    import_job.run(job, clock=lambda: NOON)

    done = Job.objects.get(pk=job.pk)
    lines = (tmp_path / done.result_name).read_text().splitlines()
    assert (done.state, done.done, done.total) == ("DONE", 6, 6)
    assert len(lines) == 1 + 6


def test_a_cancelled_job_hands_out_what_it_stored(job, tmp_path):
    ticks = iter(range(100))

    def clock():
        # The second look at the clock is that of the first report: somebody presses cancel.
        if next(ticks) == 2:
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return NOON

    import_job.run(job, clock=clock)

    done = Job.objects.get(pk=job.pk)
    lines = (tmp_path / done.result_name).read_text().splitlines()
    assert done.state == "CANCELLED"
    assert len(lines) == 1 + done.result["received"] == 1 + 2
    assert not list(Path(tmp_path).rglob("*.part"))
