"""Query parameters of the list of statements."""

import re

import django_filters
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from billing.models import Document
from billing.queries_statements import issued_for_month

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class StatementFilter(django_filters.FilterSet):
    """Filters combine: a statement answers to all that are given."""

    period = django_filters.CharFilter(
        method="of_month",
        help_text="Month in which the supply period begins on the group's calendar, `2026-11`.",
    )
    currency = django_filters.CharFilter(
        field_name="settlement__currency", help_text="ISO 4217 code, e.g. `EUR`."
    )
    group = django_filters.CharFilter(
        field_name="settlement__window__group__name", help_text="Name of the settlement group."
    )

    class Meta:
        model = Document
        fields: list[str] = []

    def of_month(self, documents: QuerySet, name: str, month: str) -> QuerySet:
        if not _MONTH.fullmatch(month):
            raise ValidationError({name: "is no month; send e.g. 2026-11"})
        return issued_for_month(documents, month)
