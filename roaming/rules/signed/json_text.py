"""JSON from strangers: numbers stay exact, and nothing but ``NotJson`` comes out of a bad text."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


class NotJson(Exception):
    """Said behind the name of what was read: "the payload" …"""


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def read_json(text: str) -> Any:
    try:
        return json.loads(
            text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse, strict=False
        )
    except RecursionError as error:
        raise NotJson("is nested too deeply") from error
    except (ValueError, InvalidOperation) as error:
        raise NotJson("is no JSON") from error


def end_of_object(text: str) -> int:
    """Where the object that the text begins with ends; 0 where it begins with none."""
    try:
        return DECODER.raw_decode(text)[1]
    except (ValueError, RecursionError):
        return 0


def read_object(text: str) -> dict[str, Any]:
    content = read_json(text)
    if not isinstance(content, dict):
        raise NotJson("is no JSON object")
    return content
