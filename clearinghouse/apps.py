from django.apps import AppConfig


class ClearinghouseConfig(AppConfig):
    """The roof: commands, dashboard, and the hooks it fills in the rooms below."""

    name = "clearinghouse"
