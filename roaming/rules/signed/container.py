"""Where signed values lie: SAFE XML, JSON of several kinds, or records in plain text.

Each value found keeps its place, also one that nobody here can verify. A document type (and so an
entity bomb) is refused, sizes and counts are bounded, and nothing but ``Refused`` is raised.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from roaming.rules.signed.json_text import NotJson, end_of_object, read_json
from roaming.rules.signed.keys import decoded

MOST_CHARACTERS = 2_000_000
MOST_VALUES = 500
DATA = ("signedData", "encodedData")

RECORD = re.compile(r"OCMF\s{0,4}\|\s{0,40}\{|AP;[0-9];", re.ASCII)
ALFEN = re.compile(r"AP;[0-9];[0-9];(?:[A-Z2-7]{1,400}={0,8};?){3}")
KEY_IN_TEXT = re.compile(r"public[ _]?key\W{0,20}([0-9A-Za-z+/=]{60,1200})", re.IGNORECASE)


class Refused(Exception):
    """The text as a whole holds nothing that can be read, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    text: str
    format: str = ""
    public_key: str = ""
    transaction: str = ""


def find_values(text: str) -> list[Value]:
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"larger than {MOST_CHARACTERS} characters")
    text = text.strip("\ufeff \t\r\n")
    values = _values_of(text)
    if len(values) > MOST_VALUES:
        raise Refused(f"more than {MOST_VALUES} signed values")
    return values


def _values_of(text: str) -> list[Value]:
    if text.startswith("<"):
        return _of_xml(text)
    if text.startswith(("{", "[")):
        return _of_json(text)
    values = _of_plain_text(text) or _of_plain_text(_unwrapped(text))
    if not values:
        raise Refused("no signed value in it")
    return values


# --- XML -----------------------------------------------------------------------------------------


def _of_xml(text: str) -> list[Value]:
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Refused("a document type is not allowed") from error
    except (ParseError, ValueError, LookupError) as error:
        values = _of_plain_text(text)
        if not values:
            raise Refused("the XML is not well-formed") from error
        return values
    shared_key = _child_text(root, "publicKey")
    places = [one for one in root.iter() if _name(one) == "value"]
    places = places or [one for one in root.iter() if _name(one) in DATA]
    return [_of_element(place, shared_key) for place in places] or [Value(text="", format="XML")]


def _of_element(place: Element, shared_key: str) -> Value:
    """Children alone are looked at: a value deep in another is a value of its own."""
    data = place if _name(place) in DATA else _child(place, *DATA)
    if data is None:
        return Value(text="", format="XML")
    content = (data.text or "").strip()
    return Value(
        text=content if RECORD.match(content) else _unwrapped(content),
        format=data.get("format", ""),
        public_key=_child_text(place, "publicKey") or shared_key,
        transaction=place.get("transactionId", "") or data.get("transactionId", ""),
    )


def _name(element: Element) -> str:
    """Without its namespace. Comments have a function for a tag."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _child(place: Element, *names: str) -> Element | None:
    return next((one for one in place if _name(one) in names), None)


def _child_text(place: Element, name: str) -> str:
    found = _child(place, name)
    return "" if found is None else (found.text or "").strip()


# --- JSON ----------------------------------------------------------------------------------------


def _of_json(text: str) -> list[Value]:
    try:
        content = read_json(text)
    except NotJson as error:
        raise Refused(f"the text {error}") from error
    values = list(_walk(content))
    return values or [Value(text="", format="JSON")]


def _walk(content: Any) -> Iterator[Value]:
    """Every record in the document's order, with the nearest key at or above it."""
    waiting: list[tuple[Any, str]] = [(content, "")]
    while waiting:
        one, key = waiting.pop()
        if isinstance(one, dict):
            key = _key_in(one) or key
            waiting += [(child, key) for child in reversed(_told_once(one))]
        elif isinstance(one, list):
            waiting += [(child, key) for child in reversed(one)]
        elif isinstance(one, str):
            yield from _of_string(one.strip(), key)


def _told_once(one: dict[str, Any]) -> list[Any]:
    """Its values; the same record is often told twice in one object, plain and signed."""
    texts = {value: name for name, value in reversed(one.items()) if isinstance(value, str)}
    return [
        value for name, value in one.items() if not isinstance(value, str) or texts[value] == name
    ]


def _of_string(text: str, key: str) -> Iterator[Value]:
    record = text if RECORD.match(text) else _unwrapped(text)
    if RECORD.match(record):
        yield Value(text=record, public_key=key)


def _key_in(one: dict[str, Any]) -> str:
    keys = (v for k, v in one.items() if k.lower().replace("_", "") == "publickey")
    return next((key for key in keys if isinstance(key, str)), "")


# --- plain text ----------------------------------------------------------------------------------


def _of_plain_text(text: str) -> list[Value]:
    """Records one behind the other; each ends where the next begins, so this is one pass."""
    starts = [found.start() for found in RECORD.finditer(text)]
    if len(starts) > MOST_VALUES:
        raise Refused(f"more than {MOST_VALUES} signed values")
    if not starts:
        return []
    key = KEY_IN_TEXT.search(text)
    public_key = key[1] if key else ""
    ends = [*starts[1:], len(text)]
    parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return [Value(text=_without_tail(part), public_key=public_key) for part in parts]


def _without_tail(part: str) -> str:
    """The record without what follows it: the end of an element, a line of another kind."""
    if part.startswith("AP;"):
        found = ALFEN.match(part)
        return found[0] if found else part.strip()
    second = part.find("|", part.find("|") + 1)
    section = part[second + 1 :].lstrip() if second > 0 else ""
    end = end_of_object(section)
    return f"{part[: second + 1]}{section[:end]}" if end else part.strip()


def _unwrapped(text: str) -> str:
    """A record that was wrapped in base64 or hex, else the text itself."""
    content = decoded(text) if len(text) >= 40 else None
    try:
        inner = content.decode("utf-8").strip() if content else ""
    except UnicodeDecodeError:
        return text
    return inner if RECORD.match(inner) else text
