"""Read the environment: half-configuration stops the start with a sentence that says what to do."""

import os
from collections.abc import Sequence


class Misconfigured(Exception):
    """A variable is missing or says something that nobody can mean."""


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, *, default: bool) -> bool:
    """``true`` or ``false`` in any case; anything else is an error, not a guess.

    :raises Misconfigured: the value is neither.
    """
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() not in {"true", "false"}:
        raise Misconfigured(f"{name} is {value!r}: say true or false")
    return value.lower() == "true"


def env_list(name: str, default: Sequence[str]) -> list[str]:
    """Comma-separated values without the blanks around them."""
    value = os.environ.get(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def env_choice(name: str, choices: Sequence[str], *, default: str) -> str:
    """:raises Misconfigured: the value is none of ``choices``."""
    value = os.environ.get(name, default)
    if value not in choices:
        raise Misconfigured(f"{name} is {value!r}: choose one of {', '.join(choices)}")
    return value


def env_secret(name: str, *, development: str) -> str:
    """A secret; in production it must be set, elsewhere ``development`` stands in.

    :raises Misconfigured: missing in production.
    """
    value = os.environ.get(name, "")
    if not value and os.environ.get("CLEARINGHOUSE_ENV") == "production":
        raise Misconfigured(f"{name} is not set: production starts with its own secrets only")
    return value or development
