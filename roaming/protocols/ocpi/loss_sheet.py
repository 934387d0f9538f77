"""What translations lose: ``python -m roaming.protocols.ocpi.loss_sheet > docs/ocpi-translation.md``."""

import sys
from collections.abc import Iterator

from roaming.protocols.ocpi.objects import STEPS
from roaming.protocols.ocpi.trees.tables import Field
from roaming.protocols.ocpi.trees.translation import NOT_RELAYED, Step

# ruff: noqa: E501 the page's own lines are longer than ours
_HEAD = """# What a translation between OCPI versions loses

Partners with different versions of OCPI roam with each other through translation, object by object. This page is generated from
the tables and rules that translate (`roaming/protocols/ocpi/v*/`); a test holds the two together. From 2.3.0 to 2.1.1 and back both
steps apply, one after the other. Each translation also lists what it lost of the one object in hand.

* Fields that neither version knows pass, wherever the object that holds them passes. `last_updated` and numbers are never altered.
* A value that has no equivalent is left out where it may be left out; else the object that holds it is; else the whole is refused.
* A tariff inside of a CDR that is not right itself, or cannot be told, is left out of the CDR.
* What a connection has for itself (credentials, versions, endpoints) is never translated.
* Ids are never shortened: what does not fit is refused. Words for people are cut.
"""


def sheet() -> str:
    """The whole page, ending in a newline."""
    return _HEAD + "".join(map(_section, STEPS.values()))


def _section(step: Step) -> str:
    source, target = step.source.version, step.target.version
    rows = [
        f"| {kind} | {text} |\n"
        for kind in step.source.tables.objects
        for text in _rows(step, kind)
    ]
    head = f"\n## From {source} to {target}\n\n"
    return f"{head}| object | what happens |\n|---|---|\n{''.join(rows)}"


def _rows(step: Step, kind: str) -> Iterator[str]:
    fields = step.source.tables.objects[kind]
    if kind in NOT_RELAYED or _is_told_elsewhere(step, kind):
        return
    if kind not in step.target.tables.objects:
        yield f"Refused: {step.target.version} has no such object."
        return
    if kind in step.objects and step.objects[kind].says:
        yield step.objects[kind].says
    for name, one in fields.items():
        yield from _field_rows(step, kind, name, one)
    if gone := [f"`{name}`" for name in fields if _is_dropped(step, kind, name)]:
        yield f"Dropped: {', '.join(gone)}."


def _is_dropped(step: Step, kind: str, name: str) -> bool:
    return (kind, name) not in step.fields and step.target_field(kind, name) is None


def _field_rows(step: Step, kind: str, name: str, one: Field) -> Iterator[str]:
    other = step.target_field(kind, name)
    if (kind, name) in step.fields:
        if step.fields[kind, name].says:
            yield f"`{name}`: {step.fields[kind, name].says}"
    elif other is not None:
        yield from _value_rows(step, kind, one, other)


def _is_told_elsewhere(step: Step, kind: str) -> bool:
    """It occurs in fields alone that a rule takes, or, where the target lacks it, in any."""
    holders = [
        (holder, one.name)
        for holder, fields in step.source.tables.objects.items()
        for one in fields.values()
        if one.base == kind
    ]
    is_known = kind in step.target.tables.objects
    return bool(holders) and (not is_known or all(one in step.fields for one in holders))


def _value_rows(step: Step, kind: str, one: Field, other: Field) -> Iterator[str]:
    foreign = step.foreign_values(one, other)
    for value in sorted(foreign):
        instead = step.replaced.get((one.base, value))
        if instead:
            yield f"`{one.name}` `{value}` is told as `{instead}`."
    words = ", ".join(
        f"`{value}`" for value in sorted(foreign) if (one.base, value) not in step.replaced
    )
    if words and (kind, one.name) in step.kept:
        yield f"`{one.name}`: {words} sent as they are."
    elif words and other.is_required and not other.is_list:
        yield f"Left out, or refused, with `{one.name}` {words}."
    elif words:
        yield f"`{one.name}`: {words} dropped."
    if other.length and one.length > other.length:
        cut = "cut" if other.base == "text" else "refused where longer"
        yield f"`{one.name}`: {other.length} characters, {cut}."


if __name__ == "__main__":
    sys.stdout.write(sheet())
