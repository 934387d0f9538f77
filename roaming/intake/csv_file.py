"""A sender's CSV, read by its profile into submissions. Nothing is dropped: what cannot be read
is a V001 of its row.
"""

import csv
import gzip
from collections.abc import Iterator
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

_GZIP_MAGIC = b"\x1f\x8b"
_TYPES = {field.name: field.type for field in msgspec.structs.fields(InboundSdr)}
Row = dict[str, str]


class UnreadableFile(ValueError):
    """The file as a whole is not what the profile describes; no record was taken."""


def read_csv(path: Path, profile: Profile) -> Iterator[Submission]:
    """Yield one submission per row of a CSV, optionally gzip.

    :raises UnreadableFile: not text, no header, or columns that the profile names are missing.
    """
    with _open(path, profile.file.encoding) as text:
        reader = csv.DictReader(text, delimiter=profile.file.delimiter, strict=False)
        missing = profile.columns() - set(reader.fieldnames or ())
        if missing:
            raise UnreadableFile(f"the file lacks the columns {', '.join(sorted(missing))}")
        row_reader = _RowReader(profile, ZoneInfo(profile.file.time_zone))
        try:
            for row in reader:
                yield row_reader.submission(row)
        except (UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
            raise UnreadableFile(f"line {reader.line_num + 1}: {error}") from error


def count_rows(path: Path, profile: Profile) -> int:
    """How many records the file holds, for the progress bar."""
    with _open(path, profile.file.encoding) as text:
        return max(0, sum(1 for _ in csv.reader(text, delimiter=profile.file.delimiter)) - 1)


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
        findings: list[Finding] = []
        fields: dict[str, object] = dict(self.profile.constants)
        fields["cso_id"] = self.profile.seller.party
        fields["csp_id"] = self._counterparty(row)
        for name, text in self.profile.texts.items():
            fields[name] = _text(row, text)
        for name, number in self.profile.numbers.items():
            fields[name] = _number(row, name, number.column, number.divide_by, findings)
        for name, times in self.profile.times.items():
            fields[name] = self._instant(row, name, times, fields, findings)
        self._price(row, fields, findings)
        sdr = _checked(fields, findings)
        return submission_of(msgspec.json.encode(row), sdr, findings)

    def _counterparty(self, row: Row) -> str:
        for candidate in self.profile.counterparties:
            if not candidate.column or row.get(candidate.column) == candidate.value:
                return candidate.party
        return ""

    def _instant(
        self, row: Row, name: str, times: TimeColumns, fields: dict, findings: list[Finding]
    ) -> datetime | None:
        if times.after:
            start = fields.get(times.after)
            seconds = _number(row, name, times.plus_seconds_column, 1, findings)
            if not isinstance(start, datetime) or seconds is None:
                return None
            return start + timedelta(seconds=int(seconds))
        text = " ".join((row.get(column) or "").strip() for column in times.columns).strip()
        if not text:
            return None
        for layout in times.formats:
            try:
                local = datetime.strptime(text, layout)  # noqa: DTZ007 the zone comes next
            except ValueError:
                continue
            return local.replace(tzinfo=self.zone).astimezone(UTC)
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
        return Decimal(text) / divide_by if divide_by != 1 else Decimal(text)
    except InvalidOperation:
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
    return Finding(code="V001", severity="REJECT", field=field, message=f"{field}: {message}"[:500])
