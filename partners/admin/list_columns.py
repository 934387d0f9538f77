"""The columns of a list of the admin as typed columns of a file, and how a cell is read."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from html import unescape
from inspect import unwrap
from typing import Any, get_args, get_type_hints

from django.contrib.admin.utils import label_for_field
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from partners.documents.long_tables import Cell, Column, Kind

# Stored figures that a list shows in words: a machine gets them too.
_FIGURE_NAMES = ("_minor", "_amount", "_kwh")
# What a column's method may say that it returns; anything else is told as text.
_KINDS: dict[type, Kind] = {bool: Kind.FLAG, int: Kind.WHOLE, datetime: Kind.INSTANT}


@dataclass(frozen=True, slots=True)
class Listed:
    """A column and how a row's cell of it is read."""

    column: Column
    read: Callable[[Any], Cell]


def columns_of(model_admin, changelist) -> list[Listed]:
    """The id, the columns that people see, ids of what they name, and figures as stored.

    A list whose rows carry another row names its fields in ``export_from``: by the attribute,
    the model and the names.
    """
    rows_of = changelist.queryset.model
    shown = [name for name in changelist.list_display if name != "action_checkbox"]
    found = [_of_field("id", rows_of._meta.pk)]
    found += [_shown(model_admin, changelist, name) for name in shown]
    for field in rows_of._meta.concrete_fields:
        if field.name in shown and field.is_relation:
            found.append(Listed(Column(field.attname), partial(_told, field.attname)))
        elif field.name not in shown and _is_figure(field):
            found.append(_of_field(field.name, field))
    for path, (model, names) in getattr(model_admin, "export_from", {}).items():
        found += [_of_field(name, model._meta.get_field(name), path) for name in names]
    return _named_apart(found)


def _is_figure(field: models.Field) -> bool:
    return field.name == "currency" or field.name.endswith(_FIGURE_NAMES)


def _named_apart(columns: Sequence[Listed]) -> list[Listed]:
    """No two columns of one name: what says a column of the list again is left out."""
    by_name: dict[str, Listed] = {}
    for one in columns:
        by_name.setdefault(one.column.name, one)
    return list(by_name.values())


def _shown(model_admin, changelist, name: str) -> Listed:
    """A column of the list, which is a field, or a method of the admin or of the row.

    The rows may be of another model than the list.
    """
    label = capfirst(str(label_for_field(name, changelist.model, model_admin)))
    model = changelist.queryset.model
    field = _field_of(model, name)
    if field is not None and not field.is_relation:
        return _of_field(label, field)
    if field is not None:
        return Listed(Column(label), partial(_told, name))
    if name == "__str__":
        return Listed(Column(label), str)
    if hasattr(model_admin, name):
        method = getattr(model_admin, name)
        return _of_method(label, method, method)
    told = getattr(model, name)
    method = told.fget if isinstance(told, property) else told
    return _of_method(label, method, partial(_own, name))


def _field_of(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _told(name: str, row: Any) -> Cell:
    value = getattr(row, name)
    return None if value is None else str(value)


def _own(name: str, row: Any) -> Any:
    value = getattr(row, name)
    return value() if callable(value) else value


def _of_method(
    label: str, method: Callable[..., object] | None, read: Callable[[Any], Any]
) -> Listed:
    kind = _KINDS.get(_hint(method), Kind.TEXT)
    if kind is Kind.TEXT:
        return Listed(Column(label), lambda row: _plain(read(row)))
    return Listed(Column(label, kind), read)


def _hint(method: Callable[..., object] | None) -> Any:
    """What a method says that it returns, ``None`` left out; nothing where it does not say."""
    try:
        told = get_type_hints(unwrap(method)).get("return") if method else None
    except (NameError, TypeError):
        return None
    named = [one for one in (get_args(told) or (told,)) if one is not type(None)]
    return named[0] if len(named) == 1 else None


def _plain(value: Any) -> Cell:
    """What people read: markup is left out."""
    if isinstance(value, SafeString):
        return unescape(strip_tags(value)).strip()
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _of_field(name: str, field: Any, path: str = "") -> Listed:
    """A stored value as it is; of a choice its word. ``path``: the attribute that holds the row."""
    kind, decimals = _kind_of(field)
    words = dict(field.flatchoices or ())

    def read(row: Any) -> Cell:
        value = getattr(getattr(row, path) if path else row, field.attname)
        if value is None or kind is not Kind.TEXT:
            return value
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False, default=str)
        return str(words.get(value, value))

    return Listed(Column(name, kind, decimals), read)


def _kind_of(field: models.Field) -> tuple[Kind, int]:
    match field:
        case models.DateTimeField():
            return Kind.INSTANT, 0
        case models.DateField():
            return Kind.DAY, 0
        case models.BooleanField():
            return Kind.FLAG, 0
        case models.DecimalField():
            return Kind.FIGURE, field.decimal_places or 0
        case models.IntegerField() if not field.choices:
            return Kind.WHOLE, 0
    return Kind.TEXT, 0
