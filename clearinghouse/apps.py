import gc

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
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
        post_migrate.connect(_make_roles, dispatch_uid="clearinghouse roles")
        # Whoever sends a task, from a request or a command, finds the app that carries it.
        from clearinghouse import celery  # noqa: F401


class StaffAdminConfig(AdminConfig):
    """Django's admin by our site."""

    default_site = "clearinghouse.staff_site.StaffSite"


def _make_roles(sender: AppConfig, **_) -> None:
    """After the last app: rights come app by app, and the roles are made of those of all rooms."""
    with_tables = [app for app in apps.get_app_configs() if app.models_module]
    if sender is not with_tables[-1]:
        return
    from partners.services.roles import ensure_roles

    ensure_roles()
