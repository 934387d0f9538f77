"""Filters of lists that are the same in every room."""

from unfold.contrib.filters.admin import RelatedDropdownFilter as UnfoldRelatedDropdownFilter


class RelatedDropdownFilter(UnfoldRelatedDropdownFilter):
    """Rows that name one of some others; two filters over them ask for them once a page."""

    def field_choices(self, field, request, model_admin):
        asked = request.__dict__.setdefault("choices_of_filters", {})
        ordering = tuple(self.field_admin_ordering(field, request, model_admin))
        what = (field.related_model, ordering, str(field.get_limit_choices_to()))
        if what not in asked:
            asked[what] = super().field_choices(field, request, model_admin)
        return asked[what]
