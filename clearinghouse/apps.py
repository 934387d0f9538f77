from django.apps import AppConfig


class ClearinghouseConfig(AppConfig):
    """The roof: commands, dashboard, and the hooks it fills in the rooms below."""

    name = "clearinghouse"

    def ready(self) -> None:
        # Whoever sends a task, from a request or a command, finds the app that carries it.
        from clearinghouse import celery  # noqa: F401
