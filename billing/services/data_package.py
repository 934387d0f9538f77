"""All that a partner may take along, as one zip: its records, documents and ledger lines.

Made by a job, from its own rows alone; ``SHA256SUMS`` lets anybody check each file with
``sha256sum -c``. Kept under the files folder for ``KEPT``; made anew whenever somebody asks.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import IO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from django.conf import settings
from django.db.models import Q

from billing.models import Account, Document, DocumentFile
from billing.queries_finance import postings_for
from billing.queries_records import page_of_records
from billing.services.leaving import PACKAGE as KIND
from billing.services.record_lines import COLUMNS, cells_of
from clearinghouse.money import from_minor_units
from clearinghouse.spreadsheet import neutralize
from clearinghouse.whole_files import forget_before, whole_file
from partners.models import (
    Environment,
    Job,
    Partner,
    PartnerFacts,
    PartyOwnership,
    RoamingAgreement,
    User,
)
from partners.services import audit, jobs
from partners.services.jobs import JobCancelled
from roaming.queries import Reader, readable_states, reader_of

KEPT = timedelta(days=90)
_FOLDER = "packages"
_CHUNK = 2_000
_ENVIRONMENT = Environment.LIVE
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
_ENDINGS = {"application/pdf": "pdf", "application/xml": "xml"}
_POSTING = "posted_at event_key kind side account currency amount counter_account reason id".split()
_README = """\
{name}: what the clearing house keeps of you, as of {now:%Y-%m-%d %H:%M} UTC.

records.csv     every record that you sold or bought, with why it was refused where it was
postings.csv    every ledger line on an account of yours; DEBIT raises what you owe
documents.csv   every document with your name on it, and the SHA-256 of each of its files
documents/      those files, byte for byte as they were handed out first
master.json     your legal facts, parties and agreements, each with the time in which it held
SHA256SUMS      check all of it: sha256sum -c SHA256SUMS

CSV files are UTF-8 with ";" between fields, decimal points and instants in UTC.
"""


def newest(partner: Partner) -> Job | None:
    """The job that made the package, or tries to."""
    return Job.objects.filter(kind=KIND, partner=partner).order_by("-created_at", "-id").first()


def newest_made(partner: Partner) -> Job | None:
    """The newest one that was finished."""
    made = Job.objects.filter(kind=KIND, partner=partner, state=Job.State.DONE)
    return made.order_by("-finished_at").first()


def file_of(job: Job) -> Path | None:
    """The package that the job made, while it is kept."""
    path = _folder() / f"{job.pk}.zip"
    return path if job.result_name and path.is_file() else None


def order(partner: Partner, *, requested_by: User | None = None) -> Job:
    """Queue the job, unless one is at it."""
    last = newest(partner)
    if last is not None and last.state in _UNFINISHED:
        return last
    number = Job.objects.filter(kind=KIND, partner=partner).count() + 1
    return jobs.enqueue(
        KIND,
        run_key=f"{KIND}:{partner.pk}:{number}",
        title=f"Data package of {partner.name}",
        parameters={"partner_id": str(partner.pk)},
        requested_by=requested_by,
        partner=partner,
    )


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Write the zip whole or not at all."""
    with jobs.failure_told(job, clock=clock):
        partner = Partner.objects.get(pk=job.parameters["partner_id"])
        folder = _folder()
        forget_before(folder, clock() - KEPT)
        try:
            with whole_file(folder / f"{job.pk}.zip") as target:
                sums = _write(target, partner, job, clock)
        except JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
            return
        now = clock()
        audit.record("partner.package_made", partner, actor=_by(job), at=now, after=sums)
        jobs.finish(
            job,
            state=Job.State.DONE,
            now=now,
            result=sums,
            result_name=f"{_FOLDER}/{job.pk}.zip",
        )


def _write(
    target: IO[bytes], partner: Partner, job: Job, clock: Callable[[], datetime]
) -> dict[str, object]:
    """Fill the zip; how much of what is in it."""
    now = clock()
    reader = _own_reader(partner, now=now)
    states = readable_states(reader)
    total = states.count() + _documents(partner).count()
    done = 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        jobs.report(job, done=min(done, total), total=total, now=clock())

    with ZipFile(target, "w", ZIP_DEFLATED) as package:
        files = _Files(package)
        files.add("README.txt", _README.format(name=partner.name, now=now.astimezone(UTC)))
        records = files.table("records.csv", COLUMNS, _records(states, reader, told))
        postings = files.table("postings.csv", _POSTING, _postings(partner))
        # Their files are written before the table of them: a zip takes one file at a time.
        listed = list(_with_files(partner, files, told))
        documents = files.table(
            "documents.csv", ["number", "kind", "issued_at", "file", "sha256"], listed
        )
        files.add("master.json", json.dumps(_master(partner), indent=1, ensure_ascii=False))
        files.add("SHA256SUMS", files.sums())
    return {"records": records, "postings": postings, "files": documents}


def _own_reader(partner: Partner, *, now: datetime) -> Reader:
    """Without the parties that others let it read: those records are not its own."""
    owned = PartyOwnership.objects.filter(partner=partner).values_list("party", flat=True)
    reader = reader_of(partner, environment=_ENVIRONMENT, now=now)
    return replace(reader, party_ids=reader.party_ids & frozenset(owned))


class _Files:
    """Files of the zip, each hashed as it is written."""

    def __init__(self, package: ZipFile) -> None:
        self._package = package
        self._sums: list[tuple[str, str]] = []

    def add(self, name: str, content: str | bytes, *, is_packed: bool = False) -> None:
        data = content.encode() if isinstance(content, str) else content
        self._package.writestr(name, data, ZIP_STORED if is_packed else ZIP_DEFLATED)
        self._sums.append((hashlib.sha256(data).hexdigest(), name))

    def table(self, name: str, columns: list[str], rows: Iterable[list[str]]) -> int:
        """A CSV, written row by row: it may be large. How many rows it has."""
        digest, count = hashlib.sha256(), 0
        with self._package.open(name, "w", force_zip64=True) as target:
            for row in chain([columns], rows):
                text = io.StringIO(newline="")
                csv.writer(text, delimiter=";", lineterminator="\r\n").writerow(row)
                data = text.getvalue().encode()
                digest.update(data)
                target.write(data)
                count += 1
        self._sums.append((digest.hexdigest(), name))
        return count - 1

    def sums(self) -> str:
        return "".join(f"{digest}  {name}\n" for digest, name in sorted(self._sums, key=_second))


def _second(pair: tuple[str, str]) -> str:
    return pair[1]


def _records(states, reader, told: Callable[[int], None]) -> Iterator[list[str]]:
    before: UUID | None = None
    while True:
        page = page_of_records(states, reader=reader, size=_CHUNK, before=before)
        yield from (cells_of(line) for line in page.lines)
        told(len(page.lines))
        before = page.older
        if before is None:
            return


def _postings(partner: Partner) -> Iterator[list[str]]:
    """Its own side of each transfer; of the other side the account's code alone."""
    own = set(
        Account.objects.filter(partner=partner, environment=_ENVIRONMENT).values_list(
            "pk", flat=True
        )
    )
    for row in postings_for(partner, environment=_ENVIRONMENT).iterator(_CHUNK):
        for side, mine, other in (
            ("DEBIT", row.debit_account, row.credit_account),
            ("CREDIT", row.credit_account, row.debit_account),
        ):
            if mine.pk in own:
                yield [
                    row.posted_at.astimezone(UTC).isoformat(timespec="seconds"),
                    row.event_key,
                    row.kind,
                    side,
                    mine.code,
                    row.currency,
                    str(from_minor_units(row.amount_minor, currency=row.currency)),
                    other.code,
                    neutralize(row.reason),
                    str(row.pk),
                ]


def _documents(partner: Partner):
    """Its statements, letters and confirmations, and every invoice that it sold or bought by."""
    bought = Q(invoice__buyer=partner)
    return (
        Document.objects.filter(Q(partner=partner) | bought, environment=_ENVIRONMENT)
        .defer("content")
        .order_by("number")
        .distinct()
    )


def _with_files(
    partner: Partner, files: _Files, told: Callable[[int], None]
) -> Iterator[list[str]]:
    for document in _documents(partner).iterator(100):
        head = [document.number, document.kind, document.issued_at.astimezone(UTC).isoformat()]
        stored = list(DocumentFile.objects.filter(document=document).order_by("media_type"))
        for file in stored:
            name = f"documents/{document.number}.{_ENDINGS.get(file.media_type, 'bin')}"
            files.add(name, bytes(file.content), is_packed=file.media_type == "application/pdf")
            yield [*head, name, file.sha256]
        if not stored:
            yield [*head, "", ""]
        told(1)


def _master(partner: Partner) -> dict[str, object]:
    owned = PartyOwnership.objects.filter(partner=partner).select_related("party")
    mine = owned.values("party")
    agreements = RoamingAgreement.objects.filter(
        Q(seller__in=mine) | Q(buyer__in=mine), in_force_at__isnull=False
    ).select_related("seller", "buyer")
    return {
        "partner": partner.name,
        "legal_facts": [
            {
                "legal_name": one.legal_name,
                "street": one.street,
                "postal_code": one.postal_code,
                "city": one.city,
                "country_code": one.country_code,
                "vat_number": one.vat_number,
                **_period(one),
            }
            for one in PartnerFacts.objects.filter(partner=partner).order_by("starts_at")
        ],
        "parties": [
            {"code": one.party.code, "role": one.party.role, **_period(one)}
            for one in owned.order_by("party__country_code", "party__party_id", "starts_at")
        ],
        "agreements": [
            {
                "number": one.number,
                "version": one.version,
                "seller": one.seller.code,
                "buyer": one.buyer.code,
                "currency": one.currency,
                "commission_rate": str(one.commission_rate),
                **_period(one),
            }
            for one in agreements.order_by("number", "version")
        ],
    }


def _period(row) -> dict[str, str | None]:
    ends_at = row.ends_at
    return {
        "starts_at": row.starts_at.isoformat(),
        "ends_at": ends_at.isoformat() if ends_at else None,
    }


def _by(job: Job) -> str:
    return job.requested_by.get_username() if job.requested_by else "clock"


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / _FOLDER
