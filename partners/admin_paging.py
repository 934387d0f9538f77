"""Lists that never count: one page by keyset, newest first.

For every table that grows. Ids are UUIDv7, so the newest rows are those with the largest ids, and
a page is "the next rows before this id": the thousandth page costs what the first one costs.
"""

from uuid import UUID

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Paginator
from unfold.views import ChangeList

BEFORE, AFTER = "before", "after"


class UncountedPaginator(Paginator):
    """Stands where Django expects a paginator; knows only the rows of this page."""

    template_name = "admin/pagination_keyset.html"

    @property
    def count(self) -> int:
        return len(self.object_list)

    @property
    def num_pages(self) -> int:
        return 1


class KeysetChangeList(ChangeList):
    """A change list that reads one row more than it shows instead of counting the table."""

    def get_queryset(self, request, exclude_parameters=None):
        # Both are read here, first, so that filters and search links do not carry a page along.
        for name in (BEFORE, AFTER):
            setattr(self, name, _uuid(request.GET.get(name)))
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_queryset(request, exclude_parameters)

    def get_ordering(self, request, queryset) -> list[str]:
        return ["-pk"]

    def get_results(self, request) -> None:
        per_page = self.list_per_page
        rows = self._rows(per_page + 1)
        more = len(rows) > per_page
        rows = rows[:per_page]
        if self.after:
            rows.reverse()
        self.has_newer = bool(rows) and (more if self.after else bool(self.before))
        self.has_older = bool(rows) and (bool(self.after) or more)
        self.result_list = rows
        self.result_count = len(rows)
        self.full_result_count = len(rows)
        self.show_full_result_count = False
        self.show_admin_actions = False
        self.can_show_all, self.multi_page = False, self.has_newer or self.has_older
        self.paginator = UncountedPaginator(rows, per_page)

    def _rows(self, limit: int) -> list:
        if self.after:
            return list(self.queryset.filter(pk__gt=self.after).order_by("pk")[:limit])
        if self.before:
            return list(self.queryset.filter(pk__lt=self.before)[:limit])
        return list(self.queryset[:limit])

    @property
    def newest_url(self) -> str:
        return self.get_query_string()

    @property
    def newer_url(self) -> str:
        return self.get_query_string({AFTER: str(self.result_list[0].pk)})

    @property
    def older_url(self) -> str:
        return self.get_query_string({BEFORE: str(self.result_list[-1].pk)})


class UncountedChangeList(ChangeList):
    """For work queues that are sorted by what matters: pages by number, still nothing counted."""

    def get_results(self, request) -> None:
        per_page, first = self.list_per_page, (self.page_num - 1) * self.list_per_page
        rows = list(self.queryset[first : first + per_page + 1])
        self.has_newer, self.has_older = self.page_num > 1, len(rows) > per_page
        self.result_list = rows[:per_page]
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all, self.multi_page = False, self.has_newer or self.has_older
        self.paginator = UncountedPaginator(self.result_list, per_page)
        self.paginator.template_name = "admin/pagination_numbered.html"

    @property
    def newer_url(self) -> str:
        return self.get_query_string({PAGE_VAR: self.page_num - 1})

    @property
    def older_url(self) -> str:
        return self.get_query_string({PAGE_VAR: self.page_num + 1})


class KeysetPaging:
    """Mixed into a ModelAdmin whose primary key is a UUIDv7."""

    list_per_page = 50
    show_full_result_count = False
    # "Show counts" beside the filters would count the table once per choice.
    show_facets = ShowFacets.NEVER
    sortable_by = ()

    def get_changelist(self, request, **kwargs):
        return KeysetChangeList


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
