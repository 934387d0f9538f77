"""Cursors and query strings of keyset pages."""

from uuid import UUID

from django.http import HttpRequest


def cursor_of(request: HttpRequest, name: str) -> UUID | None:
    """The record or document id in the query; a mangled one is as good as none."""
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def query_with(request: HttpRequest, **changes: object) -> str:
    """The query of this page with other cursors, for links to its neighbors."""
    parameters = request.GET.copy()
    for name in ("before", "after"):
        parameters.pop(name, None)
    for name, value in changes.items():
        parameters[name] = str(value)
    return parameters.urlencode()
