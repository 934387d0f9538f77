"""Query parameters, read strictly."""

from rest_framework.exceptions import ValidationError


def refuse_unknown(request, known: set[str]) -> None:
    """A misspelt filter must not answer with everything."""
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ValidationError(
            {name: f"is not known here; known are {', '.join(sorted(known))}" for name in unknown}
        )


def receiver(request) -> str:
    """The party whose messages are read; nobody's are, where none is named."""
    text = request.query_params.get("receiver", "")
    if not text:
        raise ValidationError({"receiver": "is missing; send your party, e.g. FR*VOL"})
    return text


def number(request, name: str, *, default: int, largest: int, smallest: int = 1) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValidationError({name: "is not a whole number"})
    value = int(text)
    if not smallest <= value <= largest:
        raise ValidationError({name: f"is not between {smallest} and {largest}"})
    return value


def address(request, **changes: object) -> str:
    """The address of this call with other parameters."""
    query = request.query_params.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
