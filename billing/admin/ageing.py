"""Ageing: what partners owe and are owed, by days past due."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from billing.admin.amounts import amount
from billing.admin.books_pages import (
    AsOfForm,
    book_page,
    file_links,
    first_form,
    local_text,
    names_of,
    table_answer,
)
from billing.models import Position
from billing.queries_ageing import ageing, today_at
from billing.rules.ageing import AgedLine
from clearinghouse.money import from_minor_units
from partners.admin.story import Figure, Figures, Story, Table, list_link

_BUCKETS = ("Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days")
_HEADERS = (
    "partner side currency positions not_due to_30_days to_60_days to_90_days over_90_days total"
).split()
_SIDES = {"PAYS": "owes", "GETS": "is owed"}


def ageing_view(request, model_admin):
    """One line per partner, currency and side, as page or file."""
    form = first_form(request, AsOfForm, as_of=local_text(timezone.now()))
    if not form.is_valid():
        return book_page(request, model_admin, title="Ageing", form=form, story=Story([]))
    environment = form.cleaned_data["environment"]
    as_of = form.cleaned_data["as_of"]
    today = today_at(as_of)
    # The minute that is shown ends with the next one: what happened in it is included.
    lines = ageing(today=today, environment=environment, as_of=as_of + timedelta(minutes=1))
    names = names_of({line.partner for line in lines})
    if request.GET.get("file"):
        rows = (_cells(line, names) for line in lines)
        return table_answer(request, name=f"ageing-{today}", headers=_HEADERS, rows=rows)
    sections = [*_figures(lines), _table(lines, names, f"{today:%-d %B %Y}")]
    query = {"environment": environment, "as_of": local_text(as_of)}
    story = Story(sections, file_links(query))
    return book_page(request, model_admin, title="Ageing", form=form, story=story)


def _figures(lines: Iterable[AgedLine]) -> list[Figures]:
    sums: dict[str, list[int]] = {}
    for line in lines:
        if line.side == "PAYS":
            known = sums.setdefault(line.currency, [0, 0])
            known[0] += line.total_minor
            known[1] += line.total_minor - line.not_due_minor
    figures = [
        figure
        for currency, (total, late) in sorted(sums.items())
        for figure in (
            Figure("Partners owe", amount(total, currency)),
            Figure("Of it past due", amount(late, currency)),
        )
    ]
    return [Figures(figures)] if figures else []


def _table(lines: Iterable[AgedLine], names: dict, today: str) -> Table:
    rows = [
        (
            list_link(Position, names[line.partner], f"?partner__id__exact={line.partner}"),
            _SIDES[line.side],
            f"{line.items:,}",
            *(amount(minor, line.currency) for minor in line.buckets),
            amount(line.total_minor, line.currency),
        )
        for line in lines
    ]
    return Table(
        f"Past due on {today}",
        ("Partner", "", "Positions", *_BUCKETS, "Total"),
        rows,
        frozenset(range(2, 9)),
        empty="Nothing is open: every issued position is settled.",
        note="What was issued by then, less what was settled by then. A position without a due date"
        " is not due.",
    )


def _cells(line: AgedLine, names: dict):
    figures = [from_minor_units(minor, currency=line.currency) for minor in line.buckets]
    total = from_minor_units(line.total_minor, currency=line.currency)
    return (names[line.partner], line.side, line.currency, line.items, *figures, total)
