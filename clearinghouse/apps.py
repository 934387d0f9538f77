import gc

from django.apps import AppConfig
from django_structlog.signals import bind_extra_request_metadata

from clearinghouse.logs import tell_address

# New objects between two searches for garbage. A batch of 10,000 records makes some 200,000 that
# live as long as its answer: at Python's 700 a third of intake went into looking at them.
_GC_THRESHOLDS = (50_000, 20, 50)


class ClearinghouseConfig(AppConfig):
    """The roof: commands, dashboard, and the hooks it fills in the rooms below."""

    name = "clearinghouse"

    def ready(self) -> None:
        gc.set_threshold(*_GC_THRESHOLDS)
        bind_extra_request_metadata.connect(tell_address)
        # Whoever sends a task, from a request or a command, finds the app that carries it.
        from clearinghouse import celery  # noqa: F401
