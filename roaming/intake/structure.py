"""Bytes to records: V001 tells every field that is missing, unreadable or out of range.

The fast path decodes a whole record at once. Only where that fails is each field tried alone, so
that one round trip names them all and the other rules still see what could be read.
"""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from roaming.messages import InboundItem, InboundSdr
from roaming.rules.findings import Finding

LARGEST_NUMBER = Decimal(10) ** 11
SMALLEST_EXPONENT = -6
REQUIRED_FIELDS = ("sdr_id", "cso_id", "started_at", "energy_kwh")
_DECIMALS_OF_SDR = (
    "energy_kwh",
    "meter_start_kwh",
    "meter_end_kwh",
    "max_power_kw",
    "total_amount",
)

_decode = msgspec.json.Decoder(InboundSdr).decode
_decode_any = msgspec.json.Decoder(float_hook=Decimal).decode
_FIELDS = {field.name: field for field in msgspec.structs.fields(InboundSdr)}


class Submission(NamedTuple):
    """One record as received: its bytes, what could be read, and what could not."""

    raw: bytes
    sdr: InboundSdr
    findings: list[Finding]


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
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnObject(str(error)) from error
    return Submission(raw, sdr, check_structure(sdr))


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
    for name in ("sdr_id", "service_session_id", "evse_id", "cso_id", "csp_id", "contract_id"):
        if not getattr(sdr, name).isprintable():
            findings.append(_v001(name, "contains control characters"))
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


def _is_storable(value: Decimal) -> bool:
    if not value.is_finite() or abs(value) >= LARGEST_NUMBER:
        return False
    return value.normalize().as_tuple().exponent >= SMALLEST_EXPONENT


def _read_field_by_field(raw: bytes) -> Submission:
    try:
        given = _decode_any(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnObject(str(error)) from error
    if not isinstance(given, dict):
        raise NotAnObject("a record is a JSON object")
    readable, findings = {}, []
    for name, value in given.items():
        if name not in _FIELDS:
            continue
        try:
            readable[name] = msgspec.convert(value, _FIELDS[name].type, strict=True)
        except msgspec.ValidationError as error:
            findings.append(_v001(name, str(error)))
    sdr = InboundSdr(**readable)
    told = {finding.field for finding in findings}
    findings += [f for f in check_structure(sdr) if f.field not in told]
    return Submission(raw, sdr, findings)


def storable(sdr: InboundSdr) -> InboundSdr:
    """The record without the numbers and characters that no column takes; for a rejected one."""
    changes = {
        name: None
        for name in _DECIMALS_OF_SDR
        if (value := getattr(sdr, name)) is not None and not _is_storable(value)
    }
    changes |= {
        name: "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
        for name in _FIELDS
        if isinstance(value := getattr(sdr, name), str) and not value.isprintable()
    }
    items = [item for item in sdr.items if _fits(item)]
    periods = [period for period in sdr.charging_periods if _is_storable(period.energy_kwh)]
    return msgspec.structs.replace(sdr, items=items, charging_periods=periods, **changes)


def _fits(item: InboundItem) -> bool:
    numbers = (item.amount, item.quantity, item.unit_price)
    return all(number is None or _is_storable(number) for number in numbers)


def _v001(field: str, message: str) -> Finding:
    return Finding(code="V001", severity="REJECT", field=field, message=f"{field} {message}"[:500])
