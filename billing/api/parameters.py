"""Query parameters of lists by keyset: what is misspelt is refused, never ignored."""

from collections.abc import Collection
from uuid import UUID

from rest_framework.exceptions import ValidationError

USUAL_PAGE = 100
LARGEST_PAGE = 1_000


def refuse_unknown(request, known: Collection[str]) -> None:
    """A misspelt filter must not answer with everything."""
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise ValidationError(
            {name: f"is not known here; known are {', '.join(sorted(known))}" for name in unknown}
        )


def limit_of(request) -> int:
    text = request.query_params.get("limit", str(USUAL_PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise ValidationError({"limit": f"is not a whole number from 1 to {LARGEST_PAGE}"})
    return int(text)


def cursor_of(request) -> UUID | None:
    """The id after which the page begins; ``None`` where none is named."""
    if "cursor" not in request.query_params:
        return None
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no id of a list; follow the next link"}) from None


def address_of(request, **changes: object) -> str:
    """The request's own address with other parameters."""
    parameters = request.query_params.copy()
    for name, value in changes.items():
        parameters[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
