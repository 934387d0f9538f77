from django.apps import AppConfig


class RoamingConfig(AppConfig):
    name = "roaming"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from roaming.gateways import register
        from roaming.protocols.rest.gateway import PROTOCOL, RestGateway

        register(PROTOCOL, RestGateway())
