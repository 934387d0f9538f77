"""An uploaded file as a job: progress while it runs, a result file at its end."""

import csv
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings

from clearinghouse.spreadsheet import neutralize
from partners.models import Job
from partners.services import jobs
from roaming.intake.csv_file import UnreadableFile, count_rows
from roaming.intake.profile import Profile, UnusableProfile, load_profile
from roaming.messages import SdrOutcome
from roaming.models import IntakeBatch, Sdr
from roaming.services.file_import import (
    ImportCounts,
    ImportOrder,
    NumberRefused,
    count,
    import_file,
)
from roaming.services.profile_contradictions import contradictions
from roaming.services.profile_setup import PartiesMissing, seller_of, set_up

KIND = "roaming.import_file"
_COLUMNS = (
    "index",
    "sdr_id",
    "outcome",
    "codes",
    "messages",
    "attempt",
    "record_id",
    "what_to_do",
)
_TOLD_TO_THE_USER = (
    UnusableProfile,
    UnreadableFile,
    PartiesMissing,
    NumberRefused,
    FileNotFoundError,
)


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job. ``parameters``: profile (name or path), create_parties, file_name and
    sequence, the sender's own number of the file.
    """
    counts = ImportCounts()
    with jobs.failure_told(job, clock=clock):
        try:
            result_name = _run(job, counts, clock)
        except jobs.JobCancelled:
            jobs.finish(
                job,
                state=Job.State.CANCELLED,
                now=clock(),
                result=counts.as_json(),
                result_name=_keep_result(job),
            )
        except _TOLD_TO_THE_USER as error:
            jobs.finish(
                job, state=Job.State.FAILED, now=clock(), error=str(error), result=counts.as_json()
            )
        else:
            jobs.finish(
                job,
                state=Job.State.DONE,
                now=clock(),
                result=counts.as_json() | _left_as_it_is(job, now=clock()),
                result_name=result_name,
            )


def _run(job: Job, counts: ImportCounts, clock: Callable[[], datetime]) -> str:
    path = Path(settings.MEDIA_ROOT) / job.input_name
    profile = load_profile(job.parameters["profile"])
    total = count_rows(path, profile)
    jobs.report(job, done=0, total=total, now=clock())
    order = _order(job, path, profile, now=clock())
    earlier = _batches_of_earlier_tries(job)
    part_path = _result_path(job).with_suffix(".part")
    part_path.parent.mkdir(parents=True, exist_ok=True)
    with part_path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(_COLUMNS)
        for outcomes in import_file(order):
            told = _as_first_told(outcomes, earlier)
            count(told, counts)
            writer.writerows(map(_row, told))
            jobs.report(job, done=counts.received, total=max(total, counts.received), now=clock())
    return _keep_result(job)


def _result_path(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "results" / f"{job.pk}.csv"


def _keep_result(job: Job) -> str:
    """Give out what was written, all of it or as far as the job came; "" where it wrote nothing."""
    path = _result_path(job)
    part_path = path.with_suffix(".part")
    if not part_path.exists():
        return ""
    os.replace(part_path, path)
    return f"results/{path.name}"


def _order(job: Job, path: Path, profile: Profile, *, now: datetime) -> ImportOrder:
    actor = job.requested_by.get_username() if job.requested_by else "import job"
    if job.parameters.get("create_parties"):
        sender = set_up(profile, actor=actor, now=now)
    else:
        sender = seller_of(profile, now=now)
    return ImportOrder(
        path=path,
        profile=profile,
        profile_name=str(job.parameters["profile"])[-100:],
        sender=sender,
        door=IntakeBatch.Door.ADMIN,
        actor=actor,
        received_at=now,
        file_name=str(job.parameters.get("file_name", path.name)),
        user=job.requested_by,
        job=job,
        sequence=job.parameters.get("sequence"),
    )


def _left_as_it_is(job: Job, *, now: datetime) -> dict[str, object]:
    """Where the profile contradicts what stands; nothing where it was not to set anything up."""
    if not job.parameters.get("create_parties"):
        return {}
    found = contradictions(load_profile(job.parameters["profile"]), now=now)
    return {"left as it is": found} if found else {}


def _batches_of_earlier_tries(job: Job) -> list:
    return list(IntakeBatch.objects.filter(job=job).values_list("id", flat=True))


def _as_first_told(outcomes: list[SdrOutcome], earlier: list) -> Iterable[SdrOutcome]:
    """A record that an earlier, killed try of this job stored is told as that try would have."""
    repeated = [one.record_id for one in outcomes if one.outcome == "duplicate"]
    if not earlier or not repeated:
        return outcomes
    ours = {
        str(record_id)
        for record_id in Sdr.objects.filter(id__in=repeated, batch_id__in=earlier).values_list(
            "id", flat=True
        )
    }
    return [_unrepeated(one) if one.record_id in ours else one for one in outcomes]


def _unrepeated(outcome: SdrOutcome) -> SdrOutcome:
    held = any(finding.severity == "HOLD" for finding in outcome.findings)
    return SdrOutcome(
        index=outcome.index,
        sdr_id=outcome.sdr_id,
        outcome="held" if held else "accepted",
        codes=outcome.codes,
        record_id=outcome.record_id,
        attempt=outcome.attempt,
        findings=outcome.findings,
        state=outcome.state,
        is_new=True,
    )


def _row(outcome: SdrOutcome) -> list[object]:
    return [
        outcome.index,
        neutralize(outcome.sdr_id),
        outcome.outcome,
        " ".join(outcome.codes),
        neutralize(" | ".join(finding.message for finding in outcome.findings)),
        outcome.attempt,
        outcome.record_id,
        neutralize(" | ".join(dict.fromkeys(finding.remedy for finding in outcome.findings))),
    ]
