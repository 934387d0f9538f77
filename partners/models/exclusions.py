"""Exclusion constraints without a contrib extension.

``uuidrange`` and ``textrange`` (made in the first migration) let a plain GiST index compare
single ids and codes: ``[x, x] && [y, y]`` is ``x = y``.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db.models import F, Func, Q, Value


class _UuidRange(Func):
    function = "uuidrange"


class _TextRange(Func):
    function = "textrange"


class _InstantRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


def one_at_a_time(
    *,
    name: str,
    uuids: tuple[str, ...] = (),
    texts: tuple[str, ...] = (),
    condition: Q | None = None,
) -> ExclusionConstraint:
    """No two rows with the same ``uuids`` and ``texts`` overlap in [starts_at, ends_at)."""
    same: list[tuple[Func, str]] = [
        (_UuidRange(F(u), F(u), Value("[]")), RangeOperators.OVERLAPS) for u in uuids
    ]
    same += [(_TextRange(F(t), F(t), Value("[]")), RangeOperators.OVERLAPS) for t in texts]
    period = (_InstantRange(F("starts_at"), F("ends_at"), Value("[)")), RangeOperators.OVERLAPS)
    return ExclusionConstraint(
        name=name, index_type="GIST", expressions=[*same, period], condition=condition
    )
