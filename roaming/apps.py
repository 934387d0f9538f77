from django.apps import AppConfig


class RoamingConfig(AppConfig):
    name = "roaming"
    default_auto_field = "django.db.models.BigAutoField"
