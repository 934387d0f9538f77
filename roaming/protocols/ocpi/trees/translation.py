"""Translate trees from one version to the next, naming everything that does not survive.

A ``Step`` is data: what differs between two schemas follows from their tables, the rest are rules
with a sentence each. The same data prints ``docs/ocpi-translation.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

from roaming.protocols.ocpi.trees.checks import Place, path_of, told
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.known import Known
from roaming.protocols.ocpi.trees.schema import Schema
from roaming.protocols.ocpi.trees.tables import Field

What = Literal["dropped", "changed", "added", "kept"]


class Loss(NamedTuple):
    """One field that the other version does not get as it was.

    ``added``: the other version requires what this one does not tell. ``kept``: sent as it is,
    though the other version has no such word.
    """

    path: str
    what: What
    why: str


class Translated(NamedTuple):
    tree: Tree
    losses: list[Loss]


class CannotTell(Exception):
    """A part, or with ``whole`` the object of that kind around it, has no equivalent.

    It is left out where it may be left out; otherwise the object around it cannot be told either.
    """

    def __init__(self, place: Place, why: str, *, whole: str = "") -> None:
        super().__init__(f"{path_of(place)}: {why}".removeprefix(": "))
        self.place = place
        self.why = why
        self.whole = whole


class Untranslatable(ValueError):
    """The object as a whole has no equivalent in the other version, and why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path
        self.why = why


class Run:
    """One translation under way."""

    def __init__(self, step: "Step", known: Known) -> None:
        self.step = step
        self.known = known
        self.losses: list[Loss] = []

    def lose(self, place: Place, what: What, why: str) -> None:
        self.losses.append(Loss(path_of(place), what, why))

    def translated(self, kind: str, tree: Any, place: Place) -> Tree:
        """One object. :raises CannotTell: it has no equivalent."""
        if not isinstance(tree, dict):
            raise CannotTell(place, f"{told(tree)} is no object")
        if kind in NOT_RELAYED:
            raise CannotTell(place, "each connection has its own")
        if kind not in self.step.target.tables.objects:
            raise CannotTell(place, f"OCPI {self.step.target.version} has no {kind}")
        plan = self.step.plans[kind]
        out: Tree = {}
        for name, value in tree.items():
            handle = plan.get(name)
            if handle is None:
                out.setdefault(name, value)
            elif value is not None:
                out.update(handle(self, value, (place, name), tree))
        rule = self.step.objects.get(kind)
        return rule.apply(self, tree, out, place) if rule else out


# A field's value, with the object it is in, to the fields that stand for it.
Handle: TypeAlias = Callable[[Run, Any, Place, Tree], Mapping[str, Any]]


class FieldRule(NamedTuple):
    """``says``: the sentence of the printed sheet, "" where nothing is lost."""

    says: str
    apply: Handle


class ObjectRule(NamedTuple):
    """``apply`` gets the run, the object, what became of its fields, and its place."""

    says: str
    apply: Callable[[Run, Tree, Tree, Place], Tree]


# What a connection has for itself: it is written for it, never translated.
NOT_RELAYED = frozenset({"Credentials", "CredentialsRole", "Version", "VersionDetails", "Endpoint"})


@dataclass(frozen=True)
class Step:
    """From one version to a neighbouring one.

    ``replaced``: (enumeration, value) to the nearest value of the target. ``kept``: required fields
    whose values are sent as they are where the target has no word. ``guarded``: lists of objects
    that were excused from being right; those that are not are left out.
    """

    source: Schema
    target: Schema
    renames: Mapping[tuple[str, str], str] = field(default_factory=dict)
    replaced: Mapping[tuple[str, str], str] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], FieldRule] = field(default_factory=dict)
    objects: Mapping[str, ObjectRule] = field(default_factory=dict)
    kept: frozenset[tuple[str, str]] = frozenset()
    guarded: frozenset[tuple[str, str]] = frozenset()

    def apply(self, kind: str, tree: Tree, known: Known) -> Translated:
        """:raises Untranslatable: the object as a whole has no equivalent."""
        run = Run(self, known)
        try:
            return Translated(run.translated(kind, tree, None), run.losses)
        except CannotTell as error:
            raise Untranslatable(path_of(error.place), error.why) from error

    @cached_property
    def plans(self) -> dict[str, dict[str, Handle]]:
        """What to do with the fields of each kind that are not passed on as they are."""
        return {kind: self._plan(kind) for kind in self.source.tables.objects}

    def _plan(self, kind: str) -> dict[str, Handle]:
        handles = {
            name: self._handle(kind, one) for name, one in self.source.tables.objects[kind].items()
        }
        return {name: handle for name, handle in handles.items() if handle is not None}

    def target_field(self, kind: str, name: str) -> Field | None:
        """The field of the target that takes this one, None where there is none."""
        fields = self.target.tables.objects.get(kind, {})
        return fields.get(self.renames.get((kind, name), name))

    def foreign_values(self, one: Field, other: Field) -> frozenset[str]:
        """The values of a field's enumeration that its field in the target does not have."""
        mine = self.source.tables.enumerations.get(one.base)
        theirs = self.target.tables.enumerations.get(other.base)
        return frozenset(mine.values) - frozenset(theirs.values) if mine and theirs else frozenset()

    def _handle(self, kind: str, one: Field) -> Handle | None:
        if (kind, one.name) in self.fields:
            return self.fields[kind, one.name].apply
        other = self.target_field(kind, one.name)
        if other is None:
            return _dropped
        if one.base in self.source.tables.objects:
            if self._is_passed_on(one.base):
                return None
            return _children(kind, one, other) if one.is_list else _child(one, other)
        foreign = self.foreign_values(one, other)
        if foreign:
            return _values(kind, one, other, foreign)
        if other.length and (one.length > other.length):
            return _shortened(one, other)
        return None if one.name == other.name else _renamed(other.name)

    def _is_passed_on(self, kind: str) -> bool:
        """Nothing in an object of this kind, however deep, needs a hand."""
        return not self._plan(kind) and kind not in self.objects


def _dropped(run: Run, value: Any, place: Place, tree: Tree) -> dict[str, Any]:
    run.lose(place, "dropped", f"OCPI {run.step.target.version} has no such field")
    return {}


def _renamed(name: str) -> Handle:
    def rename(run: Run, value: Any, place: Place, tree: Tree) -> dict[str, Any]:
        return {name: value}

    return rename


def _child(one: Field, other: Field) -> Handle:
    def translate(run: Run, value: Any, place: Place, tree: Tree) -> dict[str, Any]:
        try:
            return {other.name: run.translated(one.base, value, place)}
        except CannotTell as error:
            if other.is_required or error.whole not in ("", one.base):
                raise
            run.lose(place, "dropped", error.why)
            return {}

    return translate


def _children(kind: str, one: Field, other: Field) -> Handle:
    def translate(run: Run, value: Any, place: Place, tree: Tree) -> dict[str, Any]:
        if not isinstance(value, list):
            raise CannotTell(place, f"{told(value)} is no list")
        is_guarded, children, why = (kind, one.name) in run.step.guarded, [], ""
        for index, child in enumerate(value):
            here, mark = (place, index), len(run.losses)
            try:
                if is_guarded:
                    _refuse_faulty(run, one.base, child, here)
                children.append(run.translated(one.base, child, here))
            except CannotTell as error:
                if error.whole not in ("", one.base):
                    raise
                # What was lost inside is lost with the whole.
                del run.losses[mark:]
                why = error.why
                run.lose(here, "dropped", why)
        if why and not children and other.is_required:
            raise CannotTell(place, why)
        return {other.name: children}

    return translate


def _refuse_faulty(run: Run, kind: str, child: Any, place: Place) -> None:
    fatal = [one for one in run.step.source.faults_of(kind, child) if one.is_fatal]
    if fatal:
        raise CannotTell(place, f"it is not right itself: {fatal[0].path} {fatal[0].problem}")


def _values(kind: str, one: Field, other: Field, foreign: frozenset[str]) -> Handle:
    """A word that the target does not have: another one, none, or the object goes."""

    def word(run: Run, value: Any, place: Place) -> Any:
        if not isinstance(value, str) or value not in foreign:
            return value
        instead = run.step.replaced.get((one.base, value))
        why = f"OCPI {run.step.target.version} has no {value}"
        if instead is not None:
            run.lose(place, "changed", f"{why}: {instead} is told")
            return instead
        if (kind, one.name) in run.step.kept:
            run.lose(place, "kept", f"{why}; sent as it is")
            return value
        if other.is_required and not other.is_list:
            raise CannotTell(place, why)
        run.lose(place, "dropped", why)
        return None

    def translate(run: Run, value: Any, place: Place, tree: Tree) -> dict[str, Any]:
        if isinstance(value, list):
            words = [word(run, each, (place, index)) for index, each in enumerate(value)]
            return {other.name: [each for each in words if each is not None]}
        found = word(run, value, place)
        return {} if found is None else {other.name: found}

    return translate


def _shortened(one: Field, other: Field) -> Handle:
    """Words for people are cut; an id is never: in a list it is left out."""

    def fitting(run: Run, value: Any, place: Place) -> Any:
        if not isinstance(value, str) or len(value) <= other.length:
            return value
        why = f"{len(value)} characters, OCPI {run.step.target.version} takes {other.length}"
        if other.base != "text" and not other.is_list:
            raise CannotTell(place, why)
        run.lose(place, "dropped" if other.is_list else "changed", why)
        return None if other.is_list else value[: other.length]

    def shorten(run: Run, value: Any, place: Place, tree: Tree) -> dict[str, Any]:
        if not isinstance(value, list):
            return {other.name: fitting(run, value, place)}
        each = (fitting(run, one, (place, index)) for index, one in enumerate(value))
        return {other.name: [one for one in each if one is not None]}

    return shorten
