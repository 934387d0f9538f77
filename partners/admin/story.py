"""What a detail page tells, as data: figures, facts, tables, a timeline.

Pages of evidence are told, not edited. A room below may be told about by a room above: its
sections are handed in (see ``roaming.admin.sections``), so arrows keep pointing down.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

_ZERO = re.compile(r"0([.,]0+)?( [A-Z]{3})?")
# Tones are those of the labels of the admin theme.
NEUTRAL, GOOD, WARN, BAD, INFO = "", "success", "warning", "danger", "info"


@dataclass(frozen=True, slots=True)
class Badge:
    """A short word in a colored label; the word says it, the color helps."""

    text: str
    tone: str = NEUTRAL
    is_badge = True


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number with its name."""

    label: str
    value: object
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    figures: Sequence[Figure]
    title: str = ""
    template = "admin/story/figures.html"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values; empty values are left out."""

    title: str
    rows: Sequence[tuple[str, object]]
    template = "admin/story/facts.html"

    @property
    def told(self) -> list[tuple[str, object]]:
        return [(name, value) for name, value in self.rows if value not in (None, "", [])]


@dataclass(frozen=True, slots=True)
class Table:
    """``numeric``: the columns (from 0) that are set right. ``is_folded``: opened by a click."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    numeric: frozenset[int] = frozenset()
    empty: str = "Nothing here."
    note: str = ""
    is_folded: bool = False
    template = "admin/story/table.html"

    @property
    def labelled_rows(self) -> list[list[tuple[str, object, str]]]:
        """Each cell with its header, which a phone shows beside it, and its classes.

        A zero is left out on a phone where the row has another figure to show.
        """
        return [
            [
                (header, value, self._classes(row, column))
                for column, (header, value) in enumerate(zip(self.headers, row, strict=True))
            ]
            for row in self.rows
        ]

    def _classes(self, row: Sequence[object], column: int) -> str:
        if column not in self.numeric:
            return ""
        has_other = not all(_ZERO.fullmatch(str(row[place])) for place in self.numeric)
        return "ch-num ch-zero" if has_other and _ZERO.fullmatch(str(row[column])) else "ch-num"


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    title: object
    text: object = ""
    tone: str = NEUTRAL


@dataclass(frozen=True, slots=True)
class Timeline:
    title: str
    steps: Sequence[Step]
    template = "admin/story/timeline.html"


@dataclass(frozen=True, slots=True)
class Text:
    """A block as it is, e.g. JSON."""

    title: str
    body: str
    template = "admin/story/text.html"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that must not be overlooked."""

    text: object
    tone: str = INFO
    title: str = ""
    template = "admin/story/note.html"


@dataclass(frozen=True, slots=True)
class ActionLink:
    """A button at the top of the page. What changes something leads to a page that asks."""

    label: str
    url: str
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    sections: Sequence[object]
    actions: Sequence[ActionLink] = field(default_factory=tuple)


def link(row: Model | None, text: object = None) -> SafeString | str:
    """A link to the row's page in the admin, or plain text where it has none."""
    if row is None:
        return "—"
    meta = row._meta
    try:
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return str(text or row)
    return format_html('<a class="ch-link" href="{}">{}</a>', url, text or row)


def list_link(model: type[Model], text: object, query: str = "") -> SafeString:
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return format_html('<a class="ch-link" href="{}{}">{}</a>', url, query, text)
