"""One hash for one content: how a retry is told from a change.

SHA-256 over the fields in a fixed order with decimals normalized and instants in UTC (after the
idea of RFC 8785): "18.4" and "18.400", or 10:00+02:00 and 08:00Z, are the same content.
"""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from roaming.rules.record import InboundSdr

_encode = msgspec.json.Encoder(decimal_format="string").encode


def content_sha256(sdr: InboundSdr) -> str:
    """The hash of a record's content, as 64 hex digits."""
    return hashlib.sha256(_encode(_plain(msgspec.structs.astuple(sdr)))).hexdigest()


def _plain(value):
    if isinstance(value, Decimal):
        return str(value.normalize()) if value else "0"
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, msgspec.Struct):
        return [_plain(part) for part in msgspec.structs.astuple(value)]
    return value
