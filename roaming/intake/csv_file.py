"""A sender's CSV, read by its profile into submissions. Nothing is dropped: what cannot be read
is a V001 of its row.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from roaming.intake.profile import Profile, TextColumn, TimeColumns
from roaming.intake.structure import Submission, submission_of
from roaming.messages import InboundItem, InboundSdr
from roaming.rules.findings import Finding

LONGEST_LINE = 1_000_000
# Longer than any session; what int() of 1e999999 would take is out of the question.
_LONGEST_SECONDS = 10**9
_GZIP_MAGIC = b"\x1f\x8b"
_TYPES = {field.name: field.type for field in msgspec.structs.fields(InboundSdr)}
# ``csv.DictReader`` puts None where a row is short, and what is too long under the key None.
Row = dict[str, str]


class UnreadableFile(ValueError):
    """The file as a whole is not what the profile describes; no record was taken."""


def read_csv(path: Path, profile: Profile) -> Iterator[Submission]:
    """Yield one submission per row of a CSV, optionally gzip.

    :raises UnreadableFile: not text, no header, or columns that the profile names are missing or
        there twice.
    """
    with _opened(path, profile) as lines:
        reader = csv.DictReader(lines, delimiter=profile.file.delimiter, strict=False)
        _check_header(list(reader.fieldnames or ()), profile)
        row_reader = _RowReader(profile, ZoneInfo(profile.file.time_zone))
        for row in reader:
            yield row_reader.submission(row)


def read_row(raw: bytes, profile: Profile) -> Submission:
    """Read one row again from the bytes that were kept of it."""
    row = msgspec.json.decode(raw, type=dict[str, str])
    return _RowReader(profile, ZoneInfo(profile.file.time_zone)).submission(row)


def count_rows(path: Path, profile: Profile) -> int:
    """How many records the file holds, for the progress bar.

    :raises UnreadableFile: it cannot be read to its end.
    """
    with _opened(path, profile) as lines:
        return max(0, sum(1 for _ in csv.reader(lines, delimiter=profile.file.delimiter)) - 1)


def _check_header(header: list[str], profile: Profile) -> None:
    columns = profile.columns()
    if missing := columns - set(header):
        raise UnreadableFile(f"the file lacks the columns {', '.join(sorted(missing))}")
    if twice := sorted(column for column in columns if header.count(column) > 1):
        raise UnreadableFile(f"the file has the columns {', '.join(twice)} more than once")


@contextmanager
def _opened(path: Path, profile: Profile) -> Iterator[Iterator[str]]:
    """The file's lines; whatever breaks while they are read is told as an unreadable file."""
    lines = _Lines()
    try:
        with _open(path, profile.file.encoding) as text:
            yield lines.of(text)
    except (UnicodeError, csv.Error, EOFError, OSError, zlib.error) as error:
        raise UnreadableFile(f"line {lines.number + 1}: {error}") from error


class _Lines:
    """A file line by line, none longer than a record can be: a small packed file may hold GBs."""

    number = 0

    def of(self, text: TextIO) -> Iterator[str]:
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise UnreadableFile(f"line {self.number + 1} is longer than any record")
            self.number += 1
            yield line


def _open(path: Path, encoding: str) -> TextIO:
    with path.open("rb") as binary:
        is_gzip = binary.read(2) == _GZIP_MAGIC
    if is_gzip:
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


@dataclass(slots=True)
class _RowReader:
    profile: Profile
    zone: ZoneInfo

    def submission(self, row: Row) -> Submission:
        findings = _shape_of(row)
        fields: dict[str, object] = dict(self.profile.constants)
        fields["cso_id"] = self.profile.seller.party
        fields["csp_id"] = self._counterparty(row)
        for name, text in self.profile.texts.items():
            fields[name] = _text(row, text)
        for name, number in self.profile.numbers.items():
            fields[name] = _number(row, name, number.column, number.divide_by, findings)
        local_times: list[datetime] = []
        for name, times in self.profile.times.items():
            fields[name] = self._instant(row, name, times, fields, findings, local_times)
        self._price(row, fields, findings)
        sdr = _checked(fields, findings)
        read = submission_of(msgspec.json.encode(row), sdr, findings)
        return read._replace(local_times=tuple(local_times) or None)

    def _counterparty(self, row: Row) -> str:
        for candidate in self.profile.counterparties:
            if not candidate.column or row.get(candidate.column) == candidate.value:
                return candidate.party
        return ""

    def _instant(
        self,
        row: Row,
        name: str,
        times: TimeColumns,
        fields: dict,
        findings: list[Finding],
        local_times: list[datetime],
    ) -> datetime | None:
        if times.after:
            return _later(row, name, times, fields.get(times.after), findings)
        text = " ".join((row.get(column) or "").strip() for column in times.columns).strip()
        if not text:
            return None
        for layout in times.formats:
            try:
                # The zone comes next, unless the text told its own offset.
                told = datetime.strptime(text, layout)  # noqa: DTZ007
                if told.tzinfo is not None:
                    return told.astimezone(UTC)
                local = told.replace(tzinfo=self.zone)
                instant = local.astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            local_times.append(local)
            return instant
        findings.append(_v001(name, f"{text!r} is in none of the formats {times.formats}"))
        return None

    def _price(self, row: Row, fields: dict, findings: list[Finding]) -> None:
        """Amount and items of a billed row; an unbilled one asks for nothing."""
        if not self._is_billed(row):
            fields["total_amount"] = None
            return
        items = []
        for column in self.profile.items:
            amount = _number(row, "items", column.column, 1, findings)
            if amount:
                quantity = fields.get(column.quantity) if column.quantity else None
                items.append(InboundItem(kind=column.kind, amount=amount, quantity=quantity))
        fields["items"] = items

    def _is_billed(self, row: Row) -> bool:
        if self.profile.billed is None:
            return True
        stated = (row.get(self.profile.billed.column) or "").strip()
        if self.profile.billed.when == "stated":
            return stated != ""
        try:
            return Decimal(stated or 0) > 0
        except InvalidOperation:
            return True


def _shape_of(row: Row) -> list[Finding]:
    """A row that is cut off or has a stray delimiter: its figures may stand in wrong columns."""
    # The keys' own type says that there is no None among them.
    beyond = row.pop(None, None)  # type: ignore[call-overload]
    if beyond is not None:
        row[""] = str(beyond)
        return [_v001("", "the row has more fields than the header")]
    if None in row.values():
        return [_v001("", "the row has fewer fields than the header")]
    return []


def _later(
    row: Row, name: str, times: TimeColumns, start: object, findings: list[Finding]
) -> datetime | None:
    seconds = _number(row, name, times.plus_seconds_column, 1, findings)
    if not isinstance(start, datetime) or seconds is None:
        return None
    try:
        if abs(seconds) <= _LONGEST_SECONDS:
            return start + timedelta(seconds=int(seconds))
    except (InvalidOperation, OverflowError):
        pass
    findings.append(_v001(name, f"{seconds} seconds after {times.after} is no time"))
    return None


def _text(row: Row, spec: str | TextColumn) -> str:
    if isinstance(spec, str):
        return (row.get(spec) or "").strip()
    if spec.template:
        return spec.template.format_map(row).strip()
    value = (row.get(spec.column) or "").strip()
    return spec.map.get(value, value) if spec.map else value


def _number(
    row: Row, name: str, column: str, divide_by: int, findings: list[Finding]
) -> Decimal | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        if "_" in text:
            raise InvalidOperation
        return Decimal(text) / divide_by if divide_by != 1 else Decimal(text)
    except ArithmeticError:
        findings.append(_v001(name, f"{text!r} in column {column!r} is no number"))
        return None


def _checked(fields: dict, findings: list[Finding]) -> InboundSdr:
    """The record with every field held to its type; what does not fit is told and left out."""
    readable = {}
    for name, value in fields.items():
        try:
            readable[name] = msgspec.convert(value, _TYPES[name])
        except msgspec.ValidationError as error:
            findings.append(_v001(name, str(error)))
    return InboundSdr(**readable)


def _v001(field: str, message: str) -> Finding:
    return Finding(
        code="V001",
        severity="REJECT",
        field=field,
        message=f"{field}: {message}".removeprefix(": ")[:500],
    )
