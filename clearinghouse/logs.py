"""Logs go to standard error, one line each: JSON in production, key=value elsewhere.

Standard output belongs to what a command answers.
"""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest

# Whoever has such an address makes a login or sets a password: its last part is a secret.
_BEARER = re.compile(r"(/account/(?:invitation|password/new)/)[^/?\s'\"]+")


def hide_bearers(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take the secret out of addresses that letters hold, wherever a line names one."""
    for name, value in event.items():
        text = repr(value) if isinstance(value, HttpRequest) else value
        if isinstance(text, str) and "/account/" in text:
            event[name] = _BEARER.sub(r"\1hidden", text)
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    hide_bearers,
]


def configure(*, as_json: bool, level: str) -> dict[str, object]:
    """Point structlog at the standard library, and return Django's ``LOGGING``."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        # At DEBUG the OAuth library writes every token it issues.
        "loggers": {"oauthlib": {"level": "INFO"}},
    }


def tell_address(request: HttpRequest, **signal: object) -> None:
    """Bind the caller's address to the lines of a request: nginx names the one it spoke with.

    django-structlog looks through a dozen headers for it, which takes longer than a decision on an
    authorization, and believes what any caller writes into them.
    """
    address = request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("REMOTE_ADDR")
    structlog.contextvars.bind_contextvars(ip=address)
