"""Every address of the house as the URL map has it, filled with ids of Nordlicht's."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Nothing has this id: for what no row can be made of cheaply, see ``NOBODYS``.
SOME_ID = UUID("01900000-0000-7000-8000-000000000000")
# What a request may write whoever asks: that it was there.
_OF_EVERY_REQUEST = {"django_session", "partners_accesstoken", "usersessions_usersession"}
_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


class Page(NamedTuple):
    """One entry of the map; ``name`` is empty where it has none."""

    name: str
    route: str

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.route)

    def address(self, values: Mapping[str, object]) -> str:
        """:raises KeyError: nobody said what to put in for a parameter"""
        return "/" + _PARAMETER.sub(lambda found: str(values[found[1]]), self.route)


def every_page() -> Iterator[Page]:
    """The whole map but patterns by regular expression, which name no object of anybody."""
    yield from _pages(get_resolver().url_patterns, "", "")


def _pages(patterns, route: str, namespace: str) -> Iterator[Page]:
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = f"{pattern.namespace}:" if pattern.namespace else namespace
            yield from _pages(pattern.url_patterns, here, inside)
        elif isinstance(pattern, URLPattern):
            yield Page(f"{namespace}{pattern.name or ''}", here)


def row_of_admin_page(page: Page) -> object:
    """The id of the newest row of the model that an admin page is named after."""
    app_label, _, rest = page.name.removeprefix("admin:").partition("_")
    words = rest.split("_")
    for length in range(len(words), 0, -1):
        try:
            model = apps.get_model(app_label, "_".join(words[:length]))
        except LookupError:
            continue
        if model._meta.swapped:
            model = apps.get_model(model._meta.swapped)
        newest = model._default_manager.order_by("-pk").first()
        return newest.pk if newest is not None else SOME_ID
    return SOME_ID


@contextmanager
def watching_writes() -> Iterator[list[str]]:
    """What is written meanwhile to tables that not every request writes to."""
    written: list[str] = []

    def look(execute: Callable, sql, params, many, context):
        found = _WRITES.match(str(sql))
        if found and found[1] not in _OF_EVERY_REQUEST:
            written.append(str(sql)[:150])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield written
