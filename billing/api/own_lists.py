"""Lists of a partner's own rows by keyset, newest first: what all of them have in common."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from billing.api.parameters import address_of, cursor_of, limit_of, refuse_unknown

_encode = msgspec.json.Encoder(decimal_format="string").encode


class OwnList(APIView):
    """A page of ``own`` rows; each of ``filters`` compares one column with one of its values.

    An empty tuple of values lets any through.
    """

    required_scopes: ClassVar = {"GET": ["settlement:read"]}
    page: ClassVar[type[msgspec.Struct]]
    filters: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]] = {}

    def own(self, request) -> QuerySet:
        """The caller's rows, newest id first."""
        raise NotImplementedError

    def rows_of(self, request, found: Iterable[Any]) -> list[Any]:
        """The answer's rows, in the order of ``found``."""
        raise NotImplementedError

    def answer(self, request) -> HttpResponse:
        refuse_unknown(request, {"cursor", "limit", *self.filters})
        limit = limit_of(request)
        rows = self.own(request)
        for name, (column, known) in self.filters.items():
            if (value := request.query_params.get(name)) is None:
                continue
            if known and value not in known:
                raise ValidationError({name: f"is one of {', '.join(known)}"})
            rows = rows.filter(**{column: value})
        if cursor := cursor_of(request):
            rows = rows.filter(id__lt=cursor)
        found: list[Model] = list(rows[: limit + 1])
        following = address_of(request, cursor=found[limit - 1].pk) if len(found) > limit else None
        return json_of(self.page(results=self.rows_of(request, found[:limit]), next=following))


def json_of(answer: msgspec.Struct, *, status: int = 200) -> HttpResponse:
    """The answer as JSON: decimals as strings, instants in UTC."""
    return HttpResponse(_encode(answer), status=status, content_type="application/json")
