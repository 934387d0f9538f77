"""Import one file of records: read by its profile, taken in chunk by chunk, counted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from partners.models import Environment, Job, Partner, User
from roaming.intake.csv_file import read_csv
from roaming.intake.profile import Profile
from roaming.messages import SdrOutcome
from roaming.services import sequences
from roaming.services.intake import Opened, Origin, open_batch, take_into


class NumberRefused(Exception):
    """The sender's number of the file cannot be; nothing was imported."""


@dataclass(slots=True)
class ImportCounts:
    """received = accepted + held + rejected + duplicates; ``codes`` counts records per code.

    A conflict counts as rejected. A rejected record sent again is rejected again, not a duplicate.
    """

    received: int = 0
    accepted: int = 0
    held: int = 0
    rejected: int = 0
    duplicates: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: SdrOutcome) -> None:
        self.received += 1
        match outcome.outcome:
            case "accepted":
                self.accepted += 1
            case "held":
                self.held += 1
            case "duplicate":
                self.duplicates += 1
                return
            case _:
                self.rejected += 1
        self.codes.update(outcome.codes)

    def as_json(self) -> dict[str, object]:
        return {
            "received": self.received,
            "accepted": self.accepted,
            "held": self.held,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            "codes": dict(sorted(self.codes.items())),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What to import for whom, and who asked."""

    path: Path
    profile: Profile
    profile_name: str
    sender: Partner
    door: str
    actor: str
    received_at: datetime
    file_name: str = ""
    user: User | None = None
    job: Job | None = None
    sequence: int | None = None


def import_file(order: ImportOrder) -> Iterator[list[SdrOutcome]]:
    """Yield the outcomes of each committed chunk.

    :raises UnreadableFile: the file is not what the profile describes. What was committed stays;
        importing the corrected file again repeats nothing.
    :raises NumberRefused: the file's number was used for another one, or is too far ahead.
    """
    with order.path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    origin = Origin(
        door=order.door,
        actor=order.actor,
        user=order.user,
        job=order.job,
        profile=order.profile_name,
        file_name=(order.file_name or order.path.name)[:255],
        file_sha256=sha256,
        sequence=order.sequence,
    )
    opened = _open(order, origin)
    yield from take_into(opened, read_csv(order.path, order.profile), actor=order.actor)
    if order.sequence is not None:
        sequences.release(opened.batch)


def _open(order: ImportOrder, origin: Origin) -> Opened:
    """A file that was imported before is imported again: that repeats nothing."""
    environment = Environment.LIVE
    if order.sequence is None:
        batch = open_batch(
            sender=order.sender,
            environment=environment,
            origin=origin,
            received_at=order.received_at,
        )
        return Opened(batch)
    try:
        opened = sequences.claim(
            sender=order.sender,
            environment=environment,
            origin=origin,
            received_at=order.received_at,
        )
    except sequences.SequenceReused as error:
        raise NumberRefused(f"number {order.sequence} was used for another batch") from error
    except sequences.SequenceTooFar as error:
        raise NumberRefused(str(error)) from error
    except sequences.StillAtWork as error:
        raise NumberRefused(f"number {order.sequence} is at work: {error}") from error
    return opened if isinstance(opened, Opened) else Opened(opened.batch)


def count(outcomes: Iterable[SdrOutcome], counts: ImportCounts) -> None:
    for outcome in outcomes:
        counts.add(outcome)
