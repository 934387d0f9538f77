"""JSON without loss: numbers as int or Decimal, fields in their order, unknown ones too."""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

Tree = dict[str, Any]

# Far beyond what anything is measured in. Without it eight bytes, 1e131071, become 131,072 digits
# for everyone who reads them from the database.
_MOST_PLACES = 1000


def _number(text: str) -> Decimal:
    value = Decimal(text)
    _, digits, exponent = value.as_tuple()
    if not -_MOST_PLACES <= int(exponent) <= _MOST_PLACES or len(digits) > _MOST_PLACES:
        raise InvalidOperation(text)
    return value


_decode = msgspec.json.Decoder(float_hook=_number).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Unreadable(ValueError):
    """The bytes are no JSON, or hold what neither our tables nor our peers can take."""


def decode(raw: bytes) -> Any:
    """Read any JSON value. No number passes through a float: 0.30 stays 0.30.

    :raises Unreadable: no JSON, not UTF-8, nested too deep, a number out of all range, or NUL.
    """
    try:
        value = _decode(raw)
    except InvalidOperation as error:
        raise Unreadable("a number is out of all range") from error
    except RecursionError as error:
        raise Unreadable("nested too deep") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(f"this is no JSON: {error}") from error
    if rb"\u0000" in raw and _has_nul(value):
        raise Unreadable("a text holds the character NUL")
    return value


def encode(value: Any) -> bytes:
    """Write what ``decode`` read: every number with its digits, every field in its place."""
    return _encode(value)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
