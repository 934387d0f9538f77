"""100,000 records as a file by a real worker: memory stays flat, and stopped leaves nothing."""

from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from partners.models import Job
from partners.services import jobs
from tests.clearinghouse.many_records import a_large_house
from tests.own_house import wait_until
from tests.own_worker import own_worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

RECORDS = 100_000
FEW = 3_000
# What a worker may grow from a file of 3,000 rows to one of 100,000: buffers, no rows.
MOST_GROWTH_MB = 48
FORMS = ("csv", "xlsx", "parquet")


@pytest.fixture
def worker(tmp_path):
    with own_worker(tmp_path / "worker.log") as process:
        yield process
    for path in Path(settings.MEDIA_ROOT, "exports").glob("*"):
        path.unlink()


@pytest.fixture
def staff(client):
    house = a_large_house(RECORDS, held=FEW)
    client.force_login(house.staff)
    return client


def ordered(client, form: str, query: str = "") -> Job:
    url = f"{reverse('admin:roaming_sdr_export')}?{query}"
    answer = client.post(url, {"form": form, "nonce": uuid4().hex})
    return Job.objects.get(pk=answer.url.rstrip("/").split("/")[-2])


def has_ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.finished_at is not None


def made(client, form: str, query: str = "") -> Job:
    job = ordered(client, form, query)
    wait_until(lambda: has_ended(job), f"the {form} of {query or 'all'}", seconds=300)
    assert job.state == "DONE", job.error
    return job


def peak_mb(process) -> int:
    """The most memory that the process ever had."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def files_of(job: Job) -> list[str]:
    return [path.name for path in Path(settings.MEDIA_ROOT, "exports").glob(f"{job.pk}*")]


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_rows(staff, worker):
    small = {form: made(staff, form, "state=HELD") for form in FORMS}
    before = peak_mb(worker)

    large = {form: made(staff, form, "state=ACCEPTED") for form in FORMS}

    grown = peak_mb(worker) - before
    assert {form: job.result["rows"] for form, job in small.items()} == dict.fromkeys(
        FORMS, FEW + 1
    )
    counts = {form: job.result["rows"] for form, job in large.items()}
    assert counts == dict.fromkeys(FORMS, RECORDS + 8)
    table = pq.read_table(Path(settings.MEDIA_ROOT, large["parquet"].result_name))
    assert len(set(table.column("id").to_pylist())) == RECORDS + 8
    assert grown < MOST_GROWTH_MB


def test_a_stopped_one_leaves_nothing(staff, worker):
    job = ordered(staff, "xlsx", "state=ACCEPTED")

    def has_begun() -> bool:
        job.refresh_from_db()
        return 0 < job.done < RECORDS

    wait_until(has_begun, "some rows are written")
    assert files_of(job)
    assert job.total == RECORDS + 8

    jobs.request_cancel(job, now=timezone.now())

    wait_until(lambda: has_ended(job), "it stops")
    assert (job.state, job.result_name) == ("CANCELLED", "")
    assert job.done < RECORDS
    assert files_of(job) == []
