"""A batch as its elements, each in exactly the bytes that were sent."""

import json
import re

import msgspec

from partners.api.bodies import NDJSON, not_json
from partners.api.problems import RequestRefused

# An array of tiny elements would become millions of objects; real records have a comma per 25
# bytes, this is one per 16 of the largest batch.
_MOST_COMMAS = 2_000_000

_whitespace = re.compile(rb"[ \t\n\r]*").match
_split_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
# Reads what strict JSON refuses (NaN, lone surrogates, raw control characters) only to find where
# an element ends; numbers stay text.
_lenient = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


def split_batch(body: bytes, media_type: str, *, limit_records: int) -> list[bytes]:
    """The elements of a batch, each as the bytes that were sent; blank NDJSON lines are skipped.

    :raises RequestRefused: 400 not JSON or no array, 413 more than ``limit_records``.
    """
    elements = _lines(body, limit_records) if media_type == NDJSON else _array(body)
    if len(elements) > limit_records:
        raise _too_many(limit_records)
    return elements


def _array(body: bytes) -> list[bytes]:
    if body.count(b",") > _MOST_COMMAS:
        raise RequestRefused(
            413, "BATCH_TOO_LARGE", "This is more than a batch of records can hold; split it."
        )
    try:
        return [bytes(element) for element in _split_array(body)]
    except (msgspec.DecodeError, RecursionError) as error:
        elements = _split_leniently(body)
        if elements is None:
            raise not_json(error) from error
        return elements


def _split_leniently(body: bytes) -> list[bytes] | None:
    """The elements of an array of which one is not quite JSON, or None where it is no array.

    One NaN must not sink ten thousand records: its own element is refused when it is read.
    """
    text = body.decode("latin-1")
    elements: list[bytes] = []
    here = _past_whitespace(body, 0)
    if body[here : here + 1] != b"[":
        return None
    while True:
        start = _past_whitespace(body, here + 1)
        try:
            _, end = _lenient.raw_decode(text, start)
        except (ValueError, RecursionError):
            return None
        elements.append(body[start:end])
        here = _past_whitespace(body, end)
        mark = body[here : here + 1]
        if mark == b"]":
            is_all = not body[here + 1 :].strip()
            return elements if is_all else None
        if mark != b",":
            return None


def _past_whitespace(body: bytes, position: int) -> int:
    space = _whitespace(body, position)
    return space.end() if space else position


def _lines(body: bytes, limit_records: int) -> list[bytes]:
    if body.count(b"\n") > 2 * limit_records:
        raise _too_many(limit_records)
    return [line for line in body.split(b"\n") if line.strip()]


def _too_many(limit_records: int) -> RequestRefused:
    return RequestRefused(
        413,
        "BATCH_TOO_MANY_RECORDS",
        f"At most {limit_records:,} records in one batch; split it.",
    )
