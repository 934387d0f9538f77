"""A registry's CSV as a job: a trial first, then for good; what it cures is checked again."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from partners.models import Job, Party
from partners.queries import current_owner
from partners.services import row_job
from roaming.services import holds, registries
from roaming.services.registries import RowResult, Sender
from roaming.services.registry_rows import REGISTRIES, as_row

KIND = "roaming.import_registry"
COLUMNS = ("outcome", "row", "what", "problem", "what_to_do")
_LARGEST_CHUNK = 500


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job. ``parameters``: kind, party (id), is_trial, page (which applies it)."""
    see = None
    if job.parameters["is_trial"]:
        page = str(job.parameters["page"])
        see = {"label": "See the preview and apply it…", "page": page, "id": str(job.pk)}
    row_job.run(job, lambda job: _plan(job, clock), clock=clock, see=see)


def _plan(job: Job, clock: Callable[[], datetime]) -> row_job.Plan:
    rows = row_job.rows_of(Path(settings.MEDIA_ROOT) / job.input_name, wanted=())
    party = Party.objects.get(pk=job.parameters["party"])
    owner = current_owner(party, at=clock())
    if owner is None:
        raise row_job.UnreadableRows(f"party {party.code} has no owner now")
    sender = Sender(
        partner=owner, environment=party.environment, now=clock(), party_code=party.code
    )
    kind, is_trial = str(job.parameters["kind"]), bool(job.parameters["is_trial"])
    chunks = _chunks(kind, rows, sender, is_trial=is_trial)
    return row_job.Plan(columns=COLUMNS, total=len(rows), chunks=chunks)


def _chunks(
    kind: str, rows: Sequence[dict[str, str]], sender: Sender, *, is_trial: bool
) -> Iterator[list[row_job.Cells]]:
    for first in range(0, len(rows), _LARGEST_CHUNK):
        chunk = rows[first : first + _LARGEST_CHUNK]
        results = _upsert(kind, chunk, sender, is_trial=is_trial)
        yield [
            _cells(kind, row, result, number)
            for number, (row, result) in enumerate(zip(chunk, results, strict=True), first + 2)
        ]
    if not is_trial:
        holds.heal(actor="registry import", now=sender.now, party_ids=registries.parties_of(sender))


def _upsert(
    kind: str, rows: Sequence[dict[str, str]], sender: Sender, *, is_trial: bool
) -> list[RowResult]:
    with transaction.atomic():
        results = registries.upsert(kind, map(as_row, rows), sender=sender)
        transaction.set_rollback(is_trial)
    return results


def _cells(kind: str, row: dict[str, str], result: RowResult, number: int) -> row_job.Cells:
    """``number`` is the line that a spreadsheet shows. A contract id is not told again."""
    registry = REGISTRIES[kind]
    names = [name for name in registry.same if name != "contract_hash"]
    names += ["starts_at"] if registry.has_period else []
    return (
        result.outcome,
        str(number),
        " ".join(row[name] for name in names if row.get(name)),
        " | ".join(f"{fault.field or 'row'}: {fault.message}" for fault in result.errors),
        " | ".join(fault.remedy for fault in result.errors),
    )
