"""One hash for one content: how a retry is told from a change.

SHA-256 over the fields in a fixed order with decimals normalized and instants in UTC (after the
idea of RFC 8785): "18.4" and "18.400", or 10:00+02:00 and 08:00Z, are the same content.
"""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from roaming.rules.record import InboundItem, InboundPeriod, InboundSdr

_encode = msgspec.json.Encoder(decimal_format="string").encode
_as_tuple = msgspec.structs.astuple


def _places(struct: type[msgspec.Struct], kind: type[msgspec.inspect.Type]) -> list[int]:
    """Where a struct's tuple holds values of this kind, or ``None``."""
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 for the type checker
    return [place for place, field in enumerate(info.fields) if kind in _kinds(field.type)]


def _kinds(told: msgspec.inspect.Type) -> set[type]:
    parts = told.types if isinstance(told, msgspec.inspect.UnionType) else (told,)
    return {type(part) for part in parts}


# Looked up once: looking at each value's type took longer than the hash itself.
_SHAPES = {
    struct: (
        _places(struct, msgspec.inspect.DecimalType),
        _places(struct, msgspec.inspect.DateTimeType),
        _places(struct, msgspec.inspect.ListType),
    )
    for struct in (InboundSdr, InboundItem, InboundPeriod)
}


def content_sha256(sdr: InboundSdr) -> str:
    """The hash of a record's content, as 64 hex digits."""
    return hashlib.sha256(_encode(_plain(sdr))).hexdigest()


def _plain(record: InboundSdr | InboundItem | InboundPeriod) -> list[object]:
    """The fields of a record, item or period in order, each in its one spelling."""
    decimals, instants, lists = _SHAPES[type(record)]
    values = list(_as_tuple(record))
    for place in decimals:
        if (number := values[place]) is not None:
            values[place] = _plain_number(number)
    for place in instants:
        if (instant := values[place]) is not None:
            values[place] = _plain_instant(instant)
    for place in lists:
        values[place] = [_plain(part) for part in values[place]]
    return values


def _plain_number(value: Decimal) -> str:
    return str(value.normalize()) if value else "0"


def _plain_instant(value: datetime) -> datetime:
    return value if value.tzinfo is UTC else value.astimezone(UTC)
