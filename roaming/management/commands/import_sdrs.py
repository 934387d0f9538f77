"""``manage.py import_sdrs FILE --profile NAME_OR_PATH``: a file of records through the intake."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from roaming.intake.csv_file import UnreadableFile, count_rows
from roaming.intake.profile import UnusableProfile, load_profile
from roaming.models import IntakeBatch
from roaming.services.file_import import (
    ImportCounts,
    ImportOrder,
    NumberRefused,
    count,
    import_file,
)
from roaming.services.profile_contradictions import contradictions
from roaming.services.profile_setup import PartiesMissing, seller_of, set_up

ACTOR = "command line"
_TOLD = (UnusableProfile, UnreadableFile, PartiesMissing, NumberRefused, FileNotFoundError)


class Command(BaseCommand):
    help = "Import service detail records from a CSV (optionally gzip) described by a profile."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--profile", required=True, help="a known name, or a TOML file's path")
        parser.add_argument(
            "--create-parties",
            action="store_true",
            help="set up what the profile declares and is missing",
        )
        parser.add_argument("--sequence", type=int, help="the sender's own number of the file")
        parser.add_argument("--json", action="store_true", help="print one JSON object of counts")

    def handle(self, *, file: Path, profile: str, create_parties: bool, **options):
        if (sequence := options["sequence"]) is not None and sequence < 1:
            raise CommandError("--sequence counts from 1", returncode=2)
        try:
            counts = _import(file, profile, create_parties=create_parties, sequence=sequence)
        except _TOLD as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(counts.as_json(), ensure_ascii=False))
        else:
            self.stdout.write(_in_words(counts))


def _import(
    file: Path, profile_name: str, *, create_parties: bool, sequence: int | None
) -> ImportCounts:
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    profile = load_profile(profile_name)
    now = timezone.now()
    total = count_rows(file, profile)
    sender = (
        set_up(profile, actor=ACTOR, now=now) if create_parties else seller_of(profile, now=now)
    )
    for what, told in (contradictions(profile, now=now) if create_parties else {}).items():
        print(f"Left as it is: {what} {told}", file=sys.stderr)
    order = ImportOrder(
        path=file,
        profile=profile,
        profile_name=profile_name[-100:],
        sender=sender,
        door=IntakeBatch.Door.COMMAND,
        actor=ACTOR,
        received_at=now,
        sequence=sequence,
    )
    counts = ImportCounts()
    with _progress() as progress:
        task = progress.add_task(file.name, total=total)
        for outcomes in import_file(order):
            count(outcomes, counts)
            progress.update(task, completed=counts.received)
    return counts


def _progress() -> Progress:
    """A bar on standard error, so that standard output holds the answer alone."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
    )


def _in_words(counts: ImportCounts) -> str:
    lines = [
        f"{counts.received} received: {counts.accepted} accepted, {counts.held} held,"
        f" {counts.rejected} rejected, {counts.duplicates} duplicates"
    ]
    lines += [f"  {code}: {number}" for code, number in sorted(counts.codes.items())]
    return "\n".join(lines)
