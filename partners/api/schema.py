"""How the partner API describes itself: components from message types, problems, scopes.

A room registers its message types with ``describe``; the hook ``add_components`` puts them into
the OpenAPI document, so the types that read and write the wire are the types that are shown.
"""

from collections.abc import Mapping

import msgspec
from drf_spectacular.contrib.django_oauth_toolkit import DjangoOAuthToolkitScheme
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from partners.api.permissions import required_scopes
from partners.api.problems import PROBLEM_JSON

_COMPONENTS: dict[str, dict] = {}
_TITLES = {
    400: "The request cannot be read, or a parameter is wrong",
    401: "No token, or one that is unknown, revoked or expired",
    403: "The token lacks the scope, or the partner is closed",
    404: "Not there, or not yours: both answer the same",
    409: "In conflict with what is stored or in flight",
    413: "Too large: split it",
    415: "Another media type or content coding is needed",
    422: "Understood and refused; errors lists every fault",
    429: "Too many requests: wait as long as Retry-After says",
    500: "Our fault: send the same request again",
}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=(
        "1 to 255 printable ASCII characters, e.g. a UUID. The same key with the same body gives"
        " the stored answer, with another body 422, while the first is at work 409 and"
        " Retry-After."
    ),
)


class PartnerAuthenticationScheme(DjangoOAuthToolkitScheme):
    """OAuth2 client credentials, with the scopes that each call needs."""

    target_class = "partners.api.authentication.PartnerAuthentication"
    name = "oauth2"

    def get_security_requirement(self, auto_schema):
        return {self.name: required_scopes(auto_schema.view, auto_schema.method)}


def describe(*types: type[msgspec.Struct], fields: Mapping[str, str]) -> None:
    """Register message types, with a description for each of their fields.

    :raises ValueError: two types of one name; one of them would describe the other's answers.
    """
    _, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    for name, component in components.items():
        for field, schema in component.get("properties", {}).items():
            if field in fields:
                component["properties"][field] = schema | {"description": fields[field]}
        known = _COMPONENTS.setdefault(name, component)
        if known.get("properties", {}).keys() != component.get("properties", {}).keys():
            raise ValueError(f"two message types are called {name}")
        _COMPONENTS[name] = component


def ref(name: type | str) -> dict:
    """A reference to a registered type."""
    name = name if isinstance(name, str) else name.__name__
    return {"$ref": f"#/components/schemas/{name}"}


def answer(
    status: int,
    schema: type | str,
    description: str,
    examples: Mapping[str, object] | None = None,
    media_type: str = "application/json",
) -> dict:
    """One documented answer for ``extend_schema(responses=…)``; merge several with ``|``."""
    shown = [
        OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])
        for name, value in (examples or {}).items()
    ]
    for example in shown:
        example.media_type = media_type
    response = OpenApiResponse(ref(schema), description=description, examples=shown)
    return {(status, media_type): response}


def problems(*statuses: int, examples: Mapping[int, Mapping[str, object]] | None = None) -> dict:
    """The documented problem answers of a call; 401, 403, 429 and 500 come with every one."""
    answers: dict = {}
    for status in sorted({*statuses, 401, 403, 429, 500}):
        shown = (examples or {}).get(status)
        answers |= answer(status, "Problem", _TITLES[status], shown, media_type=PROBLEM_JSON)
    return answers


def add_components(result: dict, generator, request, public) -> dict:
    """drf-spectacular hook: add every registered type; request bodies are required."""
    schemas = result["components"].setdefault("schemas", {})
    schemas.update({name: schema for name, schema in _COMPONENTS.items()})
    schemas.update(_PROBLEM)
    for operations in result["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            if any(
                field["name"] == IDEMPOTENCY_KEY.name for field in operation.get("parameters", ())
            ):
                _add_problems_of_the_key(operation["responses"])
    return result


def _add_problems_of_the_key(responses: dict) -> None:
    """A key can be malformed, in flight, or of another request, whatever the call is."""
    for status in (400, 409, 422):
        responses.setdefault(
            str(status),
            {"description": _TITLES[status], "content": {PROBLEM_JSON: {"schema": ref("Problem")}}},
        )


def _text(description: str) -> dict:
    return {"type": "string", "description": description}


_PROBLEM = {
    "Problem": {
        "type": "object",
        "description": "An error after RFC 9457, application/problem+json.",
        "properties": {
            "type": {"type": "string", "format": "uri", "description": "URN of the code."},
            "title": _text("What kind of problem, in words."),
            "status": {"type": "integer", "description": "The HTTP status."},
            "code": _text("Stable, for programs."),
            "detail": _text("What to do next."),
            "errors": {
                "type": "array",
                "items": ref("ProblemError"),
                "description": "Every fault; empty where detail says it all.",
            },
            "sdr_id": _text("Of the record refused."),
            "counter_id": _text("Of the counter-record refused."),
            "record_id": _text("Under which what was sent is kept as evidence."),
            "attempt": {"type": "integer", "description": "Counts the uses of the sdr_id."},
            "outcome": _text("rejected or conflict."),
            "state": _text("REJECTED."),
        },
        "required": ["type", "title", "status", "code", "detail", "errors"],
    },
    "ProblemError": {
        "type": "object",
        "properties": {
            "code": _text("A V-code for records, else a code of this API."),
            "severity": _text("REJECT refuses by itself; HOLD and WARN stand beside it."),
            "field": _text("Field or parameter; empty where it concerns the whole."),
            "index": {
                "type": ["integer", "null"],
                "description": "Position in what was sent, from 0.",
            },
            "message": _text("What was found."),
            "remedy": _text("What to do about it."),
        },
        "required": ["code", "severity", "field", "index", "message", "remedy"],
    },
}
