"""A version's tables made into checks of whole objects."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from roaming.protocols.ocpi.trees.checks import (
    Check,
    Fault,
    Place,
    check_of,
    check_of_enumeration,
    path_of,
    told,
)
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.tables import Field, Tables, read_tables

# Rules across the fields of one object.
ObjectRule: TypeAlias = Callable[[Tree, Place, list[Fault]], None]


class _Checked(NamedTuple):
    name: str
    is_required: bool
    is_list: bool
    check: Check


class Schema:
    """What one version says of each object: ``faults_of`` holds a tree against it."""

    def __init__(self, version: str, tables: Tables, rules: Mapping[str, ObjectRule]) -> None:
        self.version = version
        self.tables = tables
        self._rules = rules
        self._fields: dict[str, list[_Checked]] = {}
        for name, fields in tables.objects.items():
            self._fields[name] = [self._checked(field) for field in fields.values()]

    @classmethod
    def in_folder(
        cls,
        version: str,
        folder: Path,
        *,
        base: "Schema | None" = None,
        rules: Mapping[str, ObjectRule] | None = None,
    ) -> "Schema":
        """The schema whose ``tables.txt`` lies in the folder, alone or as changes of ``base``."""
        tables = read_tables(folder, base.tables if base else None)
        return cls(version, tables, {**(base._rules if base else {}), **(rules or {})})

    def faults_of(self, kind: str, tree: Any, *, is_patch: bool = False) -> list[Fault]:
        """Every fault of one object, in the order of the tables; [] for a right one.

        ``is_patch``: only ``last_updated`` is required, and rules across fields wait for the whole.

        :raises KeyError: the version has no such object.
        """
        faults: list[Fault] = []
        if is_patch:
            fields = [
                field._replace(is_required=field.name == "last_updated")
                for field in self._fields[kind]
            ]
            _check_object(fields, None, tree, None, faults)
        else:
            _check_object(self._fields[kind], self._rules.get(kind), tree, None, faults)
        return faults

    def _checked(self, field: Field) -> _Checked:
        check = check_of(field)
        if check is None and field.base in self.tables.enumerations:
            check = check_of_enumeration(self.tables.enumerations[field.base])
        if check is None:
            check = partial(self._check_child, field.base)
            if field.base not in self.tables.objects:
                raise ValueError(f"{self.version}: {field.name} is of an unknown {field.base}")
        return _Checked(field.name, field.is_required, field.is_list, check)

    def _check_child(self, kind: str, tree: Any, place: Place, faults: list[Fault]) -> None:
        _check_object(self._fields[kind], self._rules.get(kind), tree, place, faults)


def _check_object(
    fields: list[_Checked], rule: ObjectRule | None, tree: Any, place: Place, faults: list[Fault]
) -> None:
    if tree.__class__ is not dict:
        faults.append(Fault(path_of(place), f"{told(tree)} is no object"))
        return
    get = tree.get
    for field in fields:
        name = field.name
        value = get(name)
        if value is None:
            if field.is_required:
                faults.append(Fault(path_of((place, name)), "is missing"))
        elif field.is_list:
            _check_list(field, value, (place, name), faults)
        else:
            field.check(value, (place, name), faults)
    if rule is not None:
        rule(tree, place, faults)


def _check_list(field: _Checked, value: Any, place: Place, faults: list[Fault]) -> None:
    if value.__class__ is not list:
        faults.append(Fault(path_of(place), f"{told(value)} is no list"))
    elif not value and field.is_required:
        faults.append(Fault(path_of(place), "is empty: at least one is required"))
    for index, one in enumerate(value if value.__class__ is list else ()):
        field.check(one, (place, index), faults)
