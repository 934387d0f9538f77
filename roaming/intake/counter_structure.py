"""Bytes to counter-records: every field that is missing, unreadable or out of range is named.

JSON objects, or lines of a CSV file whose header names the same fields.
"""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import msgspec

from roaming.intake.structure import _is_plausible, _is_storable
from roaming.rules.counter_record import InboundCounterRecord

REQUIRED_FIELDS = ("counter_id", "csp_id", "cso_id", "started_at", "ended_at")
_UNREADABLE = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    InvalidOperation,
    ValueError,
)
_decode_any = msgspec.json.Decoder(float_hook=Decimal).decode
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(InboundCounterRecord)}
_TEXTS = tuple(
    field.name for field in msgspec.structs.fields(InboundCounterRecord) if field.default == ""
)


class CounterFault(NamedTuple):
    """One thing wrong with a counter-record; ``code`` is a word for programs."""

    field: str
    message: str
    code: str


class CounterSubmission(NamedTuple):
    """A counter-record as received: its bytes, what could be read, and what is wrong."""

    raw: bytes
    record: InboundCounterRecord
    faults: list[CounterFault]


def read_counter_record(raw: bytes) -> CounterSubmission:
    """Read one JSON object; one that is none becomes a fault, with its bytes kept."""
    try:
        given = _decode_any(raw)
    except _UNREADABLE as error:
        told = "a number is out of all range" if isinstance(error, InvalidOperation) else error
        return _nothing(raw, f"this is no JSON object: {told}")
    if not isinstance(given, dict):
        return _nothing(raw, "a counter-record is a JSON object")
    readable, faults = {}, []
    for name in _FIELDS.keys() & given.keys():
        try:
            readable[name] = msgspec.convert(given[name], _FIELDS[name], strict=True)
        except (msgspec.ValidationError, InvalidOperation, ValueError) as error:
            faults.append(CounterFault(name, str(error), "FIELD_UNREADABLE"))
    record = InboundCounterRecord(**readable)
    told_of = {fault.field for fault in faults}
    faults += [fault for fault in _check(record) if fault.field not in told_of]
    return CounterSubmission(raw, record, sorted(faults))


def counter_records_of_csv(text: str) -> Iterator[CounterSubmission]:
    """Each line after the header; its raw bytes are a JSON object of its filled cells.

    Cells are divided by comma, or by semicolon where the header has no comma.

    :raises csv.Error: the file cannot be read as CSV.
    """
    header = text.lstrip().partition("\n")[0]
    delimiter = "," if "," in header else ";"
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey=""):
        cells = {
            name.strip(): value
            for name, cell in row.items()
            if (value := cell.strip() if isinstance(cell, str) else cell)
        }
        read = read_counter_record(msgspec.json.encode(cells))
        if cells.get("") and "" in row:
            told = CounterFault("", "has more cells than the header", "CELLS_TOO_MANY")
            read = read._replace(faults=[told, *read.faults])
        yield read


def _nothing(raw: bytes, message: str) -> CounterSubmission:
    fault = CounterFault("", message[:500], "RECORD_UNREADABLE")
    return CounterSubmission(raw, InboundCounterRecord(), [fault])


def _check(record: InboundCounterRecord) -> list[CounterFault]:
    return [*_absent(record), *_unstorable(record), *_contradicting(record)]


def _absent(record: InboundCounterRecord) -> Iterator[CounterFault]:
    for name in REQUIRED_FIELDS:
        if getattr(record, name) in (None, ""):
            yield CounterFault(name, "is missing", "FIELD_MISSING")


def _unstorable(record: InboundCounterRecord) -> Iterator[CounterFault]:
    for name in _TEXTS:
        value = getattr(record, name)
        if not value.isprintable() or value != value.strip():
            told = "has control characters, or a blank at an end"
            yield CounterFault(name, told, "FIELD_UNREADABLE")
    for number in ("energy_kwh", "amount"):
        if (value := getattr(record, number)) is not None and not _is_storable(value):
            told = "is out of range or has more than 6 decimals"
            yield CounterFault(number, told, "FIELD_OUT_OF_RANGE")
    for instant in ("started_at", "ended_at"):
        if (value := getattr(record, instant)) is not None and not _is_plausible(value):
            yield CounterFault(instant, "is out of range", "FIELD_OUT_OF_RANGE")


def _contradicting(record: InboundCounterRecord) -> Iterator[CounterFault]:
    if record.amount is not None and not record.currency:
        told = "is missing: an amount needs its currency"
        yield CounterFault("currency", told, "FIELD_MISSING")
    if record.started_at and record.ended_at and record.ended_at < record.started_at:
        yield CounterFault("ended_at", "is before started_at", "FIELD_CONTRADICTS")
    if record.replaces_counter_id and record.replaces_counter_id == record.counter_id:
        yield CounterFault("replaces_counter_id", "is the record itself", "FIELD_CONTRADICTS")
