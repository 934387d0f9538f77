"""Bytes to records: V001 tells every field that is missing, unreadable or out of range.

The fast path decodes a whole record at once. Only where that fails is each field tried alone, so
that one round trip names them all and the other rules still see what could be read.
"""

from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import NamedTuple

import msgspec

from roaming.messages import InboundItem, InboundSdr
from roaming.rules.findings import Finding

DIGITS_BEFORE_POINT = 11
SMALLEST_EXPONENT = -6
# What is written with more digits after the point than this is out of range, zeros or not.
LONGEST_FRACTION = 40
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
REQUIRED_FIELDS = ("sdr_id", "cso_id", "started_at", "energy_kwh")
_DECIMALS_OF_SDR = (
    "energy_kwh",
    "meter_start_kwh",
    "meter_end_kwh",
    "max_power_kw",
    "total_amount",
)

_INSTANTS_OF_SDR = (
    "started_at",
    "ended_at",
    "charging_started_at",
    "charging_ended_at",
    "issued_at",
)
_IDS = frozenset(
    ("sdr_id", "service_session_id", "evse_id", "cso_id", "csp_id", "contract_id", "credential_id")
)
# What records and sessions are told apart by: a blank more must not make another one.
_KEYS = ("sdr_id", "service_session_id", "credits_sdr_id", "replaces_sdr_id")
# Wide enough for every number that gets as far as being normalized, and it never raises.
_EXACT = Context(prec=DIGITS_BEFORE_POINT + LONGEST_FRACTION + 1, traps=[])
_UNREADABLE = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    InvalidOperation,
    ValueError,
)

_decode = msgspec.json.Decoder(InboundSdr).decode
_decode_any = msgspec.json.Decoder(float_hook=Decimal).decode
_FIELDS = {field.name: field for field in msgspec.structs.fields(InboundSdr)}
# Signed meter data may be XML with line breaks; no column takes it.
_TEXTS = tuple(n for n, f in _FIELDS.items() if f.default == "" and n != "signed_data")


class Submission(NamedTuple):
    """One record as received: its bytes, what could be read, and what could not.

    ``is_record``: false for bytes of which nothing could be read, so that no rule has a say.
    ``local_times``: the times that came without an offset, in the zone in which they were read.
    ``energy_decimals``: how finely its door tells kWh.
    """

    raw: bytes
    sdr: InboundSdr
    findings: list[Finding]
    is_record: bool = True
    local_times: tuple[datetime, ...] | None = None
    energy_decimals: int = 3


# What the reader of types says of a spreadsheet's comma helps nobody who has no program.
_PLAINER = {
    "Invalid decimal string": "is no number: write it with a point for decimals, as in 18.927"
}


class NotAnObject(ValueError):
    """The bytes are no JSON object: there is no record to speak of."""


def read_sdr(raw: bytes) -> Submission:
    """Read one JSON object.

    :raises NotAnObject: the bytes are not JSON, or not an object.
    """
    try:
        sdr = _decode(raw)
    except msgspec.ValidationError:
        return _read_field_by_field(raw)
    except _UNREADABLE as error:
        raise NotAnObject(_words_of(error)) from error
    return submission_of(raw, sdr, [])


def read_element(raw: bytes) -> Submission:
    """Read one element of a batch; one that is no record becomes a V001, with its bytes kept."""
    try:
        return read_sdr(raw)
    except NotAnObject as error:
        finding = _v001("", f"this is no JSON object: {error}")
        return Submission(raw, InboundSdr(), [finding], is_record=False)


def _words_of(error: Exception) -> str:
    return "a number is out of all range" if isinstance(error, InvalidOperation) else str(error)


def submission_of(raw: bytes, sdr: InboundSdr, findings: list[Finding]) -> Submission:
    """Add what the types cannot say; what no column takes is left out of what the rules see."""
    told = {finding.field for finding in findings}
    more = [finding for finding in check_structure(sdr) if finding.field not in told]
    return Submission(raw, storable(sdr) if more else sdr, [*findings, *more])


def check_structure(sdr: InboundSdr) -> list[Finding]:
    """What the types cannot say: required fields, storable numbers, no control characters."""
    findings = [_v001(name, "is missing") for name in REQUIRED_FIELDS if not _is_stated(sdr, name)]
    if sdr.total_amount is not None and not sdr.currency:
        findings.append(_v001("currency", "is missing: an amount needs its currency"))
    findings += [
        _v001(name, f"{value} is out of range or has more than 6 decimals")
        for name, value in _numbers(sdr)
        if not _is_storable(value)
    ]
    findings += [
        _v001(name, f"{value.isoformat()} is not between {EARLIEST.year} and {LATEST.year}")
        for name, value in _instants(sdr)
        if not _is_plausible(value)
    ]
    findings += [
        _v001(name, "contains control characters")
        for name in _TEXTS
        if not (value := getattr(sdr, name)).isprintable() and not _is_text(name, value)
    ]
    findings += [
        _v001(name, "begins or ends with a blank")
        for name in _KEYS
        if (value := getattr(sdr, name)) != value.strip()
    ]
    return findings


def _is_stated(sdr: InboundSdr, name: str) -> bool:
    value = getattr(sdr, name)
    return value is not None and value != ""


def _numbers(sdr: InboundSdr):
    for name in _DECIMALS_OF_SDR:
        if (value := getattr(sdr, name)) is not None:
            yield name, value
    for item in sdr.items:
        for part in ("amount", "quantity", "unit_price"):
            if (value := getattr(item, part)) is not None:
                yield f"items.{part}", value
    for period in sdr.charging_periods:
        yield "charging_periods.energy_kwh", period.energy_kwh


def _instants(sdr: InboundSdr):
    for name in _INSTANTS_OF_SDR:
        if (value := getattr(sdr, name)) is not None:
            yield name, value
    for period in sdr.charging_periods:
        yield "charging_periods.started_at", period.started_at


def _is_storable(value: Decimal) -> bool:
    """Does it fit NUMERIC(18, 6)? No arithmetic: 1e1000000 would overflow the context."""
    if not value.is_finite() or value.adjusted() >= DIGITS_BEFORE_POINT:
        return False
    exponent = _exponent(value)
    if exponent >= SMALLEST_EXPONENT:
        return True
    if exponent < -LONGEST_FRACTION:
        return False
    return _exponent(value.normalize(_EXACT)) >= SMALLEST_EXPONENT


def _exponent(finite: Decimal) -> int:
    return int(finite.as_tuple().exponent)


def _is_plausible(instant: datetime) -> bool:
    return EARLIEST <= instant < LATEST


def _is_text(name: str, value: str) -> bool:
    """Names of places may hold odd spaces; ids may hold printable characters only."""
    return name not in _IDS and not any(c < " " or c == "\x7f" for c in value)


def _read_field_by_field(raw: bytes) -> Submission:
    try:
        given = _decode_any(raw)
    except _UNREADABLE as error:
        raise NotAnObject(_words_of(error)) from error
    if not isinstance(given, dict):
        raise NotAnObject("a record is a JSON object")
    readable, findings = {}, []
    for name, value in given.items():
        if name not in _FIELDS:
            continue
        try:
            readable[name] = msgspec.convert(value, _FIELDS[name].type, strict=True)
        except msgspec.ValidationError as error:
            findings.append(_v001(name, _PLAINER.get(str(error), str(error))))
    return submission_of(raw, InboundSdr(**readable), findings)


def printable(text: str) -> str:
    """The text with a replacement character for whatever no column takes or no eye sees."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def storable(sdr: InboundSdr) -> InboundSdr:
    """The record without the numbers, instants and characters that no column takes."""
    changes: dict[str, object] = {
        name: None
        for name in _INSTANTS_OF_SDR
        if (value := getattr(sdr, name)) is not None and not _is_plausible(value)
    }
    changes |= {
        name: None
        for name in _DECIMALS_OF_SDR
        if (value := getattr(sdr, name)) is not None and not _is_storable(value)
    }
    changes |= {
        name: printable(value) for name in _TEXTS if not (value := getattr(sdr, name)).isprintable()
    }
    items = [item for item in sdr.items if _fits(item)]
    periods = [
        period
        for period in sdr.charging_periods
        if _is_storable(period.energy_kwh) and _is_plausible(period.started_at)
    ]
    return msgspec.structs.replace(sdr, items=items, charging_periods=periods, **changes)


def _fits(item: InboundItem) -> bool:
    numbers = (item.amount, item.quantity, item.unit_price)
    return all(number is None or _is_storable(number) for number in numbers)


def _v001(field: str, message: str) -> Finding:
    told = f"{field} {message}".strip()[:500]
    return Finding(code="V001", severity="REJECT", field=field, message=told)
