"""Figures that lead to the rows behind them: a list that is filtered to exactly those."""

from collections.abc import Mapping, Sequence

from django.db.models import Model, QuerySet, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from billing.admin.amounts import amount
from partners.admin.base import EvidenceAdmin


def rows_url(model: type[Model], **filters: object) -> str:
    """The list of ``model`` with filters as the list itself writes them."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return (
        f"{url}?{urlencode({name: str(value) for name, value in filters.items()})}"
        if filters
        else url
    )


def figure(
    name: str, minor: int, currency: str, model: type[Model], **filters: object
) -> SafeString | str:
    """An amount that links to its rows; zero of no rows is only told.

    ``name`` says which figure it is, for people who use a screen reader and for tests.
    """
    text = amount(minor, currency)
    if not minor:
        return text
    return format_html(
        '<a class="ch-link" data-figure="{}" href="{}">{}</a>',
        name,
        rows_url(model, **filters),
        text,
    )


class Totalled(EvidenceAdmin):
    """A list that adds up what it shows when it is filtered, all pages together."""

    list_before_template = "admin/billing/totals.html"
    totals: Mapping[str, str] = {}
    totalled_by: Sequence[str] = ()
    currency_path = "currency"

    def changelist_view(self, request, extra_context=None):
        answer = super().changelist_view(request, extra_context)
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown and any(name in request.GET for name in self.totalled_by):
            shown["totals"] = self._added(shown["cl"].queryset)
        return answer

    def _added(self, rows: QuerySet) -> list[tuple[str, str]]:
        """One line per figure and currency; currencies are never added together."""
        currency = self.currency_path
        sums = (
            rows.order_by()
            .values_list(currency)
            .annotate(**{f"sum_{name}": Sum(name) for name in self.totals})
            .order_by(currency)
        )
        return [
            (label, amount(int(total or 0), row[0]))
            for row in sums
            for label, total in zip(self.totals.values(), row[1:], strict=True)
        ]
