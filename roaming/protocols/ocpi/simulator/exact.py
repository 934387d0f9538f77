"""JSON as it is on the wire: numbers keep their digits, names keep their order."""

from decimal import Decimal
from typing import Any

import msgspec

Document = dict[str, Any]

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class NotJson(ValueError):
    """The bytes are no JSON."""


def read(raw: bytes) -> Any:
    """Fractions become ``Decimal``.

    :raises NotJson: broken, not UTF-8, or nested too deeply.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from error


def write(value: Any) -> bytes:
    """``Decimal`` is written as a number with all its digits."""
    return _encoder.encode(value)
