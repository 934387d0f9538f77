"""Field tables of a version, read from its ``tables.txt``.

A line without indent names an object or, after ``enum``, an enumeration. Below an object stand its
fields: name, type, cardinality (1 required, ? optional, * list, + list of at least one); ``-name``
takes a field away from the version before. Types: ``CiString(n)`` printable ASCII, ``string(n)``
printable, ``text(n)`` a string that only people read, so that a longer one is a mere warning,
``number``, ``int``, ``boolean``, ``DateTime``, ``URL``, ``clock`` HH:MM, ``date`` YYYY-MM-DD,
``latitude``, ``longitude``, else an object or an enumeration.

An enumeration is closed, or ``open`` (any value is valid), or ``lenient`` (the version says closed,
but peers are known to extend it: another value is a warning).
"""

import re
from pathlib import Path
from typing import Literal, NamedTuple

Mark = Literal["closed", "open", "lenient"]

_TYPE = re.compile(r"(\w+)(?:\((\d+)\))?")


class Field(NamedTuple):
    """One line: ``base`` is the type without its length; ``length`` is 0 where it has none."""

    name: str
    base: str
    length: int
    is_required: bool
    is_list: bool


class Enumeration(NamedTuple):
    values: tuple[str, ...]
    mark: Mark = "closed"


class Tables(NamedTuple):
    """Objects by name, each its fields by name in the order of the specification."""

    objects: dict[str, dict[str, Field]]
    enumerations: dict[str, Enumeration]


def read_tables(folder: Path, base: Tables | None = None) -> Tables:
    """The tables in a version's folder; with a base, what they change of it."""
    objects = {name: dict(fields) for name, fields in base.objects.items()} if base else {}
    enumerations = dict(base.enumerations) if base else {}
    for block in (folder / "tables.txt").read_text(encoding="utf-8").split("\n\n"):
        head, *lines = [line for line in block.splitlines() if not line.startswith("#")] or [""]
        if head.startswith("enum "):
            _, name, *mark = head.split()
            values = tuple(" ".join(lines).split())
            enumerations[name] = Enumeration(values, _MARKS[mark[0]] if mark else "closed")
        elif head:
            _change(objects.setdefault(head, {}), lines)
    return Tables(objects, enumerations)


_MARKS: dict[str, Mark] = {"open": "open", "lenient": "lenient"}


def _change(fields: dict[str, Field], lines: list[str]) -> None:
    for line in lines:
        name, *rest = line.split()
        if name.startswith("-"):
            del fields[name[1:]]
            continue
        type_, cardinality = rest
        found = _TYPE.fullmatch(type_)
        if found is None:
            raise ValueError(f"no type of a field: {line}")
        base, length = found.groups()
        fields[name] = Field(name, base, int(length or 0), cardinality in "1+", cardinality in "*+")
