from django.apps import AppConfig


class RoamingConfig(AppConfig):
    name = "roaming"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Adapters take their places: how parties are reached, how their records are read again."""
        from partners.services import life
        from roaming import gateways
        from roaming.intake import readers
        from roaming.protocols.ocpi import gateway as ocpi
        from roaming.protocols.ocpi import identity, records
        from roaming.protocols.rest import gateway as rest
        from roaming.services import leaving

        life.ask_too("roaming", leaving.open_ends)
        gateways.register(identity.PROTOCOL, ocpi.OcpiGateway())
        gateways.register(rest.PROTOCOL, rest.RestGateway())
        readers.register(records.DOOR, records.read_kept)
