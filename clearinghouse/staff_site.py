"""The admin site of staff."""

from typing import Any

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class StaffSite(UnfoldAdminSite):
    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """The tables of one app, where its page is asked for.

        Django lists all of them for each page; our pages have the navigation by work instead, and
        asking for every right of every table took as long as the rest of a page.
        """
        return super().get_app_list(request, app_label) if app_label else []
