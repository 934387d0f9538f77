"""Accruals: what was delivered and not settled as of an instant, down to its records."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from django.utils.html import format_html

from billing.admin.amounts import amount
from billing.admin.books_pages import (
    AsOfForm,
    book_page,
    file_links,
    first_form,
    local_text,
    names_of,
    page_url,
    table_answer,
)
from billing.queries_accruals import Wanted, accruals, accrued_records
from billing.queries_books import NotCompleteYet
from billing.rules.accruals import AccrualLine
from clearinghouse.money import from_minor_units
from partners.admin.story import WARN, ActionLink, Badge, Figure, Figures, Note, Story, Table, link
from roaming.models import Sdr

_TONES = {"ACCEPTED": "success", "DISPUTED": "warning", "HELD": "warning"}
_BASES = {"EXCL_TAX": "without VAT", "INCL_TAX": "with VAT", "": "not known yet"}
_HEADERS = "supply_month seller buyer currency price_basis standing records claim".split()
_PAGE = 200
_EXPLAINED = (
    "Claims are those of the sellers, before commission and fees. Accepted records and corrections"
    " will be settled; disputed, open and held ones may be. Run again for the same instant, the"
    " page says the same."
)


def accruals_view(request, model_admin):
    """Lines as of an instant, as page or file."""
    form = first_form(request, AsOfForm)
    if not form.is_valid():
        return book_page(request, model_admin, title="Accruals", form=form, story=Story([]))
    as_of, environment = form.cleaned_data["as_of"], form.cleaned_data["environment"]
    try:
        lines = accruals(as_of=as_of, now=timezone.now(), environment=environment)
    except NotCompleteYet as error:
        story = Story([_not_complete(error)])
        return book_page(request, model_admin, title="Accruals", form=form, story=story)
    names = names_of({side for line in lines for side in (line.seller, line.buyer)})
    query = {"as_of": local_text(as_of), "environment": environment}
    if request.GET.get("file"):
        name = f"accruals-{as_of:%Y-%m-%d}"
        return table_answer(request, name=name, headers=_HEADERS, rows=_cells(lines, names))
    story = Story([*_figures(lines), _table(lines, names, query)], file_links(query))
    return book_page(request, model_admin, title="Accruals", form=form, story=story)


def accrued_records_view(request, model_admin):
    """The records of one line, page by page."""
    form = first_form(request, AsOfForm)
    wanted, after_id = _wanted(request), _uuid(request.GET.get("after"))
    title = f"Accrued records {wanted.supply_month or ''}".strip()
    back = {name: request.GET.get(name, "") for name in ("as_of", "environment")}
    actions = [ActionLink("Back to the accruals", page_url("accruals", back))]
    if not form.is_valid():
        return book_page(
            request, model_admin, title=title, form=form, story=Story([], actions=actions)
        )
    try:
        rows = accrued_records(
            as_of=form.cleaned_data["as_of"],
            now=timezone.now(),
            environment=form.cleaned_data["environment"],
            wanted=wanted,
            after_id=after_id,
            limit=_PAGE + 1,
        )
    except NotCompleteYet as error:
        story = Story([_not_complete(error)], actions)
        return book_page(request, model_admin, title=title, form=form, story=story)
    shown = rows[:_PAGE]
    if len(rows) > _PAGE:
        following = request.GET.dict() | {"after": str(shown[-1].record_id)}
        actions.append(ActionLink("Further records", page_url("accrued_records", following)))
    found = Sdr.objects.only("sdr_id", "ended_at").in_bulk([row.record_id for row in shown])
    told = [
        (
            _record_link(found.get(row.record_id), row.record_id),
            found[row.record_id].ended_at if row.record_id in found else "—",
            row.line.standing,
            amount(row.line.claim_minor, row.line.currency),
        )
        for row in shown
    ]
    table = Table("", ("Record", "Service ended", "Standing", "Claim"), told, frozenset({3}))
    return book_page(
        request, model_admin, title=title, form=form, story=Story([table], actions=actions)
    )


def _record_link(record: Sdr | None, record_id: UUID):
    return link(record, record.sdr_id) if record else str(record_id)


def _not_complete(error: NotCompleteYet) -> Note:
    until = local_text(error.until).replace("T", " ") if error.until else ""
    text = "What was written in the last hour, or is being imported, may still be dated before it."
    return Note(f"{text} The last instant that can be read is {until}.", tone=WARN)


def _figures(lines: Iterable[AccrualLine]) -> Iterator[Figures]:
    sums: dict[str, dict[bool, list[int]]] = defaultdict(lambda: {True: [0, 0], False: [0, 0]})
    for line in lines:
        known = sums[line.currency][line.standing in ("ACCEPTED", "CORRECTION")]
        known[0] += line.sdrs
        known[1] += line.claim_minor
    figures = [
        Figure(
            "Accepted, not settled" if is_sure else "Disputed, open or held",
            amount(minor, currency),
            f"{count:,} records",
        )
        for currency, both in sorted(sums.items())
        for is_sure, (count, minor) in both.items()
    ]
    if figures:
        yield Figures(figures)


def _table(
    lines: Iterable[AccrualLine], names: dict[UUID | None, str], query: dict[str, str]
) -> Table:
    rows = [
        (
            line.supply_month,
            names[line.seller],
            names[line.buyer],
            Badge(line.standing, _TONES.get(line.standing, "")),
            _BASES[line.price_basis],
            _records_link(line, query),
            amount(line.claim_minor, line.currency),
        )
        for line in lines
    ]
    headers = ("Supply month", "Seller", "Buyer", "Standing", "Claim is", "Records", "Claim")
    return Table(
        "By supply month",
        headers,
        rows,
        frozenset({5, 6}),
        empty="Everything that was delivered by then was settled by then.",
        note=_EXPLAINED,
    )


def _records_link(line: AccrualLine, query: dict[str, str]):
    of_line = {
        "supply_month": line.supply_month,
        "seller": str(line.seller or ""),
        "buyer": str(line.buyer or ""),
        "currency": line.currency,
        "standing": line.standing,
    }
    url = page_url("accrued_records", query | of_line)
    return format_html('<a class="ch-link" href="{}">{}</a>', url, f"{line.sdrs:,}")


def _cells(lines: Iterable[AccrualLine], names: dict[UUID | None, str]):
    for line in lines:
        told = replace_names(line, names)
        claim: Decimal = from_minor_units(line.claim_minor, currency=line.currency)
        yield (*told, line.sdrs, claim)


def replace_names(line: AccrualLine, names: dict[UUID | None, str]) -> tuple[str, ...]:
    return (
        line.supply_month,
        names[line.seller],
        names[line.buyer],
        line.currency,
        line.price_basis,
        line.standing,
    )


def _wanted(request) -> Wanted:
    asked = request.GET
    wanted = Wanted(
        supply_month=asked.get("supply_month") or None,
        currency=asked.get("currency") or None,
        standing=asked.get("standing") or None,
    )
    return replace(wanted, seller_id=_uuid(asked.get("seller")), buyer_id=_uuid(asked.get("buyer")))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def accrued_in(*, ends_at: datetime, environment: str, now: datetime) -> list[tuple[str, str]]:
    """What is accrued at the end of a period, as sentences; empty: nothing, or not known yet."""
    try:
        lines = accruals(as_of=ends_at, now=now, environment=environment)
    except NotCompleteYet:
        return []
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        sums[line.currency][0] += line.sdrs
        sums[line.currency][1] += line.claim_minor
    return [
        (currency, f"{count:,} records, {amount(minor, currency)}")
        for currency, (count, minor) in sorted(sums.items())
    ]
