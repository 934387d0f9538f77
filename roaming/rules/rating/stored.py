"""Tariffs as JSON that keeps its decimals: read, written in one spelling, and hashed by it.

The stored content (jsonb) keeps the value and the decimals of a number, not its spelling, and not
the order of names; so does this spelling, and the hash can be taken again from what is stored.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any


class NotExact(ValueError):
    """A number that JSON does not have, as NaN, or a nesting that nobody needs."""


class ExactDecoder(json.JSONDecoder):
    """Fractions become ``Decimal``."""

    def __init__(self, **options: Any) -> None:
        options |= {"parse_float": Decimal, "parse_constant": _refuse}
        super().__init__(**options)


class ExactEncoder(json.JSONEncoder):
    """Decimals are written as numbers, names are sorted."""

    def encode(self, o: Any) -> str:
        return _written(o)


def exact_json(text: bytes | str) -> Any:
    """Read JSON text.

    :raises ValueError: it is none, or is nested too deeply.
    """
    try:
        return json.loads(text, cls=ExactDecoder)
    except RecursionError as error:
        raise NotExact("it is nested too deeply") from error


def content_sha256(content: Any) -> str:
    """The hash of a content, as 64 hex digits, whatever its order and white space."""
    return hashlib.sha256(_written(content).encode()).hexdigest()


def _written(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(name)}:{_written(value[name])}" for name in sorted(value))
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(_written(one) for one in value)}]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)


def _refuse(constant: str) -> None:
    raise NotExact(f"{constant} is no JSON number")
