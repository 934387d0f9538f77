from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Billing says what keeps a partner that left from being closed."""
        from billing.services import leaving
        from partners.services import life

        life.ask_too("billing", leaving.open_ends)
