"""Exclusion constraints without a contrib extension.

``uuidrange`` and ``textrange`` (made in the first migration) let a plain GiST index compare
single ids and codes: ``[x, x] && [y, y]`` is ``x = y``.
"""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Func, Q, Value


class _UuidRange(Func):
    function = "uuidrange"


class _TextRange(Func):
    function = "textrange"


class _DayRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class _InstantRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


class _OneAtATime(ExclusionConstraint):
    """The same constraint in the database, but forms can check it before it is broken.

    Django puts a form's values in place of field names ("partner"); the expressions speak of
    columns ("partner_id") and would compare a row with everybody's. It also leaves a constraint
    out when a form does not show one of its fields; the row itself knows them all.
    """

    def deconstruct(self):
        _, args, kwargs = super().deconstruct()
        return "django.contrib.postgres.constraints.ExclusionConstraint", args, kwargs

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        bounds = {"starts_at", "ends_at", "from_date", "until_date"}
        if exclude and not bounds.isdisjoint(exclude):
            return
        names: dict[Any, Any] = {F(f.attname): F(f.name) for f in model._meta.concrete_fields}
        sentence = self.name.replace("_", " ").capitalize()
        ExclusionConstraint(
            name=self.name,
            expressions=[
                (expression.replace_expressions(names), operator)
                for expression, operator in self.expressions
                if isinstance(expression, Func)
            ],
            condition=self.condition,
            violation_error_message=f"{sentence}: end the earlier entry where this one starts.",
        ).validate(model, instance, using=using)


def one_at_a_time(
    *,
    name: str,
    uuids: tuple[str, ...] = (),
    texts: tuple[str, ...] = (),
    condition: Q | None = None,
    by_day: bool = False,
) -> ExclusionConstraint:
    """No two rows with the same ``uuids`` and ``texts`` overlap in [starts_at, ends_at).

    ``by_day``: in [from_date, until_date).
    """
    same: list[tuple[Func, str]] = [
        (_UuidRange(F(u), F(u), Value("[]")), RangeOperators.OVERLAPS) for u in uuids
    ]
    same += [(_TextRange(F(t), F(t), Value("[]")), RangeOperators.OVERLAPS) for t in texts]
    return _OneAtATime(
        name=name,
        index_type="GIST",
        expressions=[*same, (_period(by_day), RangeOperators.OVERLAPS)],
        condition=condition,
    )


def _period(by_day: bool) -> Func:
    if by_day:
        return _DayRange(F("from_date"), F("until_date"), Value("[)"))
    return _InstantRange(F("starts_at"), F("ends_at"), Value("[)"))
